"""Runs the checks and the tests in tiers, the cheap ones first; measures each against its allotment and sums all up.

`python tests/tiers.py [TIER ...]` runs those named, without names all. A tier over its allotment is told, not failed.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]
LINTERS = (["black", "--check", "--quiet", "."], ["ruff", "check", "--quiet", "."], ["mypy", "--no-error-summary"])
NO_TESTS = 5
"""pytest's exit code where nothing was collected."""


@dataclass(frozen=True)
class Tier:
    """Tests that belong together by marker, where they lie, and the seconds they should fit in on two cores."""

    name: str
    allotment: int
    marker: str
    folders: tuple[str, ...]
    order: tuple[str, ...] = ()
    """Options for the order in which pytest-xdist hands files out; without, those with most tests come first."""


TIERS = (
    Tier(
        "unit",
        60,
        "not (simulation or processes or aws or browser)",
        ("unit", "contracts", "sql", "house", "functional"),
    ),
    Tier("simulation", 90, "simulation", ("simulation",)),
    Tier("processes", 60, "processes", ("processes",)),
    Tier(
        "aws", 180, "aws", ("aws", "contracts"), ("--no-loadscope-reorder",)
    ),  # its longest come first: tests/aws/conftest.py
    Tier("browser", 180, "browser", ("browser",)),
)


@dataclass
class Outcome:
    """What a tier came to."""

    name: str
    allotment: int
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def line(self) -> str:
        """One line for people."""
        over = "   over its allotment" if self.seconds > self.allotment else ""
        counts = f"{self.passed:6} passed {self.failed:4} failed {self.skipped.total():4} skipped"
        return f"{self.name:11}{counts} {self.seconds:8.1f} s of {self.allotment}, {self.cpu_seconds:.0f} of CPU{over}"


def lint() -> Outcome:
    """Format, lint and types; each tool counts as one."""
    outcome = Outcome("lint", 30)
    for command in LINTERS:
        print(f"$ {' '.join(command)}", flush=True)
        code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode
        outcome.passed += code == 0
        outcome.failed += code != 0
    return outcome


def run(tier: Tier) -> Outcome:
    """The tier's tests in a process of their own."""
    if tier.name == "aws":
        subprocess.run([sys.executable, "-m", "tests.support.built"], cwd=ROOT, check=False)  # tests have no network
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        folders = [f"tests/{folder}" for folder in tier.folders if any((ROOT / "tests" / folder).rglob("test_*.py"))]
        command = ["pytest", "-q", "-n", "2", "--dist", "loadfile", *tier.order, "--durations=3", "--durations-min=5"]
        command += ["-m", tier.marker, *folders]
        print(f"$ {' '.join(command)}", flush=True)
        code = _ended([sys.executable, "-m", *command, f"--junit-xml={report}"], 10 * tier.allotment)
        return _read(report, code, Outcome(tier.name, tier.allotment))


def _ended(command: list[str], patience: int) -> int:
    """Exit code of the command; what hangs beyond `patience` seconds is ended and has failed."""
    try:
        return subprocess.run(command, cwd=ROOT, check=False, timeout=patience).returncode
    except subprocess.TimeoutExpired:
        print(f"ended after {patience} s", flush=True)
        return 1


def _read(report: Path, code: int, outcome: Outcome) -> Outcome:
    """Fills in the counts of a JUnit report; a run that ended badly without one counts as one failure."""
    cases = ET.parse(report).iter("testcase") if report.exists() else ()  # noqa: S314 - pytest wrote it
    for case in cases:
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skipped is not None and skipped.get("type") != "pytest.xfail":
            outcome.skipped[skipped.get("message", "")] += 1
        else:
            outcome.passed += 1
    if code not in (0, NO_TESTS) and not outcome.failed:
        outcome.failed = 1
    return outcome


def measured(name: str) -> Outcome:
    started, used = time.monotonic(), _cpu_seconds()
    outcome = lint() if name == "lint" else run(next(tier for tier in TIERS if tier.name == name))
    outcome.seconds, outcome.cpu_seconds = time.monotonic() - started, _cpu_seconds() - used
    return outcome


def _cpu_seconds() -> float:
    """What the processes that ended so far have used: on a busy machine it tells more than the clock."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(names: list[str], measure: Callable[[str], Outcome] = measured) -> int:
    """Runs the tiers named, tells what each came to, and closes with one line over all of them."""
    known = ["lint", *(tier.name for tier in TIERS)]
    if unknown := set(names) - set(known):
        print(f"no such tier: {', '.join(sorted(unknown))}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    outcomes = [measure(name) for name in names or known]
    print()
    print("\n".join(outcome.line for outcome in outcomes))
    skipped = sum((outcome.skipped for outcome in outcomes), Counter())
    for reason, count in sorted(skipped.items()):
        print(f"skipped {count}: {reason}")
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"\n{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed, {skipped.total()} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
