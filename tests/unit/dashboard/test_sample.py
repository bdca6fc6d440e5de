"""The sample beside the page: what its maker makes, valid, and in agreement with itself."""

from datetime import date
from itertools import pairwise

import pytest

from playledger.dashboard_data import WINDOW_NAMES, DashboardData
from tests.support.sample_document import SAMPLE, Ledger, compile_document, invented_ledger, sample_document, written

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def sample() -> DashboardData:
    """The committed file, read by the product's own model."""
    return DashboardData.model_validate_json(SAMPLE.read_bytes())


def test_the_file_is_what_its_maker_makes() -> None:
    assert SAMPLE.read_bytes() == written(sample_document())


def test_its_numbers_agree(sample: DashboardData) -> None:
    assert sample.daily
    assert sample.weekly
    assert sample.monthly
    assert sample.alldays
    assert sum(sample.monthly.plays) == sum(sample.alldays.plays) == sample.totals.plays
    assert sum(sample.weekly.plays) == sample.windows["365d"].plays
    for name in WINDOW_NAMES:
        window = sample.windows[name]
        assert sum(window.hours) == sum(window.hourdow) == window.plays
        if name not in ("365d", "all"):
            assert sum(sample.daily.plays[-int(name.removesuffix("d")) :]) == window.plays
    assert all(a <= b for a, b in pairwise(sample.windows[name].plays for name in WINDOW_NAMES))


def test_its_series_have_no_holes(sample: DashboardData) -> None:
    assert sample.daily
    assert sample.alldays
    assert len(sample.daily.plays) == 371
    last = date.fromisoformat(sample.data_day or "")
    assert len(sample.alldays.plays) == (last - date.fromisoformat(sample.alldays.start)).days + 1


def test_it_holds_what_the_page_can_show(sample: DashboardData) -> None:
    assert sample.playlist
    assert len(sample.recent) == 50
    assert {item.class_ for item in sample.health.gaps.items} == {"possible", "certain"}
    assert all(window.gap_minutes for name, window in sample.windows.items() if name != "1d")


def test_nobody_is_a_valid_ledger_too() -> None:
    ledger = invented_ledger(years=0.01)
    document = compile_document(Ledger(ledger.music, [], ledger.data_day))
    assert (document.data_day, document.totals.plays, document.daily) == (None, 0, None)
