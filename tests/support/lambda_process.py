"""A process as Lambda makes it for a function: the unpacked code zip, the layer's packages, nothing else of ours.

`start` runs this file as the program of such a process: isolated, with the function's variables alone. It reads one
event a line and answers one JSON object a line: what the handler returned or raised, and the process's memory.
"""

import contextlib
import io
import json
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TIME_LEFT_MS = 60_000


class LambdaProcess:
    """One such process: cold when made, warm after the first event."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.cold = self._answer()

    def invoke(self, **event: Any) -> dict[str, Any]:
        """What came of the event: `answer`, or `error` and `message`; `printed` lines and the memory in bytes."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def start(
    artifacts: Path, handler: str, environ: Mapping[str, str], *, runtime: bool = True
) -> Iterator[LambdaProcess]:
    """A process for `handler` (`room.handler.lambda_handler`) with exactly these variables.

    `runtime` puts what this environment has installed behind the layer, in place of the runtime's boto3 and of AWS's
    pandas layer.
    """
    behind = [sysconfig.get_path("purelib")] if runtime else []
    paths = [str(artifacts / "task"), str(artifacts / "here"), *behind]
    command = [sys.executable, "-I", "-S", "-B", __file__, handler, json.dumps(paths)]
    with subprocess.Popen(
        command, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield LambdaProcess(process)
        finally:
            assert process.stdin
            process.stdin.close()


# ---- in the process ---------------------------------------------------------------------------------------------


def main(handler: str, paths: str) -> None:
    """Imports the handler, tells what that took, and runs it for every line of events."""
    answers, events = sys.stdout, sys.stdin
    sys.path = [*json.loads(paths)[:2], *sys.path, *json.loads(paths)[2:]]
    module, _, name = handler.rpartition(".")
    began, used = time.perf_counter(), time.process_time()
    try:
        function = getattr(__import__(module, fromlist=[name]), name)
    except ImportError as error:
        _tell(answers, error=type(error).__name__, message=str(error))
        return
    _tell(
        answers,
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - used,
        modules=_ours(),
        packages=_packages(),
    )
    context = SimpleNamespace(
        aws_request_id="request",
        invoked_function_arn="arn:aws:lambda:eu-north-1:123456789012:function:this",
        get_remaining_time_in_millis=lambda: TIME_LEFT_MS,
    )
    for line in events:
        _tell(answers, **_outcome(function, json.loads(line), context))


def _outcome(function: Any, event: Any, context: Any) -> dict[str, Any]:
    printed = io.StringIO()
    began, used = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(printed):
        try:
            outcome = {"answer": function(event, context)}
        except Exception as error:  # noqa: BLE001  as Lambda does
            outcome = {"error": type(error).__name__, "message": str(error)}
    seconds = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}
    return {**outcome, **seconds, "printed": printed.getvalue().splitlines(), "packages": _packages()}


def _ours() -> list[str]:
    """Modules that came from the code zip."""
    task = sys.path[0]
    loaded = list(sys.modules.items())
    return sorted(name for name, module in loaded if str(getattr(module, "__file__", "")).startswith(task))


def _packages() -> list[str]:
    """Top-level names of everything that is loaded."""
    return sorted({name.partition(".")[0] for name in sys.modules})


def _tell(answers: Any, **what: Any) -> None:
    # not ru_maxrss: that is of the process which started this one, if it is more
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    rss, peak = (int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    answers.write(json.dumps({**what, "rss": rss, "peak": peak}) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
