"""The runner of `make test`: every test is in one tier, and no failure is lost on the way to the closing line."""

import re

import pytest

from tests import tiers
from tests.conftest import TIERS as MARKERS
from tests.support.tree import python_files
from tests.tiers import Outcome

pytestmark = pytest.mark.house

SUITE = """<testsuites><testsuite>
<testcase name="a"/>
<testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><error message="no"/></testcase>
<testcase name="d"><skipped type="pytest.skip" message="needs a cat: none here"/></testcase>
<testcase name="e"><skipped type="pytest.xfail" message="known"/></testcase>
</testsuite></testsuites>"""


def in_tier(tier, marker):
    return eval(tier.marker, {}, {name: name == marker for name in MARKERS})  # noqa: S307 - our own constants


@pytest.mark.parametrize("marker", MARKERS)
def test_a_test_with_this_marker_is_in_one_tier(marker):
    assert sum(in_tier(tier, marker) for tier in tiers.TIERS) == 1


def test_every_file_of_tests_lies_where_its_tiers_look():
    strays = []
    for source in python_files():
        if re.fullmatch(r"tests/(?:.+/)?test_\w+\.py", source.path):
            markers = set(re.findall(r"pytest\.mark\.(\w+)", source.text)) & set(MARKERS)
            needed = {tier.name for tier in tiers.TIERS for marker in markers if in_tier(tier, marker)}
            looking = {tier.name for tier in tiers.TIERS if source.path.split("/")[1] in tier.folders}
            strays += [f"{source.path} needs {needed}"] if not needed or needed - looking else []
    assert strays == []


def test_a_report_is_counted(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(SUITE)
    outcome = tiers._read(report, 1, Outcome("unit", 60))
    assert (outcome.passed, outcome.failed) == (2, 2)
    assert outcome.skipped == {"needs a cat: none here": 1}


@pytest.mark.parametrize(("code", "failed"), [(0, 0), (2, 1), (5, 0)])
def test_a_run_that_ended_badly_without_a_report_has_failed(tmp_path, code, failed):
    assert tiers._read(tmp_path / "no report", code, Outcome("unit", 60)).failed == failed


def test_a_command_that_hangs_is_ended():
    assert tiers._ended(["sleep", "60"], patience=0.1) == 1


def test_a_tier_over_its_allotment_says_so():
    assert "over its allotment" in Outcome("unit", 60, seconds=61).line
    assert "over" not in Outcome("unit", 60, seconds=59).line


def test_a_tier_that_does_not_exist_is_wrong_usage(capsys):
    assert tiers.main(["units"]) == 2
    assert "unit" in capsys.readouterr().err


def test_the_closing_line_sums_all_tiers(capsys):
    came_to = {"lint": Outcome("lint", 30, passed=3), "unit": Outcome("unit", 60, passed=5, failed=1)}
    assert tiers.main(["lint", "unit"], came_to.__getitem__) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "8 passed, 1 failed, 0 skipped"
