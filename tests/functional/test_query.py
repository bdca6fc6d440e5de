"""`playledger query`: from a file or the cookbook, as a table, CSV, JSON or Parquet."""

import json
from pathlib import Path

import pyarrow.parquet
import pytest

import sql
from cli.app import run
from tests.sql import given

pytestmark = pytest.mark.functional


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two late dates."""
    days = {"2025-01-01": [{"late_arrivals": 2, "plays": 9}], "2025-01-03": [{"late_arrivals": 1}]}
    given.write(tmp_path, {"settled_days": days})
    return tmp_path


def ask(home: Path, *words: str) -> int:
    return run(["--home", str(home), "query", *words])


def test_a_query_of_the_cookbook_is_found_by_its_name_and_by_its_path(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for name in ("late_arrivals", str(sql.FOLDER / "cookbook" / "late_arrivals.sql")):
        assert ask(home, "--file", name, "--json") == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert [(row["dt"], row["late_arrivals"]) for row in answers[0]] == [("2025-01-03", 1), ("2025-01-01", 2)]


def test_an_answer_can_be_a_parquet_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = home / "late.parquet"
    assert ask(home, "--file", "late_arrivals", "--parquet", str(target)) == 0
    assert pyarrow.parquet.read_table(target).column("late_arrivals").to_pylist() == [1, 2]
    assert ask(home, "--file", "unconfirmed_plays", "--parquet", str(target)) == 0
    assert pyarrow.parquet.read_table(target).num_rows == 0
    assert "0 rows in" in capsys.readouterr().out


def test_an_answer_can_be_csv(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(home, "select dt, plays from settled_days where plays > 0", "--csv") == 0
    assert capsys.readouterr().out.splitlines() == ["dt,plays", "2025-01-01,9"]


def test_the_cookbook_is_listed_with_what_it_answers(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(home, "--list") == 0
    out = capsys.readouterr().out
    assert all(name.removeprefix("cookbook/") in out for name in sql.names("cookbook"))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--file", "late_arrival"), "Did you mean late_arrivals"),
        ((), "--file"),
        (("select 1", "--csv", "--json"), "one of --json, --csv and --parquet"),
    ],
)
def test_what_cannot_be_asked_is_told(
    home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], hint: str
) -> None:
    assert ask(home, *words) == 2
    assert hint in " ".join(capsys.readouterr().err.replace("│", " ").split())
