"""Every protocol that is broken by hand outside of capture is caught, and by the tier that is said to catch it."""

from pathlib import Path

import pytest

from tests.simulation import mutated
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Mutant
from tests.simulation.test_mutants import OF_CAPTURE, outcome

pytestmark = pytest.mark.simulation

ELSEWHERE = [mutant for mutant in MUTANTS if mutant not in OF_CAPTURE]


def test_both_files_have_some() -> None:
    assert OF_CAPTURE
    assert ELSEWHERE


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", ELSEWHERE, ids=lambda mutant: f"{mutant.name} - {mutant.tier}")
def test_every_mutant_is_caught_by_the_tier_it_names(mutant: Mutant, tmp_path: Path) -> None:
    code, output = outcome(mutant, mutant.tier, tmp_path)
    assert code == mutated.CAUGHT, output[-3000:]
