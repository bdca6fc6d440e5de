"""Every hand-broken protocol is caught, and by the tier that is said to catch it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Mutant

pytestmark = pytest.mark.simulation

ROOT = Path(__file__).parents[2]
IS_FULL = os.environ.get("PLAYLEDGER_SIMULATION") == "full"
TIERS = ("directed", "exhaustive", "random")
CAUGHT, SURVIVED = 1, 0


def outcome(mutant: Mutant, tier: str) -> tuple[int, str]:
    """Exit code and output of one tier against one mutant."""
    command = [sys.executable, "-m", "tests.simulation.mutated", mutant.name, tier]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_there_are_mutants_of_every_kind_and_their_names_are_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 12
    assert {mutant.tier for mutant in MUTANTS} == {*TIERS, "contract"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_patch_applies_exactly_once_and_gives_a_module(mutant: Mutant) -> None:
    compile(mutant.source(), mutant.path, "exec")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.name} - {mutant.tier}")
def test_every_mutant_is_caught_by_the_tier_it_names(mutant: Mutant) -> None:
    code, output = outcome(mutant, mutant.tier)
    assert code == CAUGHT, output[-3000:]


@pytest.mark.skipif(not IS_FULL, reason="needs PLAYLEDGER_SIMULATION=full: tries every tier on every mutant")
def test_each_tier_catches_many_of_them_and_which_is_told() -> None:
    tested = [mutant for mutant in MUTANTS if mutant.tier != "contract"]
    jobs = [(mutant, tier) for mutant in tested for tier in TIERS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(lambda job: outcome(*job)[0], jobs))
    caught = {(mutant.name, tier): code == CAUGHT for (mutant, tier), code in zip(jobs, codes, strict=True)}
    for mutant in tested:
        print(f"{mutant.name:52}" + "".join(f"{tier if caught[mutant.name, tier] else '-':13}" for tier in TIERS))
    assert all(sum(caught[mutant.name, tier] for mutant in tested) >= len(tested) / 3 for tier in TIERS)
