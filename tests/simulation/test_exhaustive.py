"""The n-th side effect fails, for n = 1, 2, 3 ... until a run never gets there; then two of them; with twins too."""

import os

import pytest

from tests.simulation import runner
from tests.simulation.faults import MODES, PAIRS
from tests.simulation.runner import Sum
from tests.simulation.scenarios import SCENARIOS

pytestmark = pytest.mark.simulation

IS_FULL = os.environ.get("PLAYLEDGER_SIMULATION") == "full"
LONGEST_S = 4 * 3600
"""A whole run takes some twenty minutes on two quiet cores; on a busy machine it is slow, not stuck."""
LEAST_PAIRS = 20_000 if IS_FULL else 200
ONE_IN = 2 if IS_FULL else 200
"""Of all pairs one in so many is run."""


@pytest.mark.timeout(LONGEST_S)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_single_fault_at_any_side_effect_violates_an_invariant(scenario: str) -> None:
    total = runner.singles(scenario)
    print(f"{total.runs} single faults")
    assert not total.broken, total.report()
    assert total.runs > 200
    struck = {mode for mode in MODES if any(total.tally[f"{site}|{mode}"] for site, _ in PAIRS)}
    assert struck == set(MODES)


@pytest.fixture(scope="module")
def pairs() -> Sum:
    """Pairs in both scenarios."""
    return runner.pairs("alone", every=ONE_IN) + runner.pairs("twins", every=ONE_IN)


@pytest.mark.timeout(LONGEST_S)
def test_no_pair_of_faults_violates_an_invariant(pairs: Sum) -> None:
    print(f"{pairs.runs} pairs of faults")
    assert not pairs.broken, pairs.report()
    assert pairs.runs >= LEAST_PAIRS
