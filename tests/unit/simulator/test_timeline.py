"""Timelines: like the listeners they are modelled on, the same for the same seed, and as odd as asked for."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from playledger.models import from_ms, play_key, to_ms
from simulator import (
    CALM,
    HARD,
    HEAVY,
    LIGHT,
    MODERATE,
    Episode,
    ListenedPlay,
    Marathons,
    Profile,
    Quirks,
    Track,
    census,
    frozen,
    generate,
    make_catalogue,
    offline,
    played,
)

pytestmark = pytest.mark.unit

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = START + timedelta(days=365)
MONTH = START + timedelta(days=30)
CATALOGUE = make_catalogue(1, 500)
SEED = 11


def year_of(profile: Profile, quirks: Quirks = CALM) -> list[ListenedPlay]:
    return generate(profile, SEED, START, YEAR, catalogue=CATALOGUE, quirks=quirks)


@pytest.fixture(scope="module")
def hard_year() -> list[ListenedPlay]:
    return generate(HARD, SEED, START, YEAR, catalogue=CATALOGUE)


def test_the_same_seed_gives_the_same_plays_and_another_seed_others() -> None:
    first, again = (generate(HEAVY, SEED, START, MONTH, catalogue=CATALOGUE) for _ in range(2))

    assert first == again
    assert generate(HEAVY, SEED + 1, START, MONTH, catalogue=CATALOGUE) != first


def test_plays_come_in_order_of_their_true_end_and_inside_the_span(hard_year: list[ListenedPlay]) -> None:
    ends = [play.ended_at_ms for play in hard_year]

    assert ends == sorted(ends)
    assert to_ms(START) <= ends[0]
    assert ends[-1] < to_ms(YEAR)


@pytest.mark.parametrize(
    ("profile", "streams_a_day", "short", "done", "repeats"),
    [
        pytest.param(HEAVY, (60, 100), (0.17, 0.26), (0.55, 0.68), (0.88, 0.97), id="heavy-seed11"),
        pytest.param(HARD, (80, 130), (0.12, 0.24), (0.58, 0.75), (0.90, 0.98), id="hard-seed11"),
        pytest.param(MODERATE, (29, 41), (0.25, 0.34), (0.48, 0.60), (0.48, 0.68), id="moderate-seed11"),
        pytest.param(LIGHT, (12, 19), (0.22, 0.31), (0.55, 0.66), (0.78, 0.92), id="light-seed11"),
    ],
)
def test_a_profile_listens_like_the_account_it_was_measured_on(
    profile: Profile,
    streams_a_day: tuple[float, float],
    short: tuple[float, float],
    done: tuple[float, float],
    repeats: tuple[float, float],
) -> None:
    plays = year_of(profile)
    met: set[str] = set()
    again = sum(play.item.id in met or bool(met.add(play.item.id)) for play in plays if play.visible)  # type: ignore[func-returns-value]

    assert streams_a_day[0] < len(plays) / 365 < streams_a_day[1]
    assert short[0] < sum(play.ms_played < 30_000 for play in plays) / len(plays) < short[1]
    assert done[0] < sum(play.reason_end == "trackdone" for play in plays) / len(plays) < done[1]
    assert repeats[0] < again / sum(play.visible for play in plays) < repeats[1]


def test_sessions_start_in_the_listeners_own_hours() -> None:
    zone = "Asia/Kathmandu"
    plays = generate(MODERATE, SEED, START, YEAR, catalogue=CATALOGUE, tz=zone, quirks=CALM)
    hours = Counter(from_ms(play.ended_at_ms).astimezone(ZoneInfo(zone)).hour for play in plays)

    assert sum(hours[hour] for hour in (3, 4, 5, 6, 7)) < 0.08 * len(plays)
    assert sum(hours[hour] for hour in (16, 17)) > 0.14 * len(plays), "27 % on the measured account"


def test_what_was_heard_fits_the_track_and_the_clock(hard_year: list[ListenedPlay]) -> None:
    for play in hard_year:
        assert 0 <= play.ms_played <= play.item.duration_ms
        assert play.started_at_ms <= play.ended_at_ms - play.ms_played
        assert play.published_at_ms >= max(play.played_at_ms, play.ended_at_ms)
        assert (play.reason_end == "trackdone") <= (play.ms_played == play.item.duration_ms)


def test_one_device_plays_one_thing_at_a_time_but_for_crossfades(hard_year: list[ListenedPlay]) -> None:
    for device in (0, 1):
        own = [play for play in hard_year if play.device == device]
        assert own
        assert all(a.ended_at_ms - b.started_at_ms < 12_000 for a, b in pairwise(own))


def test_a_second_device_overlaps_and_without_one_nothing_does(hard_year: list[ListenedPlay]) -> None:
    assert census(hard_year).overlapping > 300
    assert census(year_of(HEAVY)).overlapping == 0


def test_a_marathon_that_loops_a_minute_fills_more_than_a_window_in_an_hour() -> None:
    sleeper = replace(HEAVY, marathons=Marathons(share=0.1, short_loop_share=1.0))
    counted = census(generate(sleeper, SEED, START, MONTH, catalogue=CATALOGUE))

    assert counted.most_in_an_hour > 50
    assert census(generate(HEAVY, SEED, START, MONTH, catalogue=CATALOGUE)).most_in_an_hour < 50


def test_odd_things_occur_as_often_as_they_should(hard_year: list[ListenedPlay]) -> None:
    counted = census(hard_year)

    assert counted.streams == len(hard_year)
    assert 0.002 < counted.late / counted.visible < 0.08
    assert 0.1 < counted.null_context / counted.visible < 0.5
    assert counted.context_lost_later > 50
    assert any(play.incognito for play in hard_year)
    assert any(isinstance(play.item, Episode) for play in hard_year)
    assert any((play.context_uri or "").startswith("spotify:user:") for play in hard_year)


def test_late_plays_are_listed_hours_later_behind_newer_ones_and_as_many_as_asked_for() -> None:
    online = replace(HEAVY, offline_share=0.0)
    quirks = replace(CALM, late_share=0.1, late_hours=(2.0, 3.0))
    plays = generate(online, SEED, START, MONTH, catalogue=CATALOGUE, quirks=quirks)
    waits_h = [(play.published_at_ms - play.ended_at_ms) / 3_600_000 for play in plays]

    assert 0.08 < sum(2 <= wait <= 3 for wait in waits_h) / len(waits_h) < 0.12
    assert not [wait for wait in waits_h if 0.5 < wait < 2 or wait > 3]
    assert census(plays).late > 100


def test_an_offline_session_is_listed_all_at_once_after_its_end() -> None:
    plays = generate(replace(LIGHT, offline_share=1.0), SEED, START, MONTH, catalogue=CATALOGUE, quirks=CALM)
    batches = Counter(play.published_at_ms for play in plays)

    assert all(play.offline for play in plays)
    assert max(batches.values()) > 10
    assert len(batches) < len(plays) / 5


def test_a_calm_feed_has_no_late_play_and_tells_the_true_end() -> None:
    online = replace(HEAVY, offline_share=0.0)
    plays = generate(online, SEED, START, MONTH, catalogue=CATALOGUE, quirks=replace(CALM, delay_s=0))

    assert census(plays).late == 0
    assert all(play.played_at_ms == play.ended_at_ms == play.published_at_ms for play in plays)


def test_jitter_moves_what_the_feed_says_and_not_what_happened() -> None:
    plays = generate(HEAVY, SEED, START, MONTH, catalogue=CATALOGUE, quirks=replace(CALM, jitter_ms=60_000))
    off_ms = [play.played_at_ms - play.ended_at_ms for play in plays]

    assert -60_000 <= min(off_ms) < -50_000
    assert 50_000 < max(off_ms) <= 60_000


def test_a_burst_is_more_than_a_window_within_the_hour() -> None:
    moment = START + timedelta(days=10, hours=3)
    burst = [
        p
        for p in generate(LIGHT, SEED, START, MONTH, catalogue=CATALOGUE, quirks=Quirks(bursts=(moment,)))
        if p.device == 2
    ]

    assert len(burst) == 60
    assert all(play.visible for play in burst)
    assert burst[-1].ended_at_ms - to_ms(moment) < 3_600_000
    assert census(burst).most_in_an_hour == 60
    assert census(burst).fastest_51_minutes is not None


def test_collisions_give_two_tracks_one_millisecond() -> None:
    plays = generate(HEAVY, SEED, START, MONTH, catalogue=CATALOGUE, quirks=replace(CALM, collision_share=0.05))
    moments = Counter(play.played_at_ms for play in plays if play.visible)

    assert sum(count > 1 for count in moments.values()) > 20
    assert len({play.key for play in plays}) == len(plays)


def test_a_frozen_feed_catches_up_at_the_end() -> None:
    since, until = START + timedelta(days=5), START + timedelta(days=6)
    plays = generate(HEAVY, SEED, START, MONTH, catalogue=CATALOGUE)
    held = frozen(plays, since, until)

    assert not [play for play in held if to_ms(since) <= play.published_at_ms < to_ms(until)]
    assert sum(play.published_at_ms == to_ms(until) for play in held) > 20
    assert [replace(play, published_at_ms=0) for play in held] == [replace(play, published_at_ms=0) for play in plays]


def test_a_device_without_a_network_holds_back_its_own_plays_only(hard_year: list[ListenedPlay]) -> None:
    held = offline(hard_year, 1, START, YEAR)

    assert all(play.published_at_ms >= to_ms(YEAR) for play in held if play.device == 1)
    assert [play for play in held if play.device == 0] == [play for play in hard_year if play.device == 0]


def test_census_counts_a_play_as_late_only_behind_one_listed_before() -> None:
    first, second, third = played(START, *CATALOGUE.tracks[:3])
    late = replace(first, published_at_ms=third.published_at_ms + 1)
    together = [replace(play, published_at_ms=third.published_at_ms) for play in (first, second, third)]

    assert census([late, second, third]).late == 1
    assert census(together).late == 0


def test_a_play_by_hand_is_whole_prompt_and_has_the_kernels_key() -> None:
    track = next(track for track in CATALOGUE.tracks if track.duration_ms > 60_000)
    whole = ListenedPlay.of(track, START)
    cut = ListenedPlay.of(track, START, ms_played=29_999)

    assert (whole.visible, whole.reason_end, whole.skipped) == (True, "trackdone", False)
    assert (cut.visible, cut.reason_end, cut.skipped) == (False, "fwdbtn", True)
    assert whole.key == play_key(START, track.uri)


def test_what_spotify_never_lists_is_not_visible() -> None:
    play = ListenedPlay.of(CATALOGUE.tracks[0], START, ms_played=40_000)

    assert play.visible
    assert not replace(play, incognito=True).visible
    assert not replace(play, item=CATALOGUE.episodes[0]).visible
    assert isinstance(play.item, Track)


def test_a_context_is_gone_from_the_moment_its_playlist_was_deleted() -> None:
    play = ListenedPlay.of(CATALOGUE.tracks[0], START, context_uri="spotify:playlist:x", context_gone_at=MONTH)

    assert play.context_at(to_ms(MONTH) - 1) == "spotify:playlist:x"
    assert play.context_at(to_ms(MONTH)) is None
