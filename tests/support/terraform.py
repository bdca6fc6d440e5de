"""Terraform for tests: whether this machine has what it takes, and runs in a copy of the root, never in the root."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.tree import ROOT

LEAST = (1, 11)
OVERRIDE = ROOT / "tests/support/local_override.tf"
READ_BY_THE_ROOT = ("glue_catalog/tables.json", "dashboard", "sql/cookbook")

PROBE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.100.0, < 6.0.0" }
  }
}
"""

ANSWERS = {
    "region": "eu-north-1",
    "time_zone": "Europe/Stockholm",
    "alert_email": "listener@example.org",
    "spotify_client_id": "0123456789abcdef0123456789abcdef",
    "dashboard_password_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
"""What a person would put into terraform.tfvars."""


@dataclass(frozen=True)
class Terraform:
    """Commands in one folder."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,), seconds: int = 600) -> str:
        """What the command printed, errors after the rest. Fails with all of it on another exit code."""
        ended = self.ended(*arguments, seconds=seconds)
        said = ended.stdout + ended.stderr
        assert ended.returncode in codes, f"terraform {arguments[0]} ended with {ended.returncode}:\n{said[-8000:]}"
        return said

    def ended(self, *arguments: str, seconds: int = 600) -> subprocess.CompletedProcess[str]:
        """The command, once it has ended."""
        environ = os.environ | {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"} | self.environ
        command = ["terraform", *arguments, *(["-no-color"] if arguments[0] != "version" else [])]
        return subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False, timeout=seconds
        )


def missing(folder: Path) -> str:
    """Why Terraform cannot be used here; '' where it can: program, version, and a provider that can be had."""
    if not shutil.which("terraform"):
        return f"terraform is not on PATH (need >= {LEAST[0]}.{LEAST[1]})"
    terraform = Terraform(folder)
    version = re.search(r"Terraform v(\d+)\.(\d+)\S*", terraform.ended("version").stdout)
    if not version or (int(version[1]), int(version[2])) < LEAST:
        return f"terraform is {version[0] if version else 'of no version'} (need >= {LEAST[0]}.{LEAST[1]})"
    (folder / "probe.tf").write_text(PROBE, "utf-8")
    try:
        init = terraform.ended("init", "-input=false", seconds=120)
    except subprocess.TimeoutExpired:
        return "terraform init did not end in 120 s"
    return "" if init.returncode == 0 else f"terraform init: {_first_error(init.stderr)}"


def _first_error(text: str) -> str:
    """The first paragraph behind `Error:`; the last lines of a failed init only list providers."""
    found = re.search(r"Error: (.*?)(?:\n\W*\n|\Z)", text, re.DOTALL)
    return " ".join(re.sub(r"[│╷╵]", " ", found[1] if found else text).split())


def copied_root(parent: Path, *, environ: Mapping[str, str] | None = None, override: bool = False) -> Terraform:
    """A copy of `terraform/`, initialised, with what it reads beside it; with `override` fit for the local AWS."""
    folder = parent / "terraform"
    shutil.copytree(
        ROOT / "terraform", folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "*.tfvars")
    )
    for name in READ_BY_THE_ROOT:
        _copy(ROOT / name, parent / name)
    if override:
        shutil.copy(OVERRIDE, folder)
    terraform = Terraform(folder, environ or {})
    terraform.run("init", "-input=false")
    return terraform


def _copy(source: Path, target: Path) -> None:
    """A file, or a folder where there is one."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def variables(**values: object) -> list[str]:
    """`-var` for what a person answers, and for these values."""
    return [part for name, value in {**ANSWERS, **values}.items() for part in ("-var", f"{name}={value}")]
