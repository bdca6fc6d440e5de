"""What every command shares: the home folder, flags, the clock, and how progress and reports are shown."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from playledger.models import parse_instant
from wiring.clock import wall_clock
from wiring.laptop import Laptop, open_home
from wiring.remote import open_deployment

if TYPE_CHECKING:
    from wiring.aws import Aws as Deployment

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text, for scripts.")]
Aws = Annotated[bool, typer.Option("--aws", help="Your deployment in AWS instead of this machine.")]
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        exists=True,
        dir_okay=False,
        help="Which deployment: the file that `make deploy` writes, terraform/settings.json. "
        "(default: PLAYLEDGER_* in the environment)",
    ),
]


class Direction(StrEnum):
    """Where a ledger is brought to."""

    AWS = "aws"
    LAPTOP = "laptop"


OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)


def moment(text: str) -> datetime:
    """An instant given on the command line. Raises typer.BadParameter with an example where it is none."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no moment; write it like 2026-11-22T03:10:00Z") from error


@dataclass(frozen=True)
class Shared:
    """The options in front of the command."""

    home: Path
    home_given: bool
    zone: str | None
    now: datetime | None

    def clock(self) -> datetime:
        """Now: the given moment, or this machine's."""
        return self.now or wall_clock()

    def laptop(self, **flags: Any) -> Laptop:
        """The wired laptop; flags that are None were not given."""
        return open_home(self.home, {"time_zone": self.zone, **flags}, self.clock)

    def deployment(self, settings: Path | None) -> "Deployment":
        """The wired deployment that the file names, or the environment."""
        return open_deployment(settings, self.clock)


def shared_of(context: typer.Context) -> Shared:
    """What was given in front of the command."""
    shared = context.obj
    if not isinstance(shared, Shared):
        raise TypeError("a command ran without the options in front of it")
    return shared


def report_values(report: Any) -> Any:
    """A job's report as JSON values."""
    if isinstance(report, BaseModel):
        return report.model_dump(mode="json")
    if is_dataclass(report) and not isinstance(report, type):
        return asdict(report)
    return report


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(report_values(value), ensure_ascii=False, default=str))


@contextmanager
def progress_bar(label: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for work of known length; `(done, total)` moves it. Silent without a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=ERR, transient=True, disable=quiet or not ERR.is_terminal) as bar:
        task = bar.add_task(label, total=None)

        def moved(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield moved
