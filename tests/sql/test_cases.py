"""Every question against given rows: `cases/<folder>.<name>.yaml`, one document per case.

A case has `case` (a sentence), `given` (table -> partition -> rows, the columns that matter), `params` (those that are
not as in USUAL) and `expect`: all rows of the answer in order, each with the columns that matter. Moments are written
as text, UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import sql
from adapters.query_engine import DuckDbQueryEngine
from aggregation.calendar import months_between
from playledger.models import format_instant
from tests.sql import given

pytestmark = pytest.mark.sql

CASES = Path(__file__).with_name("cases")


def file_of(name: str) -> Path:
    return CASES / f"{name.replace('/', '.')}.yaml"


USUAL = {
    "p_to": "2026-03-11",
    "p_tz": "UTC",
    "p_open": "2026-03",
    "p_kinds": "music",
    "p_seconds": 30,
    "p_done": True,
    "p_incognito": False,
    "p_month_from": "2024-03",
    "p_day_months": " ".join(months_between(date(2006, 1, 1), date(2026, 12, 1))),
    "p_days": "",
    "p_dates": "",
    "p_lasting": True,
    "p_years": True,
    "p_whole": True,
    "p_lasting_from": "2026-03",
    "p_plain": True,
    "p_plain_from": "2026-03",
    "p_sifted_from": "9999-12",
}
"""Asked after the 10th of March 2026, by the policy that counts where nobody said anything; nothing is left out."""


def documents(name: str) -> list[dict[str, Any]]:
    """The cases of a question, with all its parameters."""
    found = yaml.safe_load_all(file_of(name).read_text("utf-8"))
    usual = {param: USUAL[param] for param in sql.load(name).params if param in USUAL}
    return [case | {"params": usual | case.get("params", {})} for case in found]


def cases() -> Iterator[Any]:
    for name in sql.names():
        if file_of(name).exists():
            for case in documents(name):
                yield pytest.param(name, case, id=f"{name}: {case['case']}")


def shown(value: object) -> object:
    """Moments as text, as the tables have them."""
    return format_instant(value.replace(tzinfo=UTC)) if isinstance(value, datetime) else value


def parameters(case: dict[str, Any]) -> dict[str, object]:
    """A parameter written like a moment with milliseconds is one; everything else is itself."""
    return {name: _parameter(value) for name, value in case.get("params", {}).items()}


def _parameter(value: object) -> object:
    if isinstance(value, str) and len(value) == 23:
        return datetime.fromisoformat(value)
    return str(value) if isinstance(value, date) else value


def answer(root: Path, name: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    by_day, is_named = case["params"].get("p_lasting") is False, name.startswith("dashboard/")
    given.write(root, case["given"], by_day=by_day, is_named=is_named)
    engine = DuckDbQueryEngine(root)
    try:
        rows = engine.rows(sql.load(name), **parameters(case))
    finally:
        engine.close()
    return [{key: shown(value) for key, value in row.items()} for row in rows]


@pytest.mark.parametrize(("name", "case"), list(cases()))
def test_a_question_answers(name: str, case: dict[str, Any], tmp_path: Path) -> None:
    found = answer(tmp_path, name, case)
    wanted = case["expect"]
    picked = [{key: row.get(key, "no such column") for key in want} for row, want in zip(found, wanted, strict=False)]
    assert picked == wanted
    assert len(found) == len(wanted)


@pytest.mark.parametrize("name", sql.names())
def test_every_column_of_a_question_is_expected_in_some_case(name: str, tmp_path: Path) -> None:
    asked = documents(name)
    mentioned = {column for case in asked for row in case["expect"] for column in row}
    found = [row for number, case in enumerate(asked) for row in answer(tmp_path / str(number), name, case)]
    assert found, "no case has an answer"
    assert {column for row in found for column in row} == mentioned


def test_no_case_is_left_of_a_question_that_is_gone() -> None:
    assert {path.name for path in CASES.iterdir()} <= {file_of(name).name for name in sql.names()}
