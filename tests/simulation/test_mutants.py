"""Every hand-broken protocol is caught, and by the tier that is said to catch it."""

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.simulation import mutated
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Mutant

pytestmark = pytest.mark.simulation

IS_FULL = os.environ.get("PLAYLEDGER_SIMULATION") == "full"
TIERS = ("directed", "exhaustive", "random")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["greenlet", "pydantic", "pytest", "requests", "spotipy"])
"""Each mutant gets a process into which nothing of the project has been imported, and all that others wrote has."""


def outcome(mutant: Mutant, tier: str, folder: Path) -> tuple[int | None, str]:
    """Exit code and output of one tier against one mutant."""
    output = folder / f"{mutant.name} - {tier}"
    process = FORKS.Process(target=mutated.run, args=([mutant.name, tier], output))
    process.start()
    process.join()
    return process.exitcode, output.read_text("utf-8")


def test_there_are_mutants_of_every_kind_and_their_names_are_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 12
    assert {mutant.tier for mutant in MUTANTS} == {*TIERS, "contract"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_patch_applies_exactly_once_and_gives_a_module(mutant: Mutant) -> None:
    compile(mutant.source(), mutant.path, "exec")


OF_CAPTURE = [mutant for mutant in MUTANTS if mutant.path.startswith("ingestion/")]
"""The others are in test_mutants_elsewhere: files are tested side by side."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", OF_CAPTURE, ids=lambda mutant: f"{mutant.name} - {mutant.tier}")
def test_every_mutant_of_capture_is_caught_by_the_tier_it_names(mutant: Mutant, tmp_path: Path) -> None:
    code, output = outcome(mutant, mutant.tier, tmp_path)
    assert code == mutated.CAUGHT, output[-3000:]


@pytest.mark.skipif(not IS_FULL, reason="needs PLAYLEDGER_SIMULATION=full: tries every tier on every mutant")
def test_which_other_tiers_would_catch_them_is_told(tmp_path: Path) -> None:
    tested = [mutant for mutant in MUTANTS if mutant.tier != "contract"]
    jobs = [(mutant, tier) for mutant in tested for tier in TIERS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(lambda job: outcome(*job, tmp_path)[0], jobs))
    caught = {(mutant.name, tier): code == mutated.CAUGHT for (mutant, tier), code in zip(jobs, codes, strict=True)}
    for mutant in tested:
        print(f"{mutant.name:52}" + "".join(f"{tier if caught[mutant.name, tier] else '-':13}" for tier in TIERS))
    print({tier: sum(caught[mutant.name, tier] for mutant in tested) for tier in TIERS}, "of", len(tested))
    assert [mutant.name for mutant in tested if not caught[mutant.name, mutant.tier]] == []
