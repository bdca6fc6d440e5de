"""How far back a night lists the journal, and what is found when."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from adapters.journal import DirectoryJournal
from aggregation.lookback import Lookback, look_back
from playledger.errors import ChecksFailed
from playledger.ports import JournalObject
from tests.support.builders import a_claim, a_play
from tests.unit.aggregation.night import Home, utc
from tests.unit.aggregation.test_doubts import tamper

pytestmark = pytest.mark.unit

NOW = utc("2026-04-12 00:30")
DAY = timedelta(days=1)
OLD = utc("2026-02-22 12:00")


class Noted(DirectoryJournal):
    """Notes from where on it was listed; reconciling lists too."""

    asked: list[date | None]

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        self.asked.append(first)
        return super().list(first, last)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Polled from February to April."""
    home = Home(tmp_path / "home")
    home.journal = Noted(home.root)
    home.journal.asked = []
    days = [OLD + number * DAY for number in range(47)]
    home.keep([*map(a_play, days), *(a_claim(day, day + timedelta(minutes=1)) for day in days)])
    return home


def plays(home: Home, night: int, *, sparing: bool = True) -> int:
    """Plays that count after that night."""
    home.journal.asked.clear()  # type: ignore[attr-defined]
    return home.night(NOW + night * DAY, sparing=sparing).plays


def is_listed_whole(home: Home) -> bool:
    """Whether the last night listed all of the journal."""
    return None in home.journal.asked  # type: ignore[attr-defined]


def test_all_of_the_journal_is_listed_once_a_week() -> None:
    before = Lookback(listed_whole=date(2026, 4, 12))
    assert Lookback().since(NOW) is None
    assert {before.since(NOW + night * DAY) for night in range(7)} == {date(2026, 3, 1)}
    assert before.since(NOW + 7 * DAY) is None
    assert before.since(utc("2026-04-01 00:30")) == date(2026, 3, 1)
    assert before.since(utc("2026-03-31 00:30")) == date(2026, 2, 1)


def test_what_comes_to_an_old_day_is_counted_within_a_week_and_an_import_on_the_next_night(home: Home) -> None:
    with home:
        assert plays(home, 0) == 47
        home.keep([a_play(OLD + timedelta(hours=1), 9)])
        assert (plays(home, 6), is_listed_whole(home)) == (47, False)
        assert (plays(home, 7), is_listed_whole(home)) == (48, True)
        assert Lookback.remembered(home.tables).listed_whole == date(2026, 4, 19)
        home.keep([a_play(OLD + timedelta(hours=2), 9)])
        look_back(home.tables)
        assert (plays(home, 8), is_listed_whole(home)) == (49, True)


def test_a_sparing_night_reads_no_date_again_that_hot_store_and_journal_hold_alike(home: Home) -> None:
    with home:
        plays(home, 0)
        alike = Lookback.remembered(home.tables).alike
        assert "2026-04-08" in alike
        read: list[str] = []
        real = home.journal.read

        def noted(key: str) -> bytes:
            read.append(key)
            return real(key)

        home.journal.read = noted  # type: ignore[method-assign]
        home.keep([a_play(utc("2026-04-12 09:00"), 9)])
        plays(home, 1)
        assert {key.split("/")[1] for key in read} == {"dt=2026-04-12"}
        read.clear()
        plays(home, 1, sparing=False)
        assert is_listed_whole(home)
        assert "dt=2026-04-08" in {key.split("/")[1] for key in read}


def test_a_night_that_failed_has_not_listed_anything(home: Home) -> None:
    with home:
        plays(home, 0)
        home.keep([a_play(OLD + timedelta(hours=1), 9)])
        tamper(home, "month_ways", "2026-03", lambda rows: rows[0].update(plays=9))
        with pytest.raises(ChecksFailed):
            plays(home, 7)
        assert is_listed_whole(home)
        assert Lookback.remembered(home.tables).listed_whole == date(2026, 4, 12)


def test_there_is_nothing_to_forget_before_the_first_night(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        look_back(home.tables)
        assert Lookback.remembered(home.tables).listed_whole is None
