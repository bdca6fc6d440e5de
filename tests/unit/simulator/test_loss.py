"""What a polling schedule loses: nothing of most listeners, something of the one with marathons."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulator import HARD, HEAVY, MODERATE, Account, make_catalogue, played
from simulator.loss import HOURLY, loss_table, polling_loss, prompt_account
from simulator.profiles import Profile

pytestmark = pytest.mark.unit

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = START + timedelta(days=365)
TRACK = next(track for track in make_catalogue(2, 20).tracks if track.duration_ms >= 60_000)


def looped(count: int) -> Account:
    """One account that repeated a track of exactly a minute."""
    return Account(played(START, *[replace(TRACK, duration_ms=60_000)] * count), liked=())


def lost(profile: Profile, seed: int) -> int:
    return polling_loss(prompt_account(profile, seed, START, YEAR), START, YEAR).lost


@pytest.mark.parametrize("seed", [1])
def test_hourly_polling_loses_plays_of_the_hard_listener_and_none_of_the_moderate(seed: int) -> None:
    hard, moderate = lost(HARD, seed), lost(MODERATE, seed)
    print(f"seed {seed}: hourly polling loses {hard} plays of heavy with marathons in a year, {moderate} of moderate")

    assert hard > 0
    assert moderate == 0


def test_a_tenth_of_the_polls_missed_costs_the_hard_listener_more() -> None:
    end = START + timedelta(days=120)
    account = prompt_account(HARD, 2, START, end)

    assert polling_loss(account, START, end, missed_share=0.1).lost > polling_loss(account, START, end).lost


def test_polling_four_hourly_loses_of_the_heavy_listener_without_marathons_too() -> None:
    account = prompt_account(HEAVY, 1, START, START + timedelta(days=90))
    end = START + timedelta(days=90)

    assert polling_loss(account, START, end).lost == 0
    assert 0.005 < polling_loss(account, START, end, every=4 * HOURLY).share < 0.09


@pytest.mark.parametrize(("count", "pushed_out"), [(50, 0), (51, 1), (60, 10)])
def test_what_is_lost_is_what_newer_plays_pushed_out_between_two_polls(count: int, pushed_out: int) -> None:
    loss = polling_loss(looped(count), START, START + HOURLY)

    assert (loss.plays, loss.lost, loss.polls) == (count, pushed_out, 1)


def test_polling_twice_as_often_sees_them_all() -> None:
    assert polling_loss(looped(60), START, START + HOURLY, every=HOURLY / 2).lost == 0


def test_missed_polls_are_counted_drawn_from_the_seed_and_never_the_last() -> None:
    end = START + timedelta(days=40)
    one, again, other = (polling_loss(looped(1), START, end, missed_share=0.25, seed=seed) for seed in (1, 1, 2))
    all_missed = polling_loss(looped(1), START, end, missed_share=1.0)

    assert one == again != other
    assert one.polls + one.missed == 960
    assert 190 < one.missed < 290
    assert (all_missed.polls, all_missed.lost) == (1, 0)


def test_the_table_has_a_line_for_each_profile() -> None:
    lines = loss_table(1, START, 5).splitlines()

    assert [line.split()[0] for line in lines[2:]] == ["light", "moderate", "heavy", "heavy+marathons"]
    assert len({len(line) for line in lines[1:]}) == 1
