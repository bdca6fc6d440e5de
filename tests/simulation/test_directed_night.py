"""The failure table, row by row: what must come of each event that concerns the night. F-numbers are the table's."""

import gzip
import json

import pytest

from playledger.errors import CorruptObject, StoreUnavailable, WorldChanged
from playledger.journal import encode
from playledger.models import (
    Entry,
    ExportEntry,
    ExportSpan,
    IngestionState,
    Media,
    from_ms,
    seen_hash,
    to_ms,
    utc_day,
)
from settlement.job import rebuild
from tests.simulation.faults import (
    CRASH_AFTER,
    CRASH_BEFORE,
    ERROR_AFTER,
    ERROR_BEFORE,
    LATE_EFFECT,
    MODES,
    SLOW,
)
from tests.simulation.listener import DAY, HOUR, MINUTE, SECOND, played
from tests.simulation.stage import NOON, Stage, every
from tests.support.memory import MemoryHotStore

pytestmark = pytest.mark.simulation

NIGHT_SITES = (
    *("journal.list", "journal.read", "journal.put", "hot.plays", "hot.spooled_claims", "hot.drop_spooled", "hot.fill"),
    *("tables.list_all", "tables.read", "tables.write"),
)


def after_an_outage(service: str) -> Stage:
    """15 plays as usual, then 45 while a service is down, then 60 more: the 45 have left the window."""
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.down(service, stage.now, stage.now + 70 * MINUTE)
    stage.play(*every(61, stage.now + MINUTE, 45, track=5))
    stage.poll("second", stage.now + HOUR)
    stage.play(*every(61, stage.now + MINUTE, 60, track=9))
    stage.run_to(stage.now + 90 * MINUTE)
    return stage


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("site", NIGHT_SITES)
def test_f14_f15_a_night_that_fails_anywhere_is_made_good_by_the_next_one(site: str, mode: str) -> None:
    stage = after_an_outage("hot" if site == "hot.fill" else "journal")
    for nth in (1, 2):
        stage.strike("night", site, mode, nth=nth)
    stage.night()
    stage.finish()
    assert len(stage.stored) >= 15 + 45 + 50


@pytest.mark.parametrize("mode", [CRASH_BEFORE, CRASH_AFTER, ERROR_AFTER, LATE_EFFECT])
def test_f15_a_spooled_claim_is_dropped_only_when_the_journal_has_it(mode: str) -> None:
    stage = after_an_outage("journal")
    stage.strike("night", "journal.put", mode)
    stage.night()
    stage.night("next night", stage.now + HOUR)
    assert stage.world.hot.spool_claims == {}
    assert len([claim for claim in stage.claims if claim["n"] == 50]) >= 1
    stage.finish()


def test_f15_a_spooled_claim_whose_plays_have_expired_is_not_believed() -> None:
    """The journal is down for longer than plays live in the hot store: what it lost must stay a gap."""
    stage = Stage(every(180, NOON - HOUR, 15), ttl_days=7)
    stage.poll("first")
    stage.down("journal", stage.now, stage.now + 9 * DAY)
    lost = every(61, stage.now + MINUTE, 45, track=5)
    stage.play(*lost)
    stage.poll("second", stage.now + HOUR)
    stage.run_to(NOON + 8 * DAY)
    stage.play(*every(61, stage.now + MINUTE, 60, track=9))
    stage.world.expire()
    stage.run_to(NOON + 10 * DAY)
    stage.world.judge.kept.clear()
    stage.poll("third")
    stage.night()
    stage.finish()
    assert not {play.key for play in lost} & stage.stored
    assert any(to_ms(gap.after) < lost[0].ms and lost[-1].ms < to_ms(gap.before) for gap in stage.gaps)


def test_f09_two_nights_at_once_come_to_the_tables_of_one() -> None:
    stage = after_an_outage("journal")
    at = stage.now
    stage.world.night("one", at)
    stage.world.night("other", at)
    stage.run_to(at + 20 * MINUTE)
    stage.finish()


