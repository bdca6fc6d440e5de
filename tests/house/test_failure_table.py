"""The failure table in docs and the directed cases that carry its numbers are about the same events."""

import re

import pytest

from tests.support.tree import ROOT

pytestmark = pytest.mark.house

CASES = ("tests/simulation/test_directed_capture.py", "tests/simulation/test_directed_night.py")
ROW = re.compile(r"^\| F(\d+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def rows() -> list[int]:
    return [int(number) for number in ROW.findall((ROOT / "docs/failure-table.md").read_text("utf-8"))]


def test_every_row_has_a_case_by_its_number_and_every_number_a_row() -> None:
    names = re.findall(r"^def test_((?:f\d\d_)+)", "\n".join((ROOT / path).read_text("utf-8") for path in CASES), re.M)
    cased = {int(number) for name in names for number in re.findall(r"\d\d", name)}
    assert cased == set(rows())


def test_the_rows_are_all_that_concern_capture_and_settlement_in_order() -> None:
    assert rows() == [*range(1, 39), 45]
