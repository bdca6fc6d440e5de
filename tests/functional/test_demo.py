"""What the demo leaves can be thrown away and made again; a question's text decides its number and no other."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.demo import LAST_DAY, run_demo

pytestmark = [pytest.mark.functional, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).parents[2]
NIGHT = f"{LAST_DAY.replace(day=31)}T23:30:00Z"
ZONE = "Europe/Stockholm"
METADATA = ("tracks", "artists", "playlists")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a finished demo of a fortnight."""
    home = tmp_path_factory.mktemp("demo") / "home"
    run_demo(home, zone=ZONE, export=None, port=0, fresh=False, keep_serving=False, years=0)
    return home


@pytest.fixture
def copy(demo: Path, tmp_path: Path) -> Path:
    """A copy of it to take apart."""
    return Path(shutil.copytree(demo, tmp_path / "home"))


def aggregate(home: Path) -> None:
    """The night, as the demo ran it."""
    (home / "config.toml").write_text('mode = "demo"\n')
    assert run(["--home", str(home), "--zone", ZONE, "--now", NIGHT, "aggregate", "--json"]) == 0


def document(home: Path) -> bytes:
    """The published document."""
    return (home / "site" / "dashboard_data.json").read_bytes()


def tables(home: Path) -> dict[str, bytes]:
    """Every derived object by its path, what is metadata left out."""
    files = [path for path in sorted((home / "tables").rglob("*.*")) if path.is_file()]
    named = {str(path.relative_to(home)): path.read_bytes() for path in files}
    return {name: body for name, body in named.items() if name.split("/")[1] not in METADATA and "/.lock" not in name}


def forget_tables(home: Path) -> None:
    """Deletes everything derived."""
    for folder in (home / "tables").iterdir():
        if folder.name not in METADATA and folder.is_dir():
            shutil.rmtree(folder)
    shutil.rmtree(home / "site")


def test_from_the_journal_alone_come_the_same_plays_and_the_same_document(demo: Path, copy: Path) -> None:
    forget_tables(copy)
    aggregate(copy)
    assert tables(copy) == tables(demo)
    assert document(copy) == document(demo)


def test_without_the_state_the_same_plays_come_back_and_only_the_last_check_is_older(demo: Path, copy: Path) -> None:
    forget_tables(copy)
    for path in copy.glob("state.sqlite*"):
        path.unlink()
    assert run(["--home", str(copy), "--now", NIGHT, "rebuild", "--json"]) == 0
    aggregate(copy)
    before, after = json.loads(document(demo)), json.loads(document(copy))
    assert tables(copy) == tables(demo)
    assert after["last_poll_at"] <= before["last_poll_at"]
    clocks = ("last_poll_at", "next_poll_at")
    assert {name: after[name] for name in after if name not in clocks} == {
        name: before[name] for name in before if name not in clocks
    }


def test_a_night_in_which_nothing_changed_writes_no_table(copy: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (copy / "tables").rglob("*.gz")}
    aggregate(copy)
    assert {path: path.stat().st_mtime_ns for path in (copy / "tables").rglob("*.gz")} == before


def test_a_changed_constant_in_one_question_changes_its_number_and_nothing_else(
    demo: Path, copy: Path, tmp_path: Path
) -> None:
    house = tmp_path / "house"
    shutil.copytree(REPOSITORY / "sql", house / "sql", ignore=shutil.ignore_patterns("__pycache__"))
    file = house / "sql" / "dashboard" / "health.sql"
    text = file.read_text()
    assert "sum(late_arrivals)" in text
    file.write_text(text.replace("sum(late_arrivals)", "1000 + sum(late_arrivals)"))
    (copy / "config.toml").write_text('mode = "demo"\n')
    command = [sys.executable, "-m", "cli", "--home", str(copy), "--zone", ZONE, "--now", NIGHT, "aggregate"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{house}:{REPOSITORY}"}, check=True)
    before, after = json.loads(document(demo)), json.loads(document(copy))
    assert after["health"].pop("late_arrivals") == before["health"].pop("late_arrivals") + 1000
    assert _without_text(after) == _without_text(before)
    assert [name for name in after["questions"] if after["questions"][name] != before["questions"][name]] == [
        "dashboard/health"
    ]
    assert tables(copy) == tables(demo)


def _without_text(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "questions"}


def test_every_command_answers_over_the_finished_demo(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    front = ["--home", str(demo), "--zone", ZONE, "--now", NIGHT]
    asked = "select count(*) as plays, count(distinct play_key) as keys from plays"
    assert run([*front, "query", asked, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["plays"] == row["keys"] > 0
    assert run([*front, "status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["plays"] == row["plays"]
    assert status["gaps"] == 1
    assert run([*front, "gaps", "--json"]) == 0
    (gap,) = json.loads(capsys.readouterr().out)["gaps"]
    assert gap["after"] < gap["before"]
    assert run([*front, "gaps"]) == 0
    assert f"0 to {gap['lost_max']}" in capsys.readouterr().out
    assert run([*front, "quarantine"]) == 0
    assert "empty" in capsys.readouterr().out
    assert run([*front, "query", asked, "--csv"]) == 0
    assert capsys.readouterr().out.splitlines() == ["plays,keys", f"{row['plays']},{row['keys']}"]


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert run(["--home", str(tmp_path), "demo", "--no-serve"]) == 13
    assert str(tmp_path) in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_help_teaches_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for command in (
        "login",
        "capture",
        "import",
        "enrich",
        "aggregate",
        "playlist",
        "serve",
        "status",
        "query",
        "demo",
    ):
        assert command in text
        assert run([command, "--help"]) == 0
        assert len(capsys.readouterr().out.splitlines()) > 5