def test_a_poll_in_the_middle_of_a_night_makes_neither_of_them_write_twice() -> None:
    for seconds in range(6):
        stage = Stage(every(180, NOON - HOUR, 15), start=NOON + seconds * SECOND)
        stage.poll("first")
        stage.play(*every(60, stage.now - 5 * MINUTE, 4, track=20))
        at = stage.now
        stage.world.poll("poll", at)
        stage.world.night("night", at + 40)
        stage.run_to(at + 20 * MINUTE)
        assert stage.rows == len(stage.stored)
        stage.finish()


@pytest.mark.parametrize("overlap", [1, 20, 44])
def test_f15_a_spooled_claim_is_believed_where_a_later_poll_saw_some_of_its_plays_again(overlap: int) -> None:
    """Those plays are in the journal as the later poll saw them, and in the hot store as the earlier one did."""
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.down("journal", stage.now, stage.now + 70 * MINUTE)
    stage.play(*every(61, stage.now + MINUTE, 45, track=5))
    stage.poll("second", stage.now + HOUR)
    stage.play(*every(61, stage.now + MINUTE, 50 - overlap, track=9))
    stage.poll("third", stage.now + HOUR)
    stage.night()
    assert [claim["n"] for claim in stage.claims] == [15, 50, 50]
    stage.finish()
    assert stage.gaps == []


def test_f15_f32_a_spooled_claim_is_believed_although_a_record_of_its_window_was_set_aside_before() -> None:
    broken = played(NOON - 20 * MINUTE, malformed={"track": None, "played_at": "2026-04-20T11:40:00Z"})
    stage = Stage([*every(180, NOON - HOUR, 15), broken])
    stage.poll("first")
    stage.down("journal", stage.now, stage.now + 70 * MINUTE)
    stage.play(*every(61, stage.now + MINUTE, 45, track=5))
    stage.poll("second", stage.now + HOUR)
    stage.play(*every(61, stage.now + MINUTE, 48, track=9))
    stage.poll("third", stage.now + HOUR)
    stage.night()
    assert sorted(claim["n"] for claim in stage.claims) == [16, 49, 50]
    stage.finish()
    assert stage.gaps == []


def test_f15_a_poll_that_spools_in_the_middle_of_a_night_keeps_its_claim() -> None:
    """The night must not read a claim whose plays it has not: it would take them for lost, and drop the claim."""
    spooled = 0
    for delay in range(-300, 300, 25):
        stage = Stage(every(180, NOON - HOUR, 15))
        stage.poll("first")
        stage.play(*every(61, stage.now + MINUTE, 45, track=5))
        at = stage.now + HOUR
        stage.strike("second", "journal.put", ERROR_BEFORE)
        stage.world.night("night", at + delay)
        stage.poll("second", at)
        spooled += len(stage.world.hot.spool_claims)
        stage.play(*every(61, stage.now + MINUTE, 48, track=9))
        stage.run_to(stage.now + 90 * MINUTE)
        stage.finish()
        assert stage.gaps == []
    assert 0 < spooled < 24


def test_f28_of_several_observations_the_first_known_context_stays() -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.answer("first", "noise")
    stage.poll("first")
    stage.world.lose_state()
    stage.poll("second", stage.now + MINUTE)
    stage.finish()
    rows = [row for dt in stage.world.tables.list("plays") for row in stage.world.tables.read("plays", dt)]
    assert len(rows) == 15 + 1
    assert {row["context_type"] for row in rows} == {"playlist"}


def test_f32_the_account_of_a_day_tells_what_was_set_aside_and_what_came_late() -> None:
    broken = played(NOON - 30 * MINUTE, malformed={"track": None, "played_at": "2026-04-20T11:30:00Z"})
    late = played(NOON - 40 * MINUTE + 3, track=33, published=NOON + 30 * MINUTE)
    stage = Stage([*every(180, NOON - HOUR, 15), broken, late])
    stage.poll("first")
    stage.poll("second", NOON + HOUR)
    stage.finish()
    (row,) = stage.world.tables.read("settled_days", "2026-04-20")
    assert (row["quarantined"], row["late_arrivals"], row["plays"]) == (1, 1, 17)


