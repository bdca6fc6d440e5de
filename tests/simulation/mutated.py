"""A process of its own for one mutant: installs it, then runs one tier. Exit code 10 where the tier catches it.

`python -m tests.simulation.mutated NAME TIER`
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.simulation.mutants import BY_NAME
from tests.simulation.mutation import ROOT, install

CAUGHT, SURVIVED = 10, 0
"""Exit codes. A process that breaks for another reason ends with 1, which proves nothing."""
SEEDS = 60
SUITES = {
    "adapters/hot_store.py": "tests/contracts/test_hot_store.py",
    "adapters/journal.py": "tests/contracts/test_journal.py",
}


def directed(path: str) -> bool:
    """Whether a directed case fails; those of the night first where the night is broken."""
    suites = ["tests/simulation/test_directed_capture.py", "tests/simulation/test_directed_night.py"]
    return _fails(suites[::-1] if path.startswith("settlement") else suites)


def contract(path: str) -> bool:
    """Whether the contract suite of the adapter fails on its laptop implementation."""
    return _fails([SUITES[path], "-k", "laptop"])


def _fails(selected: list[str]) -> bool:
    import pytest

    code = pytest.main(["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", *selected])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"pytest could not run: {code}")
    return code == pytest.ExitCode.TESTS_FAILED


def exhaustive() -> bool:
    """Whether a single fault, with a twin running, violates something."""
    from tests.simulation.runner import Sum, single_faults
    from tests.simulation.scenarios import SCENARIOS

    for name in ("twins", "alone"):
        total = Sum()
        for fault in [None, *single_faults(name)]:
            total.take(SCENARIOS[name], [fault] if fault else [])
            if total.broken:
                print(total.report())
                return True
    return False


def random() -> bool:
    """Whether one of the first seeds violates something."""
    from tests.simulation.runner import Sum
    from tests.simulation.scripts import draw

    total = Sum()
    for seed in range(SEEDS):
        total.take(draw(seed), None)
        if total.broken:
            print(total.report())
            return True
    return False


def run(arguments: list[str], output: Path) -> None:
    """The same in a forked process, whose output goes to a file."""
    os.chdir(ROOT)
    with output.open("w", encoding="utf-8") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.exit(main(arguments))


def main(arguments: list[str]) -> int:
    """Runs the tier against the mutant."""
    name, tier = arguments
    mutant = BY_NAME[name]
    install(mutant)
    tiers: dict[str, Callable[[], bool]] = {
        "directed": lambda: directed(mutant.path),
        "exhaustive": exhaustive,
        "random": random,
        "contract": lambda: contract(mutant.path),
    }
    return CAUGHT if tiers[tier]() else SURVIVED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
