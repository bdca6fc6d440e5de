"""Puts the deployment into AWS, or takes it away: Terraform, run in order, with what a person has to know around it.

`python -m wiring.deploy apply|destroy [--yes] [--folder FOLDER] [options of terraform plan]`. A plan is shown first and
only that plan is applied. Without `--yes` it asks, and without a terminal to ask it stops.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from playledger.errors import Misconfigured, PlayledgerError

ROOT = Path(__file__).parents[1]
LEAST = (1, 11)
PLAN = "deploy.tfplan"
SETTINGS = "settings.json"

BEFORE_DESTROY = """Destroying takes the functions, tables, buckets, alarms and the page away. The journal in the data
bucket is the only copy of what was polled, unless you brought it home first:
  playledger migrate --to laptop --settings terraform/settings.json"""

LEFT_BEHIND = """What destroying leaves, and what to do about it:
- DynamoDB keeps a free backup of each table for 35 days, by itself; then it goes.
- CloudWatch keeps past numbers for 15 months, Athena the texts of past questions for 45 days; both are free.
- A mail subscription that nobody confirmed disappears by itself within days.
- Spotify still lists the app under your account's apps: remove its access there, and delete the app in its dashboard.
- On this machine: terraform.tfstate*, settings.json and terraform.tfvars in terraform/."""


class Terraform:
    """Terraform in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> None:
        """Runs a command before the person's eyes. Raises Misconfigured where it fails; it has said why by then."""
        if subprocess.run(["terraform", *arguments], cwd=self.folder, check=False).returncode:  # noqa: S603, S607
            raise Misconfigured(f"terraform {arguments[0]} failed: its own words above say why")

    def said(self, *arguments: str) -> str:
        """What a command printed. Raises Misconfigured with its words where it fails."""
        command = ["terraform", *arguments, *(["-no-color"] if arguments[0] != "version" else [])]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)  # noqa: S603
        if ended.returncode:
            raise Misconfigured(f"terraform {arguments[0]}: {' '.join(ended.stderr.split())}")
        return ended.stdout

    def outputs(self) -> dict[str, Any]:
        """Outputs by name; one that is null is not among them."""
        return {name: told["value"] for name, told in json.loads(self.said("output", "-json")).items()}


def check(folder: Path, given: Iterable[str]) -> Terraform:
    """Terraform, if it can be used and knows the answers. Raises Misconfigured with what to do first."""
    if shutil.which("terraform") is None:
        raise Misconfigured(f"terraform is not on PATH: install {LEAST[0]}.{LEAST[1]} or newer")
    terraform = Terraform(folder)
    found = re.search(r"Terraform v(\d+)\.(\d+)", terraform.said("version"))
    if not found or (int(found[1]), int(found[2])) < LEAST:
        raise Misconfigured(f"terraform is {found[0] if found else 'of no version'}; {LEAST[0]}.{LEAST[1]} is needed")
    has_answers = [*folder.glob("*.tfvars"), *(part for part in given if part.startswith("-var"))]
    if not has_answers:
        raise Misconfigured(f"copy {folder}/terraform.tfvars.example to terraform.tfvars beside it, and answer in it")
    return terraform


# ---- apply ------------------------------------------------------------------------------------------------------


def apply(terraform: Terraform, given: list[str], agreed: Callable[[str], bool]) -> None:
    """Plan, question, apply; then what the next commands need is written, and what is left to do is said."""
    terraform.run("init", "-input=false")
    terraform.run("plan", "-input=false", f"-out={PLAN}", *given)
    if not agreed("Apply this plan?"):
        say("Nothing was applied.")
        return
    terraform.run("apply", "-input=false", PLAN)
    (terraform.folder / PLAN).unlink(missing_ok=True)
    outputs, settings = terraform.outputs(), terraform.folder / SETTINGS
    settings.write_text(json.dumps(outputs["settings"], indent=2) + "\n", "utf-8")
    say(f"\nDeployed. {settings} tells playledger's commands where; it holds no secret.")
    say(f"The dashboard: {outputs.get('dashboard_url') or 'not served, for enable_cdn is false'}")
    say("What is left to do by hand:")
    for number, step in enumerate(outputs["next_steps"], start=1):
        say(f"{number:3}. {step}")


# ---- destroy ----------------------------------------------------------------------------------------------------


def destroy(terraform: Terraform, given: list[str], agreed: Callable[[str], bool]) -> None:
    """The same the other way round. Raises Misconfigured before anything is gone where something would refuse to go."""
    terraform.run("init", "-input=false")
    if guarded := protected(json.loads(terraform.said("show", "-json"))):
        raise Misconfigured(
            f"protected: {', '.join(guarded)}. Set deletion_protection = false and force_destroy = true in "
            "terraform.tfvars, run `make deploy` once more, and then this; the journal goes with it"
        )
    say(BEFORE_DESTROY)
    terraform.run("plan", "-destroy", "-input=false", f"-out={PLAN}", *given)
    if not agreed("Destroy all of it?"):
        say("Nothing was destroyed.")
        return
    terraform.run("apply", "-input=false", PLAN)
    (terraform.folder / PLAN).unlink(missing_ok=True)
    say(LEFT_BEHIND)


def protected(state: Any) -> list[str]:
    """Addresses of what AWS, or Terraform, would refuse to delete half-way: tables under protection, full buckets."""
    resources = state.get("values", {}).get("root_module", {}).get("resources", [])
    guards = {"aws_dynamodb_table": ("deletion_protection_enabled", True), "aws_s3_bucket": ("force_destroy", False)}
    found = []
    for resource in resources:
        name, value = guards.get(resource["type"], ("", None))
        if name and resource["values"].get(name) is value:
            found.append(resource["address"])
    return found


# ---- the command ------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """A line for the person, in order with Terraform's own."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def ask(question: str) -> bool:
    """Yes only where somebody typed it. Raises Misconfigured where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise Misconfigured("there is no terminal to ask on; ARGS=--yes agrees beforehand")
    say(f"{question} Only `yes` is a yes.")
    return sys.stdin.readline().strip() == "yes"


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, or that of the error whose sentence was said."""
    parser = argparse.ArgumentParser(prog="python -m wiring.deploy", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("apply", "destroy"))
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--folder", type=Path, default=ROOT / "terraform", help="the Terraform root")
    known, given = parser.parse_known_args(arguments)
    agreed = (lambda _: True) if known.yes else ask
    try:
        (apply if known.what == "apply" else destroy)(check(known.folder, given), given, agreed)
    except PlayledgerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
