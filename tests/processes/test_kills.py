"""Real processes over a real home folder, killed at a counted side effect and started again: the same bytes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.hot_store import SqliteHotStore
from adapters.token_store import FileTokenStore
from playledger.models import IngestionState, PlayEvent, format_instant
from simulator import Account, SimulatedSpotify, VirtualClock, serve
from tests.processes.steps import EVENING, STEPS, listened

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
IS_FULL = os.environ.get("PLAYLEDGER_SIMULATION") == "full"
KILLS = 200 if IS_FULL else 20
NEVER = 0

Undisturbed = tuple[Path, dict[str, bytes], list[str]]
"""Home, files and points of a run that nobody killed."""


class Child:
    """One child process over a home, and the clock it lives by."""

    def __init__(self, home: Path, spotify: SimulatedSpotify, clock: VirtualClock) -> None:
        self._home = home
        self._spotify = spotify
        self._clock = clock
        self.reached = 0
        self.points: list[str] = []

    def run(self, kill_at: int) -> bool:
        """Lives on from the step it died in. False where it was killed again."""
        given = (self._home, self._spotify.api_url, self._spotify.accounts_url, self._spotify.client_id)
        command = [sys.executable, "-m", "tests.processes.child", *map(str, given), str(self.reached), str(kill_at)]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            for line in process.stdout:
                self._heard(process, *line.split(" ", 1))
            errors = process.stderr.read() if process.stderr else ""
        assert process.returncode in (0, -9), errors
        return process.returncode == 0

    def _heard(self, process: subprocess.Popen[str], word: str, rest: str) -> None:
        if word == "points":
            self.points = json.loads(rest)
            return
        self.reached = int(rest)
        self._clock.set(STEPS[self.reached].now)
        assert process.stdin
        process.stdin.write(format_instant(self._clock.now) + "\n")
        process.stdin.flush()


def life(home: Path, kill_at: int) -> tuple[dict[str, bytes], list[str], bool]:
    """A whole run, killed once: all files of journal and tables, its points, and whether it died."""
    clock = VirtualClock(EVENING)
    with serve(Account(listened(), liked=()), clock=clock) as spotify:
        FileTokenStore(home / "token.json").save(spotify.login(), None)
        child = Child(home, spotify, clock)
        died = not child.run(kill_at)
        if died:
            assert child.run(NEVER), "killed a second time"
    return dict(_files(home)), child.points, died


def _files(home: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted([*(home / "journal").rglob("*.gz"), *(home / "tables").rglob("*.*")]):
        if not file.name.startswith(".tmp-") and file.is_file():
            yield str(file.relative_to(home)), file.read_bytes()


def kept(home: Path) -> tuple[list[PlayEvent], IngestionState | None]:
    """Hot plays and state of a home."""
    store = SqliteHotStore(home / "state.sqlite", 30)
    try:
        return list(store.plays(STEPS[-1].now)), store.load_state()
    finally:
        store.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run that nobody kills."""
    home = tmp_path_factory.mktemp("undisturbed")
    files, points, died = life(home, NEVER)
    assert not died
    return home, files, points


def test_the_days_that_are_lived_through_have_something_of_everything(
    undisturbed: Undisturbed,
) -> None:
    home, files, points = undisturbed
    plays, state = kept(home)
    assert len(points) > 200
    assert {"before put", "after commit", "os.link", "os.rename", "commit"} <= set(points)
    assert state is not None
    assert state.window_max == 50
    assert len(plays) > 100
    assert {name.split("/")[1].split("=")[0] for name in files if name.startswith("journal")} == {"dt"}
    assert any(name.startswith("tables/gaps") for name in files)
    assert any(play.is_late for play in plays)


@pytest.mark.timeout(600)
def test_a_process_killed_at_any_side_effect_and_started_again_leaves_the_same_bytes(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    home, files, points = undisturbed
    chosen = sorted({1 + round(number * (len(points) - 1) / (KILLS - 1)) for number in range(KILLS)})
    print(f"{len(chosen)} kills at {len(points)} points")

    def differs(point: int) -> str:
        other = tmp_path / f"killed-at-{point}"
        other.mkdir(mode=0o700)
        after, _, died = life(other, point)
        if not died:
            return f"point {point} was never reached"
        if after != files:
            odd = sorted(name for name in after.keys() | files.keys() if after.get(name) != files.get(name))
            return f"killed at point {point} ({points[point - 1]}): {odd} differ"
        return (
            "" if kept(other) == kept(home) else f"killed at point {point} ({points[point - 1]}): the hot store differs"
        )

    with ThreadPoolExecutor(2) as pool:
        failures = [text for text in pool.map(differs, chosen) if text]
    assert not failures, "\n".join(failures)
