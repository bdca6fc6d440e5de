"""Marrying polled and exported rows of one recording."""

import random
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.matching import FARTHEST_MS, NEAR_MS, Chain, Sighting, chains, tolerance

pytestmark = pytest.mark.unit

SECOND = 1000


def at(*seconds: float, length: int | None = 0) -> list[Sighting]:
    return [Sighting(int(moment * SECOND), length) for moment in seconds]


def pairs(polled: Sequence[Sighting], exported: Sequence[Sighting]) -> list[tuple[int, int]]:
    return sorted(pair for chain in chains(polled, exported) for pair in chain.pairs)


def best_by_trial(polled: Sequence[Sighting], exported: Sequence[Sighting], most: int | None) -> tuple[int, int]:
    """Pairs and distance of the best matching that does not cross, found by trying all; `most` limits distances."""
    best = (0, 0)
    for count in range(1, min(len(polled), len(exported)) + 1):
        for lefts in combinations(polled, count):
            for rights in combinations(exported, count):
                apart = [abs(left.at - right.at) for left, right in zip(lefts, rights, strict=True)]
                limits = [
                    most if most is not None else tolerance(left, right)
                    for left, right in zip(lefts, rights, strict=True)
                ]
                if all(distance <= limit for distance, limit in zip(apart, limits, strict=True)):
                    best = max(best, (count, -sum(apart)))
    return best


def test_the_nearest_is_married_and_the_other_stays_alone():
    assert pairs(at(100), at(60, 110)) == [(0, 1)]


def test_as_many_as_possible_are_married_even_where_one_alone_would_be_nearer():
    assert pairs(at(100, 150), at(70, 101)) == [(0, 0), (1, 1)]


def test_pairs_do_not_cross():
    assert pairs(at(100, 101), at(102, 103)) == [(0, 0), (1, 1)]


@pytest.mark.parametrize(("apart", "married"), [(90, True), (90.001, True), (120, True), (120.001, False)])
def test_a_track_of_unknown_length_may_lie_two_minutes_off(apart: float, married: bool):
    assert bool(pairs(at(1000), at(1000 + apart))) is married
    assert bool(pairs(at(1000 + apart), at(1000))) is married


@pytest.mark.parametrize(("apart", "married"), [(320, True), (320.001, False)])
def test_what_is_left_may_lie_apart_by_the_tracks_length_and_two_minutes(apart: float, married: bool):
    assert bool(pairs(at(1000, length=200_000), at(1000 + apart, length=1))) is married
    assert bool(pairs(at(1000, length=None), at(1000 + apart, length=200_000))) is married


def test_no_pair_lies_farther_apart_than_a_day():
    day = FARTHEST_MS / SECOND
    assert pairs(at(0, length=10 * FARTHEST_MS), at(day)) == [(0, 0)]
    assert pairs(at(0, length=10 * FARTHEST_MS), at(day + 0.001)) == []


def test_near_pairs_are_made_before_far_ones_even_if_fewer_rows_find_a_partner():
    # 100-130 is near; making it leaves 0 and 250 too far apart, where 0-130 and 100-250 would have made two far pairs.
    assert pairs(at(0, 100, length=30_000), at(130, 250, length=0)) == [(1, 0)]


def test_of_equal_ways_the_earlier_rows_win():
    assert pairs(at(100), at(90, 110)) == [(0, 0)]
    assert pairs(at(90, 110), at(100)) == [(0, 0)]


def test_chains_tell_every_row_they_hold_and_leave_out_rows_without_any_possible_partner():
    assert chains(at(0, 100, 5000), at(50, 9000)) == [Chain((0, 1), (0,), ((0, 0),))]


def test_rows_of_one_side_alone_make_no_chain():
    assert chains(at(0, 60, 120), []) == []
    assert chains([], at(0, 60, 120)) == []


SECONDS = st.lists(st.integers(0, 900), max_size=5, unique=True).map(sorted)


@given(SECONDS, SECONDS, st.sampled_from([0, 30_000, 200_000]))
def test_no_other_matching_has_more_near_pairs_nor_nearer_ones(left: list[int], right: list[int], length: int):
    polled, exported = at(*left, length=length), at(*right)
    found = pairs(polled, exported)
    apart = {pair: abs(polled[pair[0]].at - exported[pair[1]].at) for pair in found}
    near = [pair for pair in found if apart[pair] <= NEAR_MS]
    assert (len(near), -sum(apart[pair] for pair in near)) == best_by_trial(polled, exported, NEAR_MS)
    rest_polled = [row for number, row in enumerate(polled) if number not in dict(near)]
    rest_exported = [row for number, row in enumerate(exported) if number not in {pair[1] for pair in near}]
    far = [pair for pair in found if pair not in near]
    assert (len(far), -sum(apart[pair] for pair in far)) == best_by_trial(rest_polled, rest_exported, None)


@given(SECONDS, SECONDS)
def test_what_is_in_no_chain_with_the_others_can_be_left_out(left: list[int], right: list[int]):
    polled, exported = at(*left), at(*right)
    for chain in chains(polled, exported):
        alone = chains([polled[i] for i in chain.polled], [exported[i] for i in chain.exported])
        renamed = [(chain.polled[a], chain.exported[b]) for a, b in alone[0].pairs]
        assert len(alone) == 1
        assert sorted(renamed) == list(chain.pairs)


def test_a_track_on_repeat_is_married_play_by_play_in_one_long_chain():
    chance = random.Random("on repeat")
    ends = [number * 60 * SECOND for number in range(1, 20_001)]
    seen = sorted({end + chance.randint(-60, 60) * SECOND + number % 997 for number, end in enumerate(ends)})
    found = chains([Sighting(moment, 60_000) for moment in seen], [Sighting(end, 60_000) for end in ends])
    assert [len(chain.pairs) for chain in found] == [len(seen)]
