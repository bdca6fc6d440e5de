"""The deployed functions as processes of this machine: the built code and layer, warm, under a simulated clock."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tests.support.deployed import Deployed, Function
from tests.support.tree import ROOT

CHILD = ROOT / "tests/support/lambda_child.py"
OF_THE_RUNTIME, OF_THE_PANDAS_LAYER = "boto3", "awswrangler"
"""Packages that AWS brings, each with all that it needs."""

Call = tuple[str, str, Mapping[str, Any]]
"""Service, operation, and the parameters that name a resource."""


@dataclass(frozen=True)
class Invocation:
    """What came of one: an answer, or the error that Lambda would retry; the calls of AWS, the functions invoked."""

    answer: Any
    error: str
    calls: Sequence[Call]
    invoked: Sequence[tuple[str, dict[str, Any]]]


class Lambda:
    """One function's process. It stays warm from one invocation to the next."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def invoke(
        self, event: Mapping[str, Any], now: datetime, time_left_ms: int, broken: Sequence[str] = ()
    ) -> Invocation:
        """Runs the handler; its clock says `now`. Calls of `broken` operations are answered with an error of AWS's."""
        given = {"event": event, "now": now.isoformat(), "time_left_ms": time_left_ms, "broken": broken}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the function's process has ended"
        told = json.loads(line)
        calls = [(service, operation, params) for service, operation, params in told["calls"]]
        return Invocation(told.get("answer"), told.get("error", ""), calls, [tuple(item) for item in told["invoked"]])


@contextmanager
def running(deployed: Deployed, folder: Path, more: Mapping[str, str]) -> Iterator[Mapping[str, Lambda]]:
    """All functions by name, with the variables they were deployed with and those that lead to this machine.

    What they print is in `<folder>/<name>.log`.
    """
    code, layer = _unpacked(deployed, folder), deployed.artifacts / "here"
    runtime, pandas = (_linked(folder / name, closure(name)) for name in (OF_THE_RUNTIME, OF_THE_PANDAS_LAYER))
    with ExitStack() as opened:
        started = {}
        for name, function in deployed.functions.items():
            has_pandas = any("AWSSDKPandas" in arn for arn in function.layers)
            folders = [code, layer, *([pandas] if has_pandas else []), runtime]
            environment = {**function.environment, **deployed.surroundings, **more}
            process = opened.enter_context(_process(name, function, folders, environment, folder / f"{name}.log"))
            started[name] = Lambda(process)
        yield started


@contextmanager
def _process(
    name: str, function: Function, folders: Sequence[Path], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    given: dict[str, Any] = {"folders": [*map(str, folders)], "function": name, "log": str(log)}
    given |= {"handler": function.handler, "arn": function.arn}
    fixed = {"TZ": ":UTC", "LANG": "C.UTF-8", "HOME": str(log.parent), "AWS_EC2_METADATA_DISABLED": "true"}
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(CHILD)],
        env={**fixed, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
        try:
            yield process
        finally:
            process.stdin.close()


# ---- code and layers --------------------------------------------------------------------------------------------


def _unpacked(deployed: Deployed, folder: Path) -> Path:
    """The code as Lambda unpacks it."""
    with zipfile.ZipFile(deployed.artifacts / "code.zip") as code:
        code.extractall(folder / "task")
    return folder / "task"


def closure(name: str) -> set[str]:
    """The package and all that it requires."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.add(package)
            needs = map(Requirement, distribution(package).requires or ())
            waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


def _linked(folder: Path, packages: set[str]) -> Path:
    """A folder that has these packages, and no others, of the ones installed here."""
    folder.mkdir()
    for package in sorted(packages):
        tops = {file.parts[0] for file in distribution(package).files or ()} - {"..", "__pycache__"}
        for top in tops:
            (folder / top).symlink_to(Path(str(distribution(package).locate_file(top))).resolve())
    return folder