@pytest.mark.parametrize("change", ["a newer version", "an unknown kind", "cut in two", "one line too few"])
def test_f34_an_object_nobody_can_read_stops_the_night_and_the_last_tables_stay(change: str) -> None:
    stage = Stage(every(180, NOON - HOUR, 15))
    stage.poll("first")
    stage.night()
    before = stage.world.tables.contents()
    stage.play(*every(180, stage.now + MINUTE, 5, track=20))
    stage.poll("second", stage.now + HOUR)
    key = sorted(stage.world.memory.objects)[-1]
    good = stage.world.memory.objects[key]
    stage.world.memory.objects[key] = damaged(good, change)
    night = stage.night("damaged night")
    assert isinstance(night.error, WorldChanged)
    assert isinstance(night.error, CorruptObject)
    assert key in str(night.error)
    assert stage.world.tables.contents() == before
    stage.world.memory.objects[key] = good
    stage.finish()


def damaged(body: bytes, change: str) -> bytes:
    lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    if change == "cut in two":
        return body[: len(body) // 2]
    if change == "one line too few":
        lines.pop()
    if change == "a newer version":
        lines[0]["v"] = 2
    if change == "an unknown kind":
        lines[0]["kind"] = "podcastplay"
    return gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())


def test_f38_everything_but_the_journal_is_rebuilt_from_it() -> None:
    stage = after_an_outage("hot")
    stage.poll("third")
    stage.night()
    before, hot, tables = stage.state, stage.hot_keys, stage.world.tables.contents()
    stage.world.hot.items.clear()
    stage.world.hot.state = None
    stage.world.tables.forget()
    rebuild(stage.world.memory, stage.world.hot, now=from_ms(stage.now))
    stage.world.judge.excuse()
    stage.night("night after")
    assert stage.hot_keys == hot
    assert stage.world.tables.contents() == tables
    assert same(stage.state, before)
    rows = stage.rows
    assert stage.poll("next").result.outcome == "idle"
    assert stage.rows == rows
    stage.finish()


def same(rebuilt: IngestionState, before: IngestionState) -> bool:
    names = ("last_cursor_unix_ms", "last_seen_played_at", "window_max", "coverage_from")
    return all(getattr(rebuilt, name) == getattr(before, name) for name in names)


def test_f38_a_rebuilt_state_still_knows_which_plays_the_window_shows() -> None:
    stage = after_an_outage("journal")
    stage.poll("third")
    stage.night()
    again = MemoryHotStore(30)
    rebuild(stage.world.memory, again, now=from_ms(stage.now))
    assert again.state is not None
    window = stage.world.listener.window(stage.now, 50)
    assert {seen_hash(f"{play.ms}#{play.uri}") for play in window} <= set(again.state.seen)
    stage.finish()


def test_a_gap_is_certain_once_an_export_knows_a_play_inside_it() -> None:
    stage = Stage(every(180, NOON - 3 * HOUR, 50))
    stage.poll("first")
    lost = every(31, stage.now + MINUTE, 40)
    stage.play(*lost, *every(31, lost[-1].ms + 31 * SECOND, 50))
    stage.poll("second", stage.now + HOUR)
    stage.night()
    assert [(gap.gap_class, gap.lost_min) for gap in stage.gaps] == [("possible", 0)]
    exported = encode(an_export(lost[7].ms, lost[7].uri), utc_day(from_ms(lost[7].ms)))
    stage.world.memory.put(exported.key, exported.body)
    stage.night("night after the import")
    assert [(gap.gap_class, gap.lost_min) for gap in stage.gaps] == [("certain", 1)]


def an_export(ms: int, uri: str) -> list[Entry]:
    """A file with this one play, too young to heal anything."""
    at = from_ms(ms - ms % SECOND)
    row = ExportEntry(key="one", played_at=at, media=Media.MUSIC, track_uri=uri, ms_played=31_000, ingested_at=at)
    return [row, ExportSpan(file_sha256="0" * 64, lo=from_ms(NOON), hi=at, rows=1, ingested_at=at)]


@pytest.mark.parametrize("mode", [SLOW, ERROR_BEFORE])
def test_f45_a_night_that_runs_out_of_time_or_store_leaves_whole_tables(mode: str) -> None:
    stage = after_an_outage("journal")
    for nth in range(1, 30):
        stage.strike("night", "tables.write", mode, nth=nth)
    night = stage.night()
    assert night.ended == ("returned" if mode == SLOW else "raised")
    assert mode == SLOW or isinstance(night.error, StoreUnavailable)
    stage.finish()
