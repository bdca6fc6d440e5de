"""What several questions begin with is the same text in each: which plays there are, and which of them count."""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

import sql

pytestmark = pytest.mark.house

SHARED = ("heard", "counted")
"""Names of the common table expressions that questions share."""

WINDOWS = "all_time+all_years+month_tracks+recent_tracks"
ALL_TIME = "all_time+month_tracks"
MONTHS = "all_tracks+month_tracks"
HOURS = "all_hours+month_hours+month_quarters"
"""The families: what their `heard` reads."""

SUMMED = {"all_tracks", "recent_tracks", "all_years", "all_time", "all_contexts", "all_ways", "all_hours"}
COUNTING = {"p_kinds", "p_incognito", "p_seconds", "p_done"}


def parts(text: str) -> dict[str, str]:
    """Name -> text of the common table expressions of a question."""
    found = re.finditer(r"^(?:with )?(\w+) as \(\n(.*?)\n\),?$", text, re.MULTILINE | re.DOTALL)
    return {match[1]: match[2] for match in found}


def read_by(text: str) -> set[str]:
    """The tables and expressions after from and join."""
    return set(re.findall(r"\b(?:from|join)\s+(\w+)", text))


def shared(questions: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Family, name of the expression, question, text. A family is told by the tables that `heard` reads."""
    for question, text in questions.items():
        found = parts(text)
        family = "+".join(sorted(read_by(found.get("heard", "")) - {"exclusions"}))
        for name in SHARED:
            if "heard" in found and name in found:
                yield family, name, question, found[name]


def differing(questions: dict[str, str]) -> list[str]:
    """Questions whose text of a shared expression is not the one that most of its family have."""
    texts: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for family, name, question, text in shared(questions):
        texts[family, name][question] = text
    complaints = []
    for (family, name), by_question in sorted(texts.items()):
        usual = max(sorted(set(by_question.values())), key=list(by_question.values()).count)
        same = min(question for question, text in by_question.items() if text == usual)
        odd = (question for question, text in sorted(by_question.items()) if text != usual)
        complaints += [f"{question}.sql: `{name}` ({family}) is not as in {same}.sql" for question in odd]
    return complaints


def dashboard() -> dict[str, str]:
    return {name: sql.load(name).text for name in sql.names("dashboard")}


def test_what_questions_share_is_the_same_text_in_each() -> None:
    assert differing(dashboard()) == []


def test_the_questions_do_share_something() -> None:
    families = {(family, name) for family, name, _, _ in shared(dashboard())}
    assert families >= {(family, name) for family in (WINDOWS, ALL_TIME, MONTHS, HOURS) for name in SHARED}


@pytest.mark.parametrize("name", sql.names("dashboard"))
def test_a_question_about_plays_counts_by_the_policy(name: str) -> None:
    question = sql.load(name)
    if read_by(question.text) & SUMMED:
        assert set(question.params) >= COUNTING
        assert "exclusions" in read_by(question.text)


def test_a_question_that_differs_is_named() -> None:
    texts = dashboard()
    changed = texts["dashboard/totals"].replace("not incognito or", "incognito or")
    assert changed != texts["dashboard/totals"]
    found = differing(texts | {"dashboard/totals": changed})
    assert [line.split(" is not as in ")[0] for line in found] == [f"dashboard/totals.sql: `counted` ({WINDOWS})"]
