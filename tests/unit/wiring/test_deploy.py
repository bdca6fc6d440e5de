"""Deploying and destroying, around a Terraform that only writes down what it was told."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.remote import VALUES
from wiring.deploy import main, protected

pytestmark = pytest.mark.unit

STEPS = ["Confirm the mail.", "Log in: playledger login --aws"]
PROGRAM = """#!/bin/sh
echo "$*" >> "$TOLD"
case "$1 " in
  "version "*) echo "Terraform v$VERSION" ;;
  "output "*) cat "$ANSWERS/outputs" ;;
  "show "*) cat "$ANSWERS/state" ;;
  "$FAILS "*) echo "Error: it does not work" >&2; exit 1 ;;
esac
"""


def state(*, is_protected: bool) -> dict[str, Any]:
    """What `terraform show -json` says of one table and one bucket."""
    table = {"address": "aws_dynamodb_table.this", "type": "aws_dynamodb_table"}
    bucket = {"address": "aws_s3_bucket.this", "type": "aws_s3_bucket"}
    resources = [
        table | {"values": {"deletion_protection_enabled": is_protected}},
        bucket | {"values": {"force_destroy": not is_protected}},
        {"address": "aws_sqs_queue.this", "type": "aws_sqs_queue", "values": {}},
    ]
    return {"values": {"root_module": {"resources": resources}}}


def write_outputs(answers: Path, **more: str) -> None:
    """What `terraform output -json` prints: an output that is null is left out by it."""
    values = {"settings": dict(VALUES), "next_steps": STEPS, **more}
    (answers / "outputs").write_text(json.dumps({name: {"value": value} for name, value in values.items()}))


class Stand:
    """The Terraform root of the test, and what its Terraform was told."""

    def __init__(self, folder: Path, told: Path) -> None:
        self.folder = folder
        self._told = told

    def run(self, *arguments: str) -> int:
        """The module's exit code."""
        return main([arguments[0], "--folder", str(self.folder), *arguments[1:]])

    @property
    def told(self) -> list[str]:
        """The commands, in order; asking for version, state and outputs aside."""
        lines = self._told.read_text().splitlines() if self._told.exists() else []
        return [line for line in lines if line.split()[0] not in ("version", "output", "show")]


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """A root with answers, and a Terraform on PATH."""
    programs, folder = tmp_path / "bin", tmp_path / "terraform"
    programs.mkdir()
    folder.mkdir()
    (folder / "terraform.tfvars").write_text('region = "eu-north-1"\n')
    program = programs / "terraform"
    program.write_text(PROGRAM)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    write_outputs(tmp_path, dashboard_url="https://d1.cloudfront.net/")
    (tmp_path / "state").write_text(json.dumps(state(is_protected=False)))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    for name, value in {
        "TOLD": tmp_path / "told",
        "ANSWERS": tmp_path,
        "VERSION": "1.11.4",
        "FAILS": "nothing",
    }.items():
        monkeypatch.setenv(name, str(value))
    return Stand(folder, tmp_path / "told")


def test_only_the_plan_that_was_shown_is_applied(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    assert stand.run("apply", "--yes", "-var", "hot_ttl_days=7") == 0
    assert stand.told == [
        "init -input=false",
        "plan -input=false -out=deploy.tfplan -var hot_ttl_days=7",
        "apply -input=false deploy.tfplan",
    ]
    said = capsys.readouterr().out
    assert "https://d1.cloudfront.net/" in said
    assert [line for line in said.splitlines() if line.strip().startswith(("1.", "2."))] == [
        f"{number:3}. {step}" for number, step in enumerate(STEPS, start=1)
    ]


def test_the_settings_are_left_where_the_commands_are_told_to_look(stand: Stand) -> None:
    assert stand.run("apply", "--yes") == 0
    assert json.loads((stand.folder / "settings.json").read_text()) == VALUES


def test_a_deployment_without_a_cdn_has_no_address(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    write_outputs(stand.folder.parent)
    assert stand.run("apply", "--yes") == 0
    assert "The dashboard: not served" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["apply", "destroy"])
def test_without_a_terminal_and_without_yes_nothing_happens(
    stand: Stand, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert stand.run(what) == 13
    assert "ARGS=--yes" in capsys.readouterr().err
    assert [line.split()[0] for line in stand.told] == ["init", "plan"]


class Terminal:
    """Somebody who types a line."""

    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        """A person is there."""
        return True

    def readline(self) -> str:
        """What they type."""
        return self._line


@pytest.mark.parametrize(("line", "applied"), [("yes\n", True), ("y\n", False), ("\n", False), ("", False)])
def test_only_yes_is_a_yes(stand: Stand, monkeypatch: pytest.MonkeyPatch, line: str, applied: bool) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(line))
    assert stand.run("apply") == 0
    assert ("apply -input=false deploy.tfplan" in stand.told) is applied


def test_destroying_says_what_goes_before_and_what_stays_after(
    stand: Stand, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stand.run("destroy", "--yes") == 0
    assert stand.told[1:] == ["plan -destroy -input=false -out=deploy.tfplan", "apply -input=false deploy.tfplan"]
    said = capsys.readouterr().out
    assert said.index("migrate --to laptop") < said.index("What destroying leaves")


def test_what_would_refuse_to_go_is_named_before_anything_goes(
    stand: Stand, capsys: pytest.CaptureFixture[str]
) -> None:
    (stand.folder.parent / "state").write_text(json.dumps(state(is_protected=True)))
    assert stand.run("destroy", "--yes") == 13
    assert "protected: aws_dynamodb_table.this, aws_s3_bucket.this." in capsys.readouterr().err
    assert stand.told == ["init -input=false"]


def test_an_empty_state_protects_nothing() -> None:
    assert protected({"format_version": "1.0"}) == []


def test_without_answers_it_says_where_to_write_them(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    (stand.folder / "terraform.tfvars").unlink()
    assert stand.run("apply", "--yes") == 13
    assert "terraform.tfvars.example" in capsys.readouterr().err
    assert stand.told == []
    assert stand.run("apply", "--yes", "-var-file=elsewhere.tfvars") == 0


def test_an_old_terraform_is_refused(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VERSION", "1.9.8")
    assert stand.run("apply", "--yes") == 13
    assert "terraform is Terraform v1.9; 1.11 is needed" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["init", "plan", "apply"])
def test_where_terraform_fails_nothing_further_happens(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    monkeypatch.setenv("FAILS", step)
    assert stand.run("apply", "--yes") == 13
    assert f"terraform {step} failed" in capsys.readouterr().err
    assert stand.told[-1].split()[0] == step
    assert not (stand.folder / "settings.json").exists()
