"""Summaries by digest: what is made again, and what is left alone."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import sql
from aggregation import summaries
from aggregation.summaries import summarise
from tests.sql import given
from tests.unit.aggregation.night import STOCKHOLM, Home

pytestmark = pytest.mark.unit


def put(home: Home, dt: str, *moments: str) -> None:
    """Replaces the plays of a UTC date."""
    old = home.tables.list("plays").get(dt)
    rows = [given.DEFAULTS["plays"](dt, {"played_at": f"{moment}:00.000"}) for moment in moments]
    home.tables.write("plays", dt, rows, digest=f"{moments}", replaces=old)


def run(home: Home, tz: str = STOCKHOLM) -> tuple[str, ...]:
    home.watched.asked.clear()
    return summarise(home.tables, home.watched, tz=tz)


def stored(home: Home) -> dict[str, int]:
    """Day -> plays in its summary, the same in all tables that have every play; all have the same days."""
    tables = [
        {day: sum(row["plays"] for row in home.tables.read(table, day)) for day in home.tables.list(table)}
        for table in summaries.SUMMARIES
    ]
    tracks, quarters, sessions, binges = tables
    assert tracks == quarters == sessions
    assert list(binges) == list(tracks)
    return tracks


@pytest.fixture
def home(tmp_path: Path):
    with Home(tmp_path) as home:
        yield home


def test_every_local_day_that_plays_reach_into_is_summarised(home: Home) -> None:
    put(home, "2026-01-02", "2026-01-02 22:30", "2026-01-02 23:30")
    put(home, "2026-01-05", "2026-01-05 12:00")
    assert run(home) == ("2026-01-02", "2026-01-03", "2026-01-05")
    assert stored(home) == {"2026-01-02": 1, "2026-01-03": 1, "2026-01-05": 1}


def test_no_summary_is_made_of_a_day_after_the_newest_play(home: Home) -> None:
    put(home, "2026-01-02", "2026-01-02 12:00")
    put(home, "2026-01-03", "2026-01-03 12:00")
    assert run(home) == ("2026-01-02", "2026-01-03")


def test_a_silent_day_between_is_remembered_as_such(home: Home) -> None:
    put(home, "2026-01-02", "2026-01-02 12:00")
    put(home, "2026-01-05", "2026-01-05 12:00")
    assert run(home) == ("2026-01-02", "2026-01-03", "2026-01-05")
    assert stored(home)["2026-01-03"] == 0
    assert run(home) == ()


def test_an_idle_run_asks_nothing(home: Home) -> None:
    put(home, "2026-01-02", "2026-01-02 12:00")
    run(home)
    assert run(home) == ()
    assert home.watched.asked == []


def test_a_changed_date_rebuilds_its_day_and_the_two_beside_it(home: Home) -> None:
    for day in range(1, 8):
        put(home, f"2026-01-0{day}", f"2026-01-0{day} 12:00")
    run(home)
    put(home, "2026-01-04", "2026-01-04 12:00", "2026-01-04 23:15")
    assert run(home) == ("2026-01-03", "2026-01-04", "2026-01-05")
    assert stored(home)["2026-01-05"] == 2


def test_plays_that_are_gone_leave_empty_summaries(home: Home) -> None:
    put(home, "2026-01-02", "2026-01-02 12:00", "2026-01-02 23:30")
    put(home, "2026-01-09", "2026-01-09 12:00")
    run(home)
    put(home, "2026-01-02")
    assert run(home) == ("2026-01-02", "2026-01-03")
    assert stored(home) == {"2026-01-02": 0, "2026-01-03": 0, "2026-01-09": 1}


def test_dates_whose_object_is_gone_leave_empty_summaries(home: Home) -> None:
    put(home, "2026-01-02", "2026-01-02 12:00")
    put(home, "2026-01-09", "2026-01-09 12:00")
    run(home)
    (home.root / "tables/plays/dt=2026-01-02/plays.jsonl.gz").unlink()
    assert set(run(home)) >= {"2026-01-02"}
    assert stored(home)["2026-01-02"] == 0
    assert run(home) == ()


def test_another_zone_rebuilds_everything_and_moves_plays_to_its_days(home: Home) -> None:
    put(home, "2026-01-02", "2026-01-02 03:00", "2026-01-02 23:30")
    run(home)
    assert run(home, "America/New_York") == ("2026-01-01", "2026-01-02", "2026-01-03")
    assert stored(home) == {"2026-01-01": 1, "2026-01-02": 1, "2026-01-03": 0}
    assert run(home, "America/New_York") == ()


def test_other_sql_rebuilds_everything() -> None:
    question = sql.load("summaries/day_tracks")
    plays = {"2026-01-02": "etag"}
    digests = {
        summaries._digest(other, plays, "2026-01-02", STOCKHOLM)
        for other in (question, replace(question, sha256="0" * 64), replace(question, version=99))
    }
    assert len(digests) == 2, "the text decides; its version alone rebuilds nothing"


def test_days_of_a_months_span_are_asked_together(home: Home) -> None:
    for number in range(70):
        day = date(2026, 1, 1) + timedelta(days=number)
        put(home, str(day), f"{day} 12:00")
    assert len(run(home)) == 70
    assert home.watched.counts == {f"summaries/{table}": 3 for table in summaries.SUMMARIES}
    _, asked = home.watched.asked[1]
    assert asked == {
        "p_from": "2026-02-01",
        "p_to": "2026-03-04",
        "p_dt_from": "2026-01-31",
        "p_dt_to": "2026-03-05",
        "p_tz": STOCKHOLM,
    }


def test_a_night_after_a_months_end_asks_no_more_than_any_other(home: Home) -> None:
    for day in ("2026-01-30", "2026-01-31", "2026-02-01"):
        put(home, day, f"{day} 12:00")
    run(home)
    assert home.watched.counts == {f"summaries/{table}": 1 for table in summaries.SUMMARIES}


def test_progress_tells_days_done_and_all(home: Home) -> None:
    put(home, "2026-01-31", "2026-01-31 12:00")
    put(home, "2026-03-04", "2026-03-04 12:00")
    told: list[tuple[int, int]] = []
    summarise(home.tables, home.engine, tz=STOCKHOLM, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 12) for done in (2, 3, 5, 6, 8, 9, 11, 12)]


@pytest.mark.parametrize("survived", range(8))
def test_a_run_that_was_killed_is_finished_by_the_next_one(home: Home, survived: int, tmp_path: Path) -> None:
    for day in ("2026-01-31", "2026-02-01", "2026-03-04"):
        put(home, day, f"{day} 12:00")
    home.watched.fails_after = survived
    with pytest.raises(ConnectionAbortedError):
        run(home)
    home.watched.fails_after = 100
    run(home)
    assert stored(home) == {"2026-01-31": 1, "2026-02-01": 1, "2026-02-02": 0, "2026-03-04": 1}
    assert run(home) == ()


def test_a_summary_tells_how_and_in_what_context_it_was_heard(home: Home) -> None:
    how = {"ms_played": None, "duration_ms": 61_000, "context_type": "album", "context_id": "x"}
    row = given.DEFAULTS["plays"]("2026-01-02", {}) | how
    home.tables.write("plays", "2026-01-02", [row], digest="1", replaces=None)
    run(home)
    (found,) = home.tables.read("day_tracks", "2026-01-02")
    assert found == {
        "track_uri": "a",
        "context_type": "album",
        "context_id": "x",
        "kind": "music",
        "is_done": False,
        "heard_seconds": None,
        "incognito": False,
        **dict.fromkeys(("skipped", "shuffle", "platform", "offline")),
        "track_name": "Song a",
        "artist_name": "Band a",
        "album_name": "Album a",
        "plays": 1,
        "ms": 61_000,
        "ms_estimated": 61_000,
        "first_played_at": "2026-01-02 12:00:00.000",
        "last_played_at": "2026-01-02 12:00:00.000",
    }
    (quarter,) = home.tables.read("day_quarters", "2026-01-02")
    assert (quarter["quarter"], quarter["plays"], quarter["ms"]) == (52, 1, 61_000)
    assert datetime.fromisoformat(found["first_played_at"])
