"""Entries in, plays out."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playledger.coverage import Span, healing
from playledger.models import Context, Entry, Media, Play, Quarantined, SettledDay, canonical_row, utc_day
from settlement.settle import Row, Settled, settle
from tests.support.builders import NOON, a_claim, a_play, minutes, spotify_id, track_uri
from tests.unit.settlement.entries import IMPORTED, LENGTH, a_loop_play, a_span, an_export, on_repeat

pytestmark = pytest.mark.unit

TODAY = NOON.date()
SECOND = timedelta(seconds=1)
PLAYLIST = Context(type="playlist", id=spotify_id(1, "P"), uri=f"spotify:playlist:{spotify_id(1, 'P')}")
ALBUM = Context(type="album", id=spotify_id(1, "B"), uri=f"spotify:album:{spotify_id(1, 'B')}")


NOTHING = dict.fromkeys(SettledDay.model_fields, 0)
"""The account of a day without entries."""


def rows(entries: Iterable[Entry], dt: date = TODAY) -> list[Row]:
    return list(settle(entries).plays.get(dt, ()))


def the_row(entries: Iterable[Entry]) -> Row:
    found = [row for day in settle(entries).plays.values() for row in day]
    assert len(found) == 1
    return found[0]


def account(entries: Iterable[Entry], dt: date = TODAY) -> dict[str, int]:
    return settle(entries).accounts[dt].model_dump()


# ---- rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entries",
    [
        [a_play(context=PLAYLIST)],
        [an_export()],
        [a_play(context=PLAYLIST), an_export(NOON - SECOND)],
        [a_play(track_id=None, track_uri="spotify:local:::x:1", artist_names=(), duration_ms=None)],
        [an_export(media=Media.PODCAST, skipped=None, shuffle=None, platform=None)],
    ],
    ids=["polled", "exported", "married", "local", "podcast"],
)
def test_a_row_is_a_play_in_the_models_order(entries: list[Entry]):
    row = the_row(entries)
    assert list(row) == list(Play.model_fields)
    assert canonical_row(Play.model_validate(row)) == row


def test_a_polled_play_keeps_what_was_observed_and_knows_nothing_of_how_long_it_was_heard():
    play = a_play(context=PLAYLIST)
    row = the_row([play])
    assert (row["play_key"], row["event_id"], row["played_at"]) == (play.key, play.event_id, "2026-03-10 12:00:00.000")
    assert (row["track_name"], row["artist_name"], row["album_name"]) == ("Song 1", "Band 1", "Album 1")
    assert (row["context_type"], row["context_id"]) == ("playlist", spotify_id(1, "P"))
    assert (row["source"], row["ms_played"], row["duration_ms"], row["skipped"]) == ("poll", None, 200_000, None)


def test_an_exported_play_takes_its_track_id_from_the_uri():
    row = the_row([an_export()])
    assert (row["source"], row["track_id"], row["event_id"]) == ("export", spotify_id(1), None)
    assert (row["ms_played"], row["reason_end"], row["platform"]) == (180_000, "trackdone", "ios")
    assert the_row([an_export(track_uri="playledger:names:0123456789abcdef012345")])["track_id"] is None


def test_a_married_pair_is_the_polled_play_with_what_the_export_knows():
    play = a_play(context=PLAYLIST)
    row = the_row([play, an_export(NOON - SECOND, ms_played=31_000, skipped=True, reason_end="fwdbtn", offline=True)])
    assert (row["play_key"], row["event_id"], row["source"]) == (play.key, play.event_id, "both")
    assert (row["track_name"], row["duration_ms"], row["context_type"]) == ("Song 1", 200_000, "playlist")
    assert (row["ms_played"], row["skipped"], row["reason_end"], row["offline"]) == (31_000, True, "fwdbtn", True)
    assert (row["reason_start"], row["shuffle"], row["platform"], row["incognito"]) == ("clickrow", False, "ios", False)
    assert row["first_ingested_at"] == "2026-03-10 12:00:00.000"


def test_a_married_pair_is_known_since_the_first_of_both():
    row = the_row([a_play(), an_export(ingested_at=NOON - minutes(60))])
    assert row["first_ingested_at"] == "2026-03-10 11:00:00.000"


def test_names_that_polling_did_not_tell_come_from_the_export():
    bare = a_play(track_name=None, artist_names=(), album_name=None, media=Media.UNKNOWN)
    row = the_row([bare, an_export(media=Media.PODCAST)])
    assert (row["track_name"], row["artist_name"], row["kind"]) == ("Song 1 (export)", "Band 1 (export)", "podcast")


# ---- the same play seen again ------------------------------------------------------------------------------------


def test_the_first_known_context_stays_when_spotify_forgets_it():
    seen = [
        a_play(context=None, ingested_at=NOON),
        a_play(context=PLAYLIST, ingested_at=NOON + minutes(60)),
        a_play(context=ALBUM, ingested_at=NOON + minutes(120)),
    ]
    row = the_row(seen)
    assert (row["context_type"], row["context_id"]) == ("playlist", PLAYLIST.id)
    assert row["event_id"] == seen[0].event_id
    assert row["first_ingested_at"] == "2026-03-10 12:00:00.000"


def test_metadata_comes_from_the_earliest_observation_that_has_it():
    seen = [
        a_play(track_name=None, artist_names=(), duration_ms=None, ingested_at=NOON),
        a_play(track_name="First", artist_names=("Ann",), duration_ms=1, ingested_at=NOON + minutes(1)),
        a_play(track_name="Second", artist_names=("Bob",), duration_ms=2, ingested_at=NOON + minutes(2)),
    ]
    row = the_row(reversed(seen))
    assert (row["track_name"], row["artist_name"], row["duration_ms"]) == ("First", "Ann", 1)


def test_two_tracks_at_one_millisecond_are_two_plays():
    assert len(rows([a_play(track=1), a_play(track=2)])) == 2


def test_the_same_track_twice_within_a_minute_is_two_plays():
    assert len(rows([a_play(NOON), a_play(NOON + 31 * SECOND)])) == 2


def test_of_exported_rows_of_one_instant_the_one_heard_longest_is_the_play():
    same = [an_export(ms_played=ms, ingested_at=IMPORTED + minutes(ms)) for ms in (4, 31_000, 5)]
    row = the_row(same)
    assert (row["ms_played"], row["play_key"]) == (31_000, same[1].key)
    assert row["first_ingested_at"] == "2026-09-01 06:04:00.000"
    assert account(same) == NOTHING | {"entries": 3, "plays": 1, "duplicates": 2}


# ---- marrying ---------------------------------------------------------------------------------------------------


def test_rows_of_other_recordings_are_never_married():
    assert [row["source"] for row in rows([a_play(track=1), an_export(track=2)])] == ["poll", "export"]


def test_each_row_is_married_once_and_none_is_dropped():
    entries = [a_play(NOON), an_export(NOON - SECOND), an_export(NOON + SECOND), an_export(NOON + 600 * SECOND)]
    assert [row["source"] for row in rows(entries)] == ["both", "export", "export"]


def test_a_pair_across_midnight_lies_on_the_polled_day_and_each_entry_is_accounted_on_its_own():
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    entries = [a_play(midnight - SECOND), an_export(midnight + SECOND), an_export(midnight + SECOND, track=2)]
    settled = settle(entries)
    before, after = midnight.date() - timedelta(days=1), midnight.date()
    assert [row["source"] for row in settled.plays[before]] == ["both"]
    assert [row["source"] for row in settled.plays[after]] == ["export"]
    assert (settled.accounts[before].entries, settled.accounts[before].plays) == (1, 1)
    assert (settled.accounts[after].entries, settled.accounts[after].plays, settled.accounts[after].married) == (
        2,
        1,
        1,
    )
    assert settled.reach == {before: (before, after), after: (before, after)}


def test_a_day_is_reached_from_both_sides_by_the_chains_of_two_recordings():
    morning = datetime(2026, 3, 11, tzinfo=UTC)
    night = morning + timedelta(days=1)
    entries = [a_play(morning + SECOND, 1), an_export(morning - SECOND, 1), a_play(night - SECOND, 2)]
    reach = settle([*entries, an_export(night + SECOND, 2)]).reach
    assert reach[morning.date()] == (morning.date() - timedelta(days=1), night.date())
    assert reach[night.date()] == (morning.date(), night.date())


def test_a_polled_play_without_partner_is_unconfirmed_only_where_an_export_covers_it():
    span = a_span(NOON - timedelta(days=10), NOON + timedelta(days=10))
    inside, tail, outside = NOON, NOON + timedelta(days=9), NOON - timedelta(days=11)
    entries = [a_play(inside, 1), a_play(tail, 2), a_play(outside, 3), a_play(NOON, 4), an_export(NOON, 4), span]
    flags = {row["track_uri"]: row["is_unconfirmed"] for day in settle(entries).plays.values() for row in day}
    assert flags == {track_uri(1): True, track_uri(2): False, track_uri(3): False, track_uri(4): False}


def test_spans_imported_on_other_days_flag_as_well():
    span = healing(a_span(NOON - timedelta(days=10), NOON + timedelta(days=10)))
    assert span is not None
    assert settle([a_play()], [span]).plays[TODAY][0]["is_unconfirmed"] is True
    assert settle([a_play()], [Span(0, 1)]).plays[TODAY][0]["is_unconfirmed"] is False


# ---- the account ------------------------------------------------------------------------------------------------


def test_a_short_answer_and_a_hardly_overlapping_one_are_counted_once_each():
    claims = [
        a_claim(NOON, NOON).model_copy(update=change)
        for change in (
            {"is_short": True, "n": 20},
            {"n": 50, "overlap": 4},
            {"n": 50, "overlap": 5},
            {"n": 50, "overlap": 0},
            {"n": 49, "overlap": 1},
            {"n": 50},
        )
    ]
    assert account([*claims, *claims]) == NOTHING | {"short_windows": 1, "small_overlaps": 1}


def test_claims_spans_and_unread_records_are_no_plays():
    unread = Quarantined(reason="no track", raw="{}", origin="poll", ingested_at=NOON)
    entries = [a_claim(NOON, NOON), a_span(NOON, NOON), unread, unread]
    settled = settle(entries)
    assert settled.plays == {}
    assert {dt: day.model_dump() for dt, day in settled.accounts.items()} == {TODAY: NOTHING | {"quarantined": 1}}


def test_a_play_is_a_late_arrival_if_its_first_observation_was():
    late = [a_play(is_late=True), a_play(is_late=False, ingested_at=NOON + minutes(60))]
    early = [a_play(is_late=False), a_play(is_late=True, ingested_at=NOON + minutes(60))]
    assert account(late)["late_arrivals"] == 1
    assert account(early)["late_arrivals"] == 0


STEPS = st.one_of(st.integers(-1, 1), st.integers(-250, 250))
"""Half minutes around midnight; often the same ones, so that entries meet."""
MOMENTS = STEPS.map(lambda step: NOON + timedelta(hours=12) + step * 30 * SECOND)
POLLED = st.builds(
    lambda at, track, late, context, after: a_play(
        at, track, is_late=late, context=context, ingested_at=NOON + minutes(after), duration_ms=LENGTH * track
    ),
    MOMENTS,
    st.integers(1, 2),
    st.booleans(),
    st.sampled_from([None, PLAYLIST, ALBUM]),
    st.integers(0, 3),
)
EXPORTED = st.builds(
    lambda at, track, ms, skipped: an_export(at, track, ms_played=ms, skipped=skipped),
    MOMENTS,
    st.integers(1, 2),
    st.sampled_from([0, 31_000, 60_000]),
    st.sampled_from([None, True]),
)
ENTRIES: st.SearchStrategy[list[Entry]] = st.lists(st.one_of(POLLED, EXPORTED), max_size=12)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(entries: list[Entry], chance: random.Random):
    mixed = entries + chance.choices(entries, k=len(entries)) if entries else []
    chance.shuffle(mixed)
    assert settle(mixed) == settle(entries)


@given(ENTRIES)
def test_the_account_adds_up_and_no_play_is_there_twice(entries: list[Entry]):
    settled = settle(entries)
    keys = [row["play_key"] for day in settled.plays.values() for row in day]
    assert len(set(keys)) == len(keys)
    for day in settled.accounts.values():
        assert day.entries == day.plays + day.duplicates + day.married
    assert sum(day.entries for day in settled.accounts.values()) == len({entry.entry_id for entry in entries})


# ---- days settled by themselves ----------------------------------------------------------------------------------


def settle_alone(entries: Iterable[Entry], dt: date) -> tuple[list[Row], date, date]:
    """The plays of one date from the dates around it, widened while a chain reaches the outermost of them."""
    kept = list(entries)
    lo, hi, day = dt - timedelta(days=1), dt + timedelta(days=1), timedelta(days=1)
    while True:
        settled = settle(entry for entry in kept if lo <= utc_day(entry.at) <= hi)
        first, last = settled.reach.get(dt, (dt, dt))
        if lo < first and last < hi:
            return list(settled.plays.get(dt, ())), lo, hi
        lo, hi = lo - day * (lo >= first), hi + day * (hi <= last)


def same_by_day(entries: list[Entry]) -> Settled:
    """What settling everything at once gives, after making sure that every day by itself comes to the same."""
    whole = settle(entries)
    for dt in whole.accounts:
        alone, lo, hi = settle_alone(entries, dt)
        first, last = whole.reach.get(dt, (dt, dt))
        assert alone == list(whole.plays.get(dt, ()))
        assert (lo, hi) == (first - timedelta(days=1), last + timedelta(days=1))
    return whole


@given(ENTRIES)
def test_a_day_settled_by_itself_comes_to_the_same(entries: list[Entry]):
    same_by_day(entries)


@given(st.integers(0, 2**32), st.integers(0, 3), st.integers(1, 400))
@settings(max_examples=10, deadline=None)
def test_a_track_on_repeat_around_a_midnight_gives_as_many_plays_as_were_played(seed: int, hours: int, plays: int):
    entries = on_repeat(seed, datetime(2026, 3, 10, 24 - 1 - hours, 30, tzinfo=UTC), plays)
    chance = random.Random(seed)
    mixed = [*entries, *chance.choices(entries, k=30)]
    chance.shuffle(mixed)
    whole = same_by_day(mixed)
    assert whole.plays == settle(entries).plays
    assert [row["source"] for day in whole.plays.values() for row in day] == ["both"] * plays


def test_a_track_on_repeat_over_three_midnights_gives_as_many_plays_as_were_played():
    played = 3 * 1440
    entries = on_repeat("three midnights", datetime(2026, 3, 9, 12, tzinfo=UTC), played)
    random.Random("any order").shuffle(entries)
    whole = settle(entries)
    assert sum(map(len, whole.plays.values())) == played
    assert {row["source"] for day in whole.plays.values() for row in day} == {"both"}
    for dt in sorted(whole.plays)[1:3]:
        alone, lo, hi = settle_alone(entries, dt)
        assert alone == list(whole.plays[dt])
        assert (lo, hi) == (date(2026, 3, 8), date(2026, 3, 13))


@pytest.mark.parametrize("seed", range(4))
def test_what_only_one_side_saw_of_a_track_on_repeat_is_counted_once_too(seed: int):
    entries = on_repeat(seed, datetime(2026, 3, 10, 22, tzinfo=UTC), 240)
    polled = [entry for entry in entries if entry.kind == "play"]
    exported = [entry for entry in entries if entry.kind == "export"]
    chance = random.Random(seed)
    for kept in ([*polled, *chance.sample(exported, 100)], [*exported, *chance.sample(polled, 100)]):
        assert sum(map(len, settle(kept).plays.values())) == 240


def test_a_loop_that_only_polling_saw_makes_no_chain():
    plays = [a_loop_play(NOON + number * minutes(1)) for number in range(3000)]
    assert settle(plays).reach == {}
