"""How far back a night lists the journal, and what is found when."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from adapters.journal import DirectoryJournal
from aggregation.lookback import listed_whole, look_back
from playledger.errors import ChecksFailed
from playledger.ports import JournalObject
from tests.support.builders import a_play
from tests.unit.aggregation.night import Home, utc
from tests.unit.aggregation.test_doubts import tamper

pytestmark = pytest.mark.unit

NOW = utc("2026-04-12 00:30")
DAY = timedelta(days=1)
OLD = utc("2026-01-20 12:00")


class Noted(DirectoryJournal):
    """Notes from where on it was listed; reconciling lists too."""

    asked: list[date | None]

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        self.asked.append(first)
        return super().list(first, last)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Plays from January to April."""
    home = Home(tmp_path / "home")
    home.journal = Noted(home.root)
    home.journal.asked = []
    home.keep(a_play(OLD + number * DAY) for number in range(80))
    return home


def plays(home: Home, night: int, *, sparing: bool = True) -> int:
    """Plays that count after that night."""
    home.journal.asked.clear()  # type: ignore[attr-defined]
    return home.night(NOW + night * DAY, sparing=sparing).plays


def is_listed_whole(home: Home) -> bool:
    """Whether the last night listed all of the journal."""
    return None in home.journal.asked  # type: ignore[attr-defined]


def test_a_sparing_night_lists_all_of_the_journal_once_a_week(home: Home) -> None:
    with home:
        listed = []
        for night in range(9):
            plays(home, night)
            listed.append(is_listed_whole(home))
        assert listed == [True, False, False, False, False, False, False, True, False]
        assert listed_whole(home.tables) == date(2026, 4, 19)


def test_a_night_that_does_not_spare_lists_all_of_it(home: Home) -> None:
    with home:
        for night in range(2):
            plays(home, night, sparing=False)
            assert is_listed_whole(home)


def test_what_comes_to_an_old_day_is_counted_within_a_week_and_an_import_on_the_next_night(home: Home) -> None:
    with home:
        assert plays(home, 0) == 80
        home.keep([a_play(OLD + timedelta(hours=1), 9)])
        assert [plays(home, night) for night in range(1, 8)] == [80] * 6 + [81]
        home.keep([a_play(OLD + timedelta(hours=2), 9)])
        look_back(home.tables)
        assert plays(home, 8) == 82
        assert is_listed_whole(home)


def test_a_night_that_failed_has_not_listed_anything(home: Home) -> None:
    with home:
        plays(home, 0)
        home.keep([a_play(OLD + timedelta(hours=1), 9)])
        tamper(home, "month_ways", "2026-02", lambda rows: rows[0].update(plays=9))
        for night in (7, 8):
            with pytest.raises(ChecksFailed):
                plays(home, night)
            assert is_listed_whole(home)
        assert listed_whole(home.tables) == date(2026, 4, 12)


def test_there_is_nothing_to_forget_before_the_first_night(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        look_back(home.tables)
        assert listed_whole(home.tables) is None
