"""What the checks look at: months that changed since they were found sound. What they find keeps the last document."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregation.calendar import Calendar
from aggregation.doubts import Doubts, _asked
from playledger.errors import ChecksFailed
from playledger.models import PlayEvent
from tests.support.builders import a_play
from tests.unit.aggregation.night import Home, utc

pytestmark = pytest.mark.unit

NOW = utc("2026-03-12 00:30")
"""01:30 in Stockholm: the data day is the 11th."""

DAY = timedelta(days=1)


def plays() -> list[PlayEvent]:
    """Two a day from January to the 11th of March."""
    days = [utc("2026-03-11 12:00") - number * DAY for number in range(70)]
    return [a_play(day + timedelta(hours=hour), 1 + day.day % 4) for day in days for hour in (0, 3)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one night."""
    root = tmp_path_factory.mktemp("built")
    with Home(root) as home:
        home.keep(plays())
        home.night(NOW)
    return root


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Iterator[Home]:
    """The same, to be changed."""
    shutil.copytree(built, tmp_path / "home")
    with Home(tmp_path / "home") as home:
        yield home


def tamper(home: Home, table: str, partition: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Changes what a table holds behind the product's back; its digest stays, so nothing makes it anew."""
    stored = home.tables.list(table)[partition]
    rows = list(home.tables.read(table, partition))
    change(rows)
    home.tables.write(table, partition, rows, digest=stored.digest, replaces=stored)


def asked(home: Home) -> dict[str, dict[str, object]]:
    """The checks of the last night, with their parameters."""
    return {name.removeprefix("checks/"): given for name, given in home.watched.asked if name.startswith("checks/")}


def days_asked(home: Home) -> list[str]:
    """The days that were looked at."""
    return [day for name, given in home.watched.asked if name == "checks/days_agree" for day in given["p_days"].split()]


def march(first: int, last: int) -> list[str]:
    """Days of the running month."""
    return [f"2026-03-{day:02d}" for day in range(first, last + 1)]


def around_the_20th() -> list[str]:
    """The days whose tables a play on the 20th of January touches."""
    return [f"2026-01-{day}" for day in range(18, 24)]


def test_a_night_asks_six_checks_and_looks_at_the_days_that_changed(home: Home) -> None:
    home.keep([a_play(utc("2026-03-12 09:00"))])
    home.night(NOW + DAY)
    found = asked(home)
    assert len(found) == 6
    assert days_asked(home) == march(10, 12)
    assert (found["plays_sound"]["p_dt_from"], found["plays_sound"]["p_dt_to"]) == ("2026-03-10", "2026-03-13")
    assert found["plays_sound"]["p_dates"] == " ".join(march(10, 12))
    assert (found["days_agree"]["p_dt_from"], found["days_agree"]["p_dt_to"]) == ("2026-03-09", "2026-03-14")
    assert found["days_agree"]["p_dates"] == " ".join(march(9, 13))
    assert found["months_agree"]["p_month_from"] == found["months_agree"]["p_months"] == "2026-03"


def test_a_night_in_which_nothing_changed_looks_at_songs_and_spans_only(home: Home) -> None:
    home.night(NOW + timedelta(minutes=5))
    assert list(asked(home)) == ["songs_sound", "spans_sound"]
    assert asked(home)["songs_sound"] == {"p_month_from": "2026-03", "p_months": "2026-03"}


def test_an_old_day_is_looked_at_beside_yesterday_and_no_day_between_them(home: Home) -> None:
    home.keep([a_play(utc("2026-03-12 09:00")), a_play(utc("2026-01-20 20:00"), 9)])
    home.night(NOW + DAY)
    assert days_asked(home) == [*around_the_20th(), *march(10, 12)]
    assert asked(home)["months_agree"]["p_months"] == "2026-01 2026-03"
    home.keep([a_play(utc("2026-03-13 09:00"))])
    home.night(NOW + 2 * DAY)
    assert days_asked(home) == march(11, 13)


def test_a_night_with_an_old_late_play_asks_at_most_forty_questions(home: Home) -> None:
    home.keep([a_play(utc("2026-03-12 09:00")), a_play(utc("2026-01-20 20:00"), 9)])
    home.night(NOW + DAY)
    assert 30 < len(home.watched.asked) <= 40


def test_of_more_days_than_a_question_can_name_all_between_are_looked_at() -> None:
    long_ago = [str(date(2020, 1, 1) + number * DAY) for number in range(400)]
    found = dict(_asked(Calendar.at(NOW, "UTC"), Doubts(days=long_ago, closed=(), digests={}, remembered=None)))
    assert (found["days_agree"]["p_from"], found["days_agree"]["p_to"]) == ("2020-01-01", "2021-02-04")
    assert found["days_agree"]["p_days"] == found["days_agree"]["p_dates"] == found["plays_sound"]["p_dates"] == ""
    assert str(found["months_agree"]["p_months"]).split()[0::13] == ["2020-01", "2021-02"]


def test_when_a_month_closes_all_its_days_are_looked_at_once_more_and_all_months_together(home: Home) -> None:
    home.keep([a_play(utc("2026-04-01 09:00"))])
    home.night(utc("2026-04-02 00:30"))
    found = asked(home)
    assert len(found) == 7
    assert days_asked(home) == [*march(1, 31), "2026-04-01"]
    assert found["all_agree"] == {"p_month_from": "2026-03", "p_month_to": "2026-03"}
    home.keep([a_play(utc("2026-04-02 09:00"))])
    home.night(utc("2026-04-03 00:30"))
    assert days_asked(home) == ["2026-04-01", "2026-04-02"]


def test_a_month_that_changed_though_no_day_did_is_looked_at_whole(home: Home) -> None:
    tamper(home, "month_ways", "2026-01", lambda rows: rows.reverse())
    tamper(home, "month_hours", "2026-02", lambda rows: rows.reverse())
    home.night(NOW + timedelta(minutes=5))
    assert days_asked(home) == [str(date(2026, 1, 1) + number * DAY) for number in range(59)]


def test_the_first_night_looks_at_everything(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.keep(plays())
        home.night(NOW)
        assert asked(home)["all_agree"] == {"p_month_from": "2026-01", "p_month_to": "2026-02"}
        assert asked(home)["days_agree"]["p_from"] == "2026-01-01"


WRONG: dict[str, tuple[str, str, Callable[[list[dict[str, Any]]], object]]] = {
    "days_agree: 4 rows": ("day_quarters", "2026-03-10", lambda rows: rows.pop()),
    "summaries_sound: 1 rows (summary day_tracks, day 2026-01-20": (
        *("day_tracks", "2026-01-20"),
        lambda rows: rows.append(rows[0]),
    ),
    "months_agree: 5 rows (what plays, day 2026-01": (
        *("month_hours", "2026-01"),
        lambda rows: rows[0].update(ms=rows[0]["ms"] + 1),
    ),
    "all_agree: ": ("all_ways", "", lambda rows: rows.pop()),
    "plays_sound: 1 rows (what play, dt 2026-03-10": (
        "plays",
        "2026-03-10",
        lambda rows: rows[0].update(source="guess"),
    ),
    "songs_sound: 1 rows (fault played but unknown": ("songs", "", lambda rows: rows.pop()),
}


@pytest.mark.parametrize("complaint", WRONG)
def test_a_contradiction_keeps_the_last_document_and_is_told_with_its_rows(home: Home, complaint: str) -> None:
    good = home.published()
    tamper(home, *WRONG[complaint])
    with pytest.raises(ChecksFailed) as failed:
        home.night(NOW + timedelta(minutes=5))
    assert complaint in str(failed.value)
    assert home.published() == good


def test_a_doubt_stays_until_it_is_settled(home: Home) -> None:
    tamper(home, "month_ways", "2026-01", lambda rows: rows[0].update(plays=9))
    for later in range(3):
        home.keep([a_play(utc("2026-03-12 09:00") + later * DAY)])
        with pytest.raises(ChecksFailed, match="months_agree"):
            home.night(NOW + (1 + later) * DAY)
    (home.root / "tables" / "month_ways" / "month=2026-01" / "month_ways.parquet").unlink()
    home.night(NOW + 4 * DAY)
    assert b'"data_day":"2026-03-15"' in home.published()


def test_a_night_that_dies_before_the_checks_leaves_them_to_the_next(home: Home) -> None:
    home.keep([a_play(utc("2026-01-20 20:00"), 9)])
    home.watched.fails_after = 6
    with pytest.raises(ConnectionAbortedError):
        home.night(NOW)
    home.watched.fails_after = 10**9
    home.night(NOW)
    assert days_asked(home) == around_the_20th()
    assert asked(home)["all_agree"] == {"p_month_from": "2026-01", "p_month_to": "2026-01"}
    home.night(NOW)
    assert days_asked(home) == []
