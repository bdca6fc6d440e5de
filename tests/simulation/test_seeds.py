"""Random seeds: each draws a listener, a schedule and a weather; none may violate anything, together they visit all."""

import os

import pytest

from tests.simulation import runner
from tests.simulation.faults import ANSWERS, PAIRS
from tests.simulation.runner import Sum

pytestmark = pytest.mark.simulation

IS_FULL = os.environ.get("PLAYLEDGER_SIMULATION") == "full"
LONGEST_S = 4 * 3600
"""A whole run takes some twenty minutes on two quiet cores; on a busy machine it is slow, not stuck."""
WHOLE = 10_000
SEEDS = WHOLE if IS_FULL else 240

HITS = 100
"""So often each fault must strike in a whole run; in a part of it, a quarter as often in proportion."""

MISSED = 0.03
"""In a part of a whole run so many of the faults, the rarest ones, may be missed."""

RUNS = 50
"""In so many seeds of a whole run each rare branch must be visited; in a part of it, a quarter in proportion."""

FAULTS = (*(f"{site}|{mode}" for site, mode in PAIRS), *(f"answer|{mode}" for mode in ANSWERS))
"""Everything that can go wrong, by the name it is counted by."""

BRANCHES = {
    "without the state store": "branch cold-only",
    "spooled": "branch spool",
    "somebody else committed first": "raised hot.commit StateConflict",
    "started over from a newer state": "poll conflicts",
    "plays were in the hot store already": "raised hot.commit PlaysAlreadyStored",
    "committed without them": "poll already_stored",
    "gap": "gaps",
    "possible gap": "branch possible gap",
    "gap told by the poll": "poll gap",
    "first poll": "branch bootstrap",
    "plays on two dates": "branch straddle",
    "expired before it was committed": "branch TTL skip",
    "quarantine": "branch quarantine",
    "stale window": "answer|stale",
    "short list": "answer|short",
    "short list told by the poll": "poll short_window",
    "small overlap told by the poll": "poll small_overlap",
    "two saved a token": "raised tokens.save StateConflict",
    "dead refresh token": "branch refresh refused",
    "login refused": "branch reauth",
    "state lost": "branch state lost",
    "rebuilt": "branch rebuilt",
    "blocked": "outcome blocked",
    "nothing new": "outcome idle",
    "killed at its time limit": "branch killed at its time limit",
    "the night carried plays to the journal": "night to_journal",
    "the night carried claims to the journal": "night claims",
    "the night withheld a claim": "night withheld",
    "the night filled the hot store": "night to_hot",
}

MOST_EMPTY = 0.10
"""Share of reported gaps in which nothing was lost."""


@pytest.fixture(scope="module")
def total() -> Sum:
    """All seeds of this run."""
    return runner.seeds(0, SEEDS)


@pytest.mark.timeout(LONGEST_S)
def test_no_seed_violates_an_invariant(total: Sum) -> None:
    print(f"{total.runs} seeds, {total.tally['invocations']} invocations, {total.tally['gaps']} gaps")
    assert not total.broken, total.report()


def test_every_fault_struck_every_side_effect_often_enough(total: Sum) -> None:
    missed = total.too_seldom(FAULTS, {}, hits=least(HITS), runs=0)
    print(f"least hit: {sorted((total.tally[name], name) for name in FAULTS)[:5]}")
    assert len(missed) <= (0 if IS_FULL else MISSED * len(FAULTS)), missed


def test_every_rare_branch_was_visited_in_enough_seeds(total: Sum) -> None:
    print({what: total.visited[name] for what, name in BRANCHES.items()})
    assert total.too_seldom((), BRANCHES, hits=0, runs=least(RUNS)) == []


def test_hardly_a_gap_is_empty(total: Sum) -> None:
    empty, gaps = total.tally["gaps empty"], total.tally["gaps"]
    print(f"{empty} of {gaps} gaps were empty")
    assert gaps > least(RUNS)
    assert empty <= MOST_EMPTY * gaps


def least(whole: int) -> float:
    """What a run of this size must reach of what a whole run must."""
    return whole if SEEDS >= WHOLE else max(1.0, whole * SEEDS / WHOLE / 4)
