"""The night over laptop adapters: what it publishes, what it leaves alone, and what it refuses to publish."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from aggregation import payload
from aggregation.summaries import SUMMARIES
from playledger.models import IngestionState, PlayEvent, Token
from tests.support.builders import a_claim, a_play
from tests.unit.aggregation.night import Home, utc

pytestmark = pytest.mark.unit

NOW = utc("2026-03-12 00:30")
"""01:30 in Stockholm: the data day is the 11th."""


def plays() -> list[PlayEvent]:
    """Three a day over forty days up to the data day, two artists in turn, and one play after it."""
    days = [utc("2026-03-11 12:00") - timedelta(days=back) for back in range(40)]
    moments = [day + timedelta(hours=hour) for day in days for hour in (0, 3, 7)]
    return [a_play(moment, 1 + moment.day % 4) for moment in [*moments, utc("2026-03-12 00:10")]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path) as home:
        yield home


def test_a_night_settles_summarises_asks_and_publishes(home: Home) -> None:
    home.keep(plays())
    report = home.night(NOW)
    body = json.loads(home.published())
    assert (report.data_day, report.days_settled, report.plays_settled) == ("2026-03-11", 41, 121)
    assert (report.days_summarised, report.plays, report.bytes) == (41, 120, len(home.published()))
    assert body["totals"] | {"minutes": 0} == {
        "plays": 120,
        "minutes": 0,
        "minutes_estimated": 400,
        "tracks": 4,
        "artists": 4,
        "albums": 4,
        "since": "2026-01-31",
    }
    assert [body["windows"][name]["plays"] for name in ("1d", "7d", "30d", "all")] == [3, 21, 90, 120]
    assert body["recent"][0][0] == int(utc("2026-03-12 00:10").timestamp())
    assert (body["last_play_at"], body["data_day"]) == ("2026-03-12T00:10:00Z", "2026-03-11")
    assert (body["tz"], body["mode"], body["generated_at"]) == ("Europe/Stockholm", "live", "2026-03-12T00:30:00Z")


def test_the_document_fits_its_schema_and_names_its_questions(home: Home) -> None:
    home.keep(plays())
    home.night(NOW)
    body = json.loads(home.published())
    jsonschema.Draft202012Validator(json.loads(payload.schema())).validate(body)
    assert body["questions"]["dashboard/totals"] == payload._version("dashboard/totals").model_dump()
    assert set(body["questions"]) >= {name for name in home.watched.counts if not name.startswith("checks/")}


def test_a_night_asks_at_most_forty_questions_and_each_of_the_document_once(home: Home) -> None:
    home.keep(plays())
    home.night(NOW)
    report = home.night(NOW + timedelta(days=1))
    assert report.queries == home.watched.counts.total() <= 40
    assert {name: count for name, count in home.watched.counts.items() if count != 1} == {}


def test_a_second_night_changes_nothing_but_the_time_it_was_made(home: Home) -> None:
    home.keep(plays())
    home.night(NOW)
    first = home.published()
    report = home.night(NOW)
    assert (report.days_settled, report.days_summarised) == (0, 0)
    assert home.published() == first
    home.night(NOW + timedelta(minutes=5))
    assert home.published() == first.replace(b"2026-03-12T00:30:00Z", b"2026-03-12T00:35:00Z")


def test_everything_comes_back_from_the_journal_byte_for_byte(home: Home) -> None:
    home.keep(plays())
    home.night(NOW)
    first = home.published()
    files = {path: path.read_bytes() for path in (home.root / "tables").rglob("*.gz")}
    shutil.rmtree(home.root / "tables")
    shutil.rmtree(home.root / "site")
    home.night(NOW)
    assert home.published() == first
    assert {path: path.read_bytes() for path in (home.root / "tables").rglob("*.gz")} == files


def test_a_late_play_in_an_old_day_rebuilds_a_few_days_and_equals_a_fresh_build(home: Home) -> None:
    home.keep(plays())
    home.night(NOW)
    home.keep([a_play(utc("2026-02-10 21:00"), 9)])
    report = home.night(NOW)
    assert (report.days_settled, report.days_summarised) == (3, 5)
    with Home(home.root.with_name("fresh")) as fresh:
        fresh.keep([*plays(), a_play(utc("2026-02-10 21:00"), 9)])
        fresh.night(NOW)
        assert home.published() == fresh.published()


def test_without_a_play_a_valid_empty_document_is_published(home: Home) -> None:
    report = home.night(NOW)
    body = json.loads(home.published())
    jsonschema.Draft202012Validator(json.loads(payload.schema())).validate(body)
    assert (report.data_day, report.plays) == (None, 0)
    assert [body[name] for name in ("data_day", "daily", "weekly", "monthly", "alldays", "playlist")] == [None] * 6
    assert (body["totals"]["plays"], body["totals"]["since"]) == (0, None)
    assert {window["plays"] for window in body["windows"].values()} == {0}
    assert {window["sentence"] for window in body["windows"].values()} == {None}
    assert (body["windows"]["7d"]["from"], body["windows"]["7d"]["to"]) == ("2026-03-05", "2026-03-11")
    assert (body["windows"]["all"]["from"], body["windows"]["all"]["to"]) == (None, None)
    assert body["health"]["auth"] == {"state": "none", "reauthorize_by": None}


def test_todays_first_plays_are_recent_but_not_counted_yet(home: Home) -> None:
    home.keep([a_play(utc("2026-03-12 00:10"))])
    home.night(NOW)
    body = json.loads(home.published())
    assert (body["totals"]["plays"], len(body["recent"]), body["last_play_at"]) == (0, 1, "2026-03-12T00:10:00Z")


def test_the_state_of_capture_and_login_is_told(home: Home) -> None:
    login = Token(refresh_token="r", authorized_at=utc("2025-12-31 10:00"))
    home.tokens.save(login, None)
    state = IngestionState(version=1, last_run_timestamp=utc("2026-03-12 00:00"), coverage_from=utc("2026-01-01 00:00"))
    home.hot.replace_state(state)
    home.night(NOW)
    body = json.loads(home.published())
    assert body["health"]["auth"] == {"state": "ok", "reauthorize_by": "2026-06-30T10:00:00Z"}
    assert (body["last_poll_at"], body["health"]["coverage_since"]) == ("2026-03-12T00:00:00Z", "2026-01-01T00:00:00Z")
    home.hot.replace_state(state.model_copy(update={"needs_reauth": True}))
    home.night(NOW)
    assert json.loads(home.published())["health"]["auth"]["state"] == "needs_reauth"


ODD_NAMES = {
    "</script><script>alert(1)</script>": "</script><script>alert(1)</script>",
    'it\'s "quoted" \\ and :p_to': 'it\'s "quoted" \\ and :p_to',
    "\u202eright to left\u202c": "right to left",
    "tab\tand\nline": "tabandline",
    "nul\x00l": "null",
    "🎧" * 250: "🎧" * 200,
    "\u0645\u0648\u0633\u064a\u0642\u0649": "\u0645\u0648\u0633\u064a\u0642\u0649",
}


def test_odd_names_come_through_cleaned_and_harm_nothing(home: Home) -> None:
    moments = [utc("2026-03-11 08:00") + timedelta(hours=hour) for hour in range(len(ODD_NAMES))]
    home.keep(
        a_play(moment, number, track_name=name, artist_names=(name,), album_name=name)
        for number, (moment, name) in enumerate(zip(moments, ODD_NAMES, strict=True))
    )
    home.night(NOW)
    words = json.loads(home.published())["dict"]
    assert {row[0] for row in words["tracks"]} == set(ODD_NAMES.values())
    assert {row[0] for row in words["artists"]} == set(ODD_NAMES.values())
    assert {row[0] for row in words["albums"]} == set(ODD_NAMES.values())


def test_gaps_are_told_with_the_minutes_they_take_from_each_window(home: Home) -> None:
    claims = [
        a_claim(utc("2026-03-10 06:00"), utc("2026-03-10 12:00")),
        a_claim(utc("2026-03-10 14:30"), utc("2026-03-11 12:00")),
    ]
    moments = [utc(f"2026-03-1{day}") for day in ("0 06:00", "0 12:00", "0 14:30", "1 12:00")]
    home.keep([*(a_play(moment) for moment in moments), *claims])
    report = home.night(NOW)
    body = json.loads(home.published())
    gaps = body["health"]["gaps"]
    assert (report.gaps, gaps["total"], gaps["hours"]) == (1, 1, 2)
    assert (gaps["items"][0]["from"], gaps["items"][0]["to"]) == ("2026-03-10T12:00:00Z", "2026-03-10T14:30:00Z")
    assert [body["windows"][name]["gap_minutes"] for name in ("1d", "7d", "all")] == [0, 150, 150]


def test_each_stage_is_timed_by_the_clock_that_is_given(home: Home) -> None:
    ticks = iter(range(100))
    report = home.night(NOW, clock=lambda: float(next(ticks)))
    assert report.seconds == dict.fromkeys(
        ("reconcile", "settle", "summarise", "roll up", "ask", "check", "publish"), 1.0
    )


def test_progress_is_passed_on(home: Home) -> None:
    home.keep(plays())
    told: list[tuple[int, int]] = []
    report = home.night(NOW, progress=lambda done, total: told.append((done, total)))
    ends = [done for done, total in told if done == total]
    assert ends[:2] == [report.days_settled, len(SUMMARIES) * report.days_summarised]
    assert sum(ends[2:]) == report.rolled_up > 0
