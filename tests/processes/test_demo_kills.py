"""The demo, killed again and again and started again, ends in the tables and the page's data of an undisturbed one."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

KILLS = 10
REPOSITORY = Path(__file__).parents[2]


def run(home: Path, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
    """One start of the demo; it dies at the moment `kill_at`, 0 lets it live."""
    command = [sys.executable, "-m", "tests.processes.demo_child", str(home), str(kill_at)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)


def contents(home: Path) -> dict[str, bytes]:
    """Everything that is derived, the journal, and the published document, by path."""
    files = [path for folder in ("journal", "tables", "site") for path in sorted((home / folder).rglob("*"))]
    return {str(path.relative_to(home)): path.read_bytes() for path in files if path.is_file()}


@pytest.mark.timeout(600)
def test_killed_at_ten_counted_moments_the_demo_ends_the_same(tmp_path: Path) -> None:
    undisturbed = run(tmp_path / "undisturbed")
    assert undisturbed.returncode == 0, undisturbed.stderr
    points = int(undisturbed.stdout.rsplit("points ", 1)[1])
    disturbed, kills = tmp_path / "disturbed", 0
    for number in range(1, KILLS + 1):
        killed = run(disturbed, points // (KILLS + 4) + number)
        assert killed.returncode in (-9, 0), killed.stderr
        kills += killed.returncode == -9
    print(f"{points} moments counted, {kills} kills")
    last = run(disturbed)
    assert last.returncode == 0, last.stderr
    assert kills == KILLS
    whole = contents(tmp_path / "undisturbed")
    ended = {path: body for path, body in contents(disturbed).items() if ".tmp-" not in path}
    assert sorted(ended) == sorted(whole)
    assert [path for path in whole if ended[path] != whole[path]] == []
