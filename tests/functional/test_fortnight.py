"""A fortnight polled hour by hour over HTTP: every play once, and what an outage took lies inside the reported gap."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from playledger.models import format_instant, from_ms, to_ms
from simulator.listener import Quirks
from simulator.plays import ListenedPlay
from simulator.profiles import HEAVY
from tests.support.fortnight import START, Fortnight, fortnight

pytestmark = pytest.mark.functional

HALF_PAST = timedelta(days=6, hours=4, minutes=30)
SEED = 2
WEATHER = Quirks(late_share=0.01, lost_context_share=0.1, bursts=(START + HALF_PAST,))
OUTAGE = (START + timedelta(days=11, hours=9, minutes=20), START + timedelta(days=11, hours=15, minutes=20))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    """A heavy listener with late plays, null contexts and a burst, polled every hour."""
    with fortnight(tmp_path_factory.mktemp("quiet"), HEAVY, SEED, quirks=WEATHER) as weeks:
        weeks.run()
        yield weeks


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    """The same listener while Spotify was down for six hours."""
    with fortnight(tmp_path_factory.mktemp("broken"), HEAVY, SEED, quirks=WEATHER, outage=OUTAGE) as weeks:
        weeks.run()
        yield weeks


def due(weeks: Fortnight) -> list[ListenedPlay]:
    """What perfect polling has caught by the last poll: the first window and all that was listed since."""
    last = to_ms(weeks.clock())
    listed = [play for play in weeks.truth if play.published_at_ms <= last]
    before = [play for play in listed if play.published_at_ms <= to_ms(START)]
    forgotten = {play.key for play in sorted(before, key=lambda play: play.played_at_ms)[:-50]}
    return [play for play in listed if play.key not in forgotten]


def test_the_plays_table_is_the_timeline_play_by_play(quiet: Fortnight) -> None:
    expected = sorted((play.played_at_ms, play.item.uri, play.item.duration_ms) for play in due(quiet))
    found = sorted(
        (int(str(row["play_key"]).split("#")[0]), row["track_uri"], row["duration_ms"]) for row in quiet.plays()
    )
    assert found == expected
    assert [row["played_at"] for row in quiet.plays()] == [format_instant(from_ms(ms)) for ms, *_ in expected]


def test_the_fortnight_was_no_easy_one(quiet: Fortnight) -> None:
    rows = quiet.plays()
    late = quiet.laptop.engine.ask("select cast(sum(late_arrivals) as bigint) from settled_days").rows[0][0]
    moments = sorted(play.played_at_ms for play in due(quiet))
    fullest_hour = max(sum(1 for ms in moments if start <= ms < start + 3_600_000) for start in moments)
    counts = {
        "late plays": late,
        "null contexts": sum(row["context_type"] is None for row in rows),
        "contexts": sum(row["context_type"] is not None for row in rows),
        "plays in the fullest hour": fullest_hour,
    }
    print(counts)
    assert late > 0
    assert counts["null contexts"] > 0
    assert counts["contexts"] > 0
    assert fullest_hour > 50


def test_a_context_that_spotify_nulled_later_is_kept(quiet: Fortnight) -> None:
    lost_later = [play for play in due(quiet) if play.context_uri and play.context_gone_at_ms is not None]
    rows = {row["play_key"]: row for row in quiet.plays()}
    seen_with_it = [play for play in lost_later if play.context_at(play.published_at_ms + 3_600_000)]
    kept = [rows[play.key]["context_type"] for play in seen_with_it]
    assert kept
    assert all(kept)


def test_every_request_went_over_http_and_asked_for_all_fifty_without_a_cursor(quiet: Fortnight) -> None:
    polls = [entry for entry in quiet.log if entry.path.endswith("me/player/recently-played")]
    assert len(polls) == len(quiet.reports) == 14 * 24 + 1
    assert {(entry.method, entry.query, entry.status) for entry in polls} == {("GET", "limit=50", 200)}


def test_there_is_no_gap_where_nothing_was_missed(quiet: Fortnight) -> None:
    assert quiet.laptop.tables.read("gaps", "") == []


def test_all_that_an_outage_took_lies_inside_the_reported_gap(broken: Fortnight) -> None:
    kept = {row["play_key"] for row in broken.plays()}
    lost = [play for play in due(broken) if play.key not in kept]
    gaps = broken.laptop.tables.read("gaps", "")
    outside = [
        play
        for play in lost
        if not any(g["after"] < format_instant(from_ms(play.played_at_ms)) < g["before"] for g in gaps)
    ]
    print(f"{len(lost)} plays lost, {len(gaps)} gaps")
    assert broken.failed == 6
    assert lost
    assert outside == []
    assert sum(int(g["lost_min"]) for g in gaps) <= len(lost) <= sum(int(g["lost_max"]) for g in gaps)


def test_nothing_is_invented_around_an_outage(broken: Fortnight) -> None:
    assert {row["play_key"] for row in broken.plays()} <= {play.key for play in broken.truth}


def test_a_second_poll_in_a_row_writes_nothing(quiet: Fortnight) -> None:
    before = quiet.laptop.journal.list()
    state = quiet.laptop.hot.load_state()
    quiet.poll(quiet.clock())
    after = quiet.laptop.hot.load_state()
    assert quiet.reports.pop().outcome == "idle"
    assert quiet.laptop.journal.list() == before
    assert state is not None
    assert after is not None
    assert after.version == state.version
