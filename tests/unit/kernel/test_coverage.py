"""The algebra of coverage: spans, folding, holes."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playledger.coverage import (
    HEALING_TAIL_MS,
    Hole,
    Span,
    Vouched,
    fold,
    fold_claims,
    healing,
    holes,
    uncovered,
    union,
    vouched,
)
from playledger.models import Claim, ExportSpan, from_ms, to_ms
from tests.support.builders import NOON

pytestmark = pytest.mark.unit

TWO_DAYS = HEALING_TAIL_MS


def claim(lo: int, hi: int, **fields: object) -> Claim:
    """A claim in milliseconds."""
    poll = fields.pop("poll", None)
    previous = from_ms(poll) if isinstance(poll, int) else None
    given = {"n": 50, "limit": 50, "server_now": from_ms(hi), "previous_poll": previous, **fields}
    return Claim(lo=from_ms(lo), hi=from_ms(hi), **given)


def span(lo: int, hi: int) -> ExportSpan:
    """An export file in milliseconds."""
    return ExportSpan(file_sha256="0", lo=from_ms(lo), hi=from_ms(hi), rows=1, ingested_at=NOON)


SPANS = st.lists(st.builds(lambda lo, length: Span(lo, lo + length), st.integers(0, 60), st.integers(0, 9)), max_size=8)


def moments(spans: list[Span]) -> set[int]:
    """All whole milliseconds covered."""
    return {moment for span in spans for moment in range(span.lo, span.hi + 1)}


@given(SPANS)
def test_a_union_covers_the_same_moments_in_disjoint_spans(spans: list[Span]):
    united = union(spans)
    assert moments(united) == moments(spans)
    assert all(left.hi < right.lo for left, right in pairwise(united))


def test_spans_that_touch_are_one():
    assert union([Span(5, 9), Span(1, 5)]) == [Span(1, 9)]
    assert union([Span(1, 4), Span(5, 9)]) == [Span(1, 4), Span(5, 9)]


def test_a_claim_vouches_from_its_oldest_to_its_newest_play():
    assert vouched(claim(100, 200)) == Vouched(100, 200)
    assert vouched(claim(100, 200, poll=50)) == Vouched(100, 200, 50)
    assert vouched(claim(100, 200, poll=100)) == Vouched(100, 200)
    assert vouched(claim(100, 200, is_short=True)) is None


def test_what_no_claim_vouches_for_is_a_hole_with_the_plays_that_fit_in():
    (hole,) = holes([claim(1_000, 2_000), claim(92_000, 93_000)])
    assert hole == Hole(2_000, 92_000)
    assert hole.lost_max == 3


def test_windows_that_share_a_play_leave_no_hole():
    assert holes([claim(1, 5), claim(5, 9)]) == []
    assert holes([]) == []
    assert holes([claim(1, 5)]) == []


def test_a_window_that_reaches_back_closes_no_hole_from_before_coverage_began():
    assert holes([claim(5, 5), claim(5, 60, reaches_back=True)]) == []
    assert holes([claim(1, 5), claim(50, 60, reaches_back=True)]) == [Hole(5, 50)]


def test_a_hole_knows_the_newest_quiet_poll_inside_it():
    polls = [claim(1, 10), claim(100, 110, poll=40), claim(100, 120, poll=60), claim(100, 130, poll=100)]
    assert holes(polls) == [Hole(10, 100, 60)]


@pytest.mark.parametrize("poll", [5, 10])
def test_a_poll_before_the_hole_is_not_inside_it(poll: int):
    assert holes([claim(1, 10), claim(100, 110, poll=poll)]) == [Hole(10, 100)]


def test_a_short_window_closes_no_hole():
    assert holes([claim(1, 10), claim(5, 100, is_short=True), claim(100, 110)]) == [Hole(10, 100)]


def test_an_export_heals_its_own_span_less_two_days():
    assert healing(span(100, 100 + TWO_DAYS)) is None
    assert healing(span(100, 101 + TWO_DAYS)) == Span(100, 101)
    polls = [claim(0, 1_000), claim(9_000, 9_500, poll=8_500)]
    assert holes(polls, [span(3_000, 5_000 + TWO_DAYS)]) == [Hole(1_000, 3_000), Hole(5_000, 9_000, 8_500)]
    assert holes(polls, [span(500, 8_600 + TWO_DAYS)]) == [Hole(8_600, 9_000)]
    assert holes(polls, [span(8_000, 9_000 + TWO_DAYS)]) == [Hole(1_000, 8_000)]
    assert holes(polls, [span(1_000, 9_000 + TWO_DAYS)]) == []
    assert holes(polls, [span(9_000, 9_500 + TWO_DAYS), span(0, 1_000 + TWO_DAYS)]) == [Hole(1_000, 9_000, 8_500)]


CLAIMS = st.lists(
    st.builds(
        lambda lo, length, poll, short: claim(lo, lo + length, poll=poll, is_short=short),
        st.integers(0, 40),
        st.integers(0, 5),
        st.one_of(st.none(), st.integers(0, 60)),
        st.sampled_from([False, False, True]),
    ),
    max_size=10,
)


@given(CLAIMS, st.lists(st.integers(0, 10), max_size=3), st.randoms(use_true_random=False))
def test_folding_in_parts_and_in_any_order_gives_the_same_holes(
    claims: list[Claim], cuts: list[int], chance: random.Random
):
    shuffled = [*claims]
    chance.shuffle(shuffled)
    edges = [0, *sorted(cuts), len(shuffled)]
    months = [fold_claims(shuffled[lo:hi]) for lo, hi in pairwise(edges)]
    folded = fold(part for month in months for part in month)
    assert folded == fold_claims(claims)
    assert fold(folded) == folded
    assert uncovered(folded, []) == holes(claims)


@given(CLAIMS)
def test_holes_and_spans_share_no_moment_and_leave_none_out(claims: list[Claim]):
    known = fold_claims(claims)
    covered = moments([Span(part.lo, part.hi) for part in known])
    missing = {moment for hole in holes(claims) for moment in range(hole.after + 1, hole.before)}
    assert not covered & missing
    if known:
        assert covered | missing == set(range(known[0].lo, known[-1].hi + 1))


def test_a_fold_of_hourly_polls_is_one_span():
    start = to_ms(NOON)
    hour = int(timedelta(hours=1).total_seconds() * 1000)
    polls = [claim(start + hour * number, start + hour * (number + 3)) for number in range(700)]
    assert fold_claims(polls) == [Vouched(start, start + hour * 702)]
