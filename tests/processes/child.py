"""A child process that polls and settles over a home folder, step by step, and kills itself at the n-th side effect.

`python -m tests.processes.child HOME API_URL ACCOUNTS_URL CLIENT_ID FIRST_STEP KILL_AT`. Before each step it prints
`step <number>` and waits for a line: the parent moves the simulated clock meanwhile. Counted are the moments before and
after each write through a port, each file or folder that is opened for writing, linked, renamed or made, and each
beginning and end of a transaction. At the end it prints `points` and what they were, as JSON.
"""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestion.capture import capture
from playledger.models import parse_instant
from playledger.settings import Settings
from settlement.job import reconcile, settle_changed, settle_gaps
from tests.processes.steps import STEPS, Step
from wiring.laptop import Laptop

WRITES = frozenset({"put", "commit", "touch", "spool", "drop_spooled", "fill", "replace_state", "write", "save"})
FILE_EVENTS = frozenset({"os.link", "os.rename", "os.mkdir", "os.remove", "open"})


class Killer:
    """Counts moments at which a process may die, and dies at one of them."""

    def __init__(self, kill_at: int, home: Path) -> None:
        self.passed: list[str] = []
        self._kill_at = kill_at
        self._home = str(home)

    @property
    def points(self) -> int:
        """How many moments have passed."""
        return len(self.passed)

    def point(self, what: str) -> None:
        """One more moment."""
        self.passed.append(what)
        if len(self.passed) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, text: str) -> None:
        """A statement that SQLite is about to run; those that begin and end a transaction count."""
        if text.split()[0].lower() in ("begin", "commit"):
            self.point(text)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit event of the interpreter; those that write below the home count."""
        if event in FILE_EVENTS and str(arguments[0]).startswith(self._home):
            is_read = event == "open" and isinstance(arguments[2], int) and not arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if not is_read:
                self.point(event)


def tell_transactions(killer: Killer) -> None:
    """From now on every connection of this process tells which statements it runs."""
    connect = sqlite3.connect

    def told(*given: Any, **named: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*given, **named)
        db.set_trace_callback(killer.statement)
        return db

    setattr(sqlite3, "connect", told)  # noqa: B010 - mypy would compare the overloads


class Counted:
    """A port whose writes are counted, before and after."""

    def __init__(self, port: Any, killer: Killer) -> None:
        self._port = port
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return self._counted(name, method) if name in WRITES else method

    def _counted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            self._killer.point(f"before {name}")
            result = method(*given, **named)
            self._killer.point(f"after {name}")
            return result

        return call


def run(laptop: Laptop, step: Step, now: datetime, killer: Killer) -> None:
    """One step: a poll, or a night."""
    journal, hot, tables = (Counted(port, killer) for port in (laptop.journal, laptop.hot, laptop.tables))
    if step.kind == "poll":
        capture(laptop.spotify_as(Counted(laptop.tokens, killer)), journal, hot, now=now)
    else:
        reconcile(journal, hot, now=now)
        settle_gaps(journal, tables, evidence=settle_changed(journal, tables).evidence)


def main(arguments: list[str]) -> None:
    """Runs the steps from FIRST_STEP on."""
    home, api_url, accounts_url, client_id, first, kill_at = arguments
    killer = Killer(int(kill_at), Path(home))
    sys.addaudithook(killer.heard)
    tell_transactions(killer)
    settings = Settings(spotify_api_url=api_url, spotify_accounts_url=accounts_url, spotify_client_id=client_id)
    for number, step in list(enumerate(STEPS))[int(first) :]:
        print(f"step {number}", flush=True)
        now = parse_instant(sys.stdin.readline().strip())
        with Laptop(Path(home), settings, clock=lambda now=now: now) as laptop:  # type: ignore[misc]
            run(laptop, step, now, killer)
    print("points", json.dumps(killer.passed), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
