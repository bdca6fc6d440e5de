"""The loader of questions: header, comments, parameters, and literals that are the same for both engines."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest
from awswrangler._sql_formatter import _process_sql_params
from hypothesis import given
from hypothesis import strategies as st

import sql

pytestmark = pytest.mark.unit

HEADER = "-- answers: how many\n-- grain: one row\n-- params: {}\n-- feeds: totals\n-- version: 3\n"


def source(body: str, params: str = "p_to") -> str:
    return HEADER.format(params) + body


def test_a_question_is_its_header_and_its_text_without_comments() -> None:
    query = sql.parse("a/b", source("-- why\nselect 1 -- one\n\nfrom t   \nwhere day < :p_to and x = 'a--b'\n"))
    assert query.text == "select 1\nfrom t\nwhere day < :p_to and x = 'a--b'"
    assert (query.name, query.params, query.answers, query.grain) == ("a/b", ("p_to",), "how many", "one row")
    assert (query.feeds, query.version, query.whole) == ("totals", 3, "")
    assert query.sha256 == hashlib.sha256(query.text.encode()).hexdigest()


def test_a_changed_comment_leaves_the_hash_and_a_changed_word_does_not() -> None:
    one, other = sql.parse("q", source("select :p_to -- a")), sql.parse("q", source("-- b\nselect :p_to"))
    assert one.sha256 == other.sha256
    assert one.sha256 != sql.parse("q", source("select :p_to + 1")).sha256


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (source("select 1"), "header params"),
        (source("select :p_to, :p_tz"), "header params"),
        (source("select :p_to, :other", "p_to"), "called :p_name"),
        (source("select ':p_to' || :p_to"), "inside quotes"),
        (source('select ":p_to" || :p_to'), "inside quotes"),
        (source("select /* why */ :p_to"), "start with --"),
        ("select :p_to", "lacks answers, grain, params, feeds, version"),
        (source("select :p_to").replace("-- grain", "-- grains"), "lacks grain"),
        ("-- extra: 1\n" + source("select :p_to"), "unknown keys: extra"),
        ("-- version: 1\n" + source("select :p_to"), "twice"),
        (source("select :p_to").replace("version: 3", "version: three"), "three"),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        sql.parse("q", text)


def test_a_question_without_parameters_says_so_with_a_dash_or_nothing() -> None:
    assert sql.parse("q", source("select 1", "-")).params == sql.parse("q", source("select 1", "")).params == ()


def test_a_literal_may_hold_a_colon() -> None:
    assert sql.parse("q", source("select 'spotify:track:' || :p_to")).params == ("p_to",)


def test_an_unknown_question_is_named_in_the_error() -> None:
    with pytest.raises(ValueError, match="dashboard/nothing"):
        sql.load("dashboard/nothing")


def test_every_file_loads_under_its_own_name() -> None:
    for name in sql.names():
        assert sql.load(name).name == name
    assert set(sql.names("dashboard")) < set(sql.names())


VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))),
    st.integers(-(2**62), 2**62),
    st.booleans(),
    st.none(),
    st.dates(date(1900, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001  parameters are naive UTC
)


@given(VALUES)
def test_literals_are_those_of_awswrangler(value: Any) -> None:
    text = "select :p_value, ':p_other', x::varchar, :p_value_2"
    given_params = {"p_value": value}
    assert sql.bind(text, given_params) == _process_sql_params(text, given_params)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))))
def test_no_text_gets_out_of_its_quotes(value: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(sql.bind("select :p_value", {"p_value": value})).fetchall() == [(value,)]


def test_a_value_that_looks_like_a_parameter_is_not_filled_again() -> None:
    assert sql.bind("select :p_a, :p_b", {"p_a": ":p_b", "p_b": 1}) == "select ':p_b', 1"


@pytest.mark.parametrize("value", [1.5, b"x", [1], datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_value_without_a_literal_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be a parameter"):
        sql.literal(value)
