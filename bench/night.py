"""What a night costs as the history grows: seconds, memory, files and bytes, by question, as tables and as ratios.

For each history, each step in a process of its own: the first build from the journal alone; a normal night, after one
more day was captured; everything once more after all that is derived was deleted, which must give the same document.
Fails where a ratio or a figure is past its limit. The bytes of a night are counted in a run of their own, for which see
bench/stage.py; seconds are the best of several nights, each over the same files, in which the histories take turns.
"""

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.history import History, Recipe, described, ensure, options
from bench.stage import Asked, Measured
from bench.tables import Limit, limit_table, question_table, size_table, step_table, times, total_bytes
from cli.show import say
from playledger.models import format_instant
from settlement.job import rebuild
from wiring.laptop import open_home

DOCUMENT = "site/dashboard_data.json"
YEAR, TEN_YEARS = 365, 3652

SUMMED = re.compile(r"(month|all)_(?!accounts)\w+")
"""Tables that plays were summed up in."""


@dataclass(frozen=True)
class Nights:
    """What was measured of one history. `metered` is the night that counted bytes, `again` the whole done once more.

    `plays_bytes` is the size of the plays table.
    """

    history: History
    built: Measured
    learned: Measured
    night: Measured
    metered: Measured
    again: Measured
    gz_bytes: int
    plays_bytes: int
    is_same: bool

    @property
    def from_plays(self) -> int:
        """What a night would read if each question of the page that reads summaries read the plays themselves."""
        asked = (asked for name, asked in self.metered.asked.items() if name.startswith("dashboard/"))
        return self.plays_bytes * sum(any(map(SUMMED.fullmatch, one.bytes)) for one in asked)


@dataclass(frozen=True)
class Ready:
    """A history, and its home as it is before a normal night, in `work`: a folder on the cache's own disk."""

    history: History
    work: Path
    built: Measured
    learned: Measured

    @property
    def home(self) -> Path:
        """The home's folder."""
        return self.work / "home"

    def night(self, name: str, *flags: str) -> Measured:
        """One normal night over a copy of the home."""
        _linked(self.home, self.work / name)
        return _staged("aggregate", self.work / name, self.history.recipe.next_now, self.history.recipe, *flags)


def made_ready(history: History, work: Path) -> Ready:
    """The home of a history: built from the journal, names learned, and one more day captured."""
    home, recipe = work / "home", history.recipe
    _linked(history.folder / "journal", home / "journal")
    say(f"{recipe.days} days: first build")
    built = _staged("aggregate", home, recipe.now, recipe)
    learned = _staged("enrich", home, recipe.now, recipe)
    _staged("aggregate", home, recipe.now, recipe)
    _capture(history, home)
    return Ready(history, work, built, learned)


def in_turns(ready: Sequence[Ready], repeat: int) -> list[Measured]:
    """The best night of each. They take turns: what makes a machine slow for some minutes then is no ratio's fault."""
    say("nights")
    rounds = [[one.night(f"night{number}") for one in ready] for number in range(repeat)]
    return [min(nights, key=lambda one: one.seconds) for nights in zip(*rounds, strict=True)]


def measure(ready: Ready, night: Measured) -> Nights:
    """All that is known of one history: the bytes of a night, and everything once more."""
    recipe, again = ready.history.recipe, ready.work / "again"
    metered = ready.night("metered", "--metered")
    _linked(ready.work / "night0", again)
    shutil.rmtree(again / "site")
    for folder in _derived(again):
        shutil.rmtree(folder)
    say(f"{recipe.days} days: everything once more")
    whole = _staged("aggregate", again, recipe.next_now, recipe, "--metered")
    documents = [(ready.work / name / DOCUMENT).read_bytes() for name in ("night0", "again")]
    gz_bytes = len(gzip.compress(documents[0], mtime=0))
    plays_bytes = on_disk(ready.work / "night0")["plays"][1]
    is_same = documents[0] == documents[1]
    return Nights(ready.history, ready.built, ready.learned, night, metered, whole, gz_bytes, plays_bytes, is_same)


def _derived(home: Path) -> Iterator[Path]:
    """The folders of what the night derives; names of tracks and artists come from elsewhere."""
    for folder in (home / "tables").iterdir():
        if folder.is_dir() and folder.name not in ("tracks", "artists", "playlists"):
            yield folder


def _capture(history: History, home: Path) -> None:
    """One more day of polls, as capture leaves it: in the journal, in the hot store and in the state."""
    _linked(history.folder / "next" / "journal", home / "journal")
    with open_home(home, {}) as laptop:
        rebuild(laptop.journal, laptop.hot, now=history.recipe.next_now)


def _linked(source: Path, target: Path) -> None:
    """A copy in which what is never written in place, only replaced, shares its bytes with the original."""

    def copy(old: str, new: str) -> None:
        if ".sqlite" in old:
            shutil.copy2(old, new)
        else:
            Path(new).hardlink_to(old)

    shutil.copytree(source, target, copy_function=copy, dirs_exist_ok=True)


def _staged(job: str, home: Path, now: datetime, recipe: Recipe, *flags: str) -> Measured:
    """The job in a fresh process."""
    command = [sys.executable, "-m", "bench.stage", job, str(home), "--zone", recipe.zone]
    done = subprocess.run([*command, "--now", format_instant(now), *flags], stdout=subprocess.PIPE, check=True)
    said = json.loads(done.stdout)
    asked = {name: Asked(**told) for name, told in said["asked"].items()}
    return Measured(**said | {"asked": asked})


# ---- what came of it --------------------------------------------------------------------------------------------


def limits(found: Sequence[Nights]) -> list[Limit]:
    """The promises, each with its figure: first and last history are compared where they are long enough."""
    first, last = found[0], found[-1]
    is_long = first.history.recipe.days >= YEAR and last.history.recipe.days >= TEN_YEARS
    night, bytes_read = last.night, total_bytes(last.metered)

    def ratio(above: float, below: float) -> float | None:
        return above / below if is_long and below else None

    return [
        Limit("a night's seconds, longest / shortest history", ratio(night.seconds, first.night.seconds), 2),
        Limit("a night's bytes, longest / shortest history", ratio(bytes_read, total_bytes(first.metered)), 3),
        Limit("bytes, were all asked of the plays / a night's", ratio(last.from_plays, bytes_read), 50, is_least=True),
        Limit("most memory of a night", max(one.night.peak_mb for one in found), 200, unit=" MB"),
        Limit("slowest question of a night", max(_slowest(one.night) for one in found), 1, unit=" s"),
        Limit("questions a night", max(times(one.night) for one in found), 40),
        Limit("the document, gzipped", max(one.gz_bytes for one in found) / 1024, 60, unit=" KB"),
        Limit("documents that differ from the full recompute", sum(not one.is_same for one in found), 0),
    ]


def _slowest(step: Measured) -> float:
    return max((asked.slowest for asked in step.asked.values()), default=0.0)


def report(one: Nights, sizes: dict[str, tuple[int, int]]) -> str:
    """All tables of one history."""
    steps = {
        "first build": one.built,
        "names learned": one.learned,
        "night": one.night,
        "night, counting bytes": one.metered,
        "everything once more": one.again,
    }
    title = f"{one.history.recipe.days} days"
    parts = [described(one.history), size_table(sizes), step_table(title, steps)]
    parts += [question_table(f"a night at {title}", one.metered, one.night)]
    return "\n\n".join(parts)


def on_disk(home: Path) -> dict[str, tuple[int, int]]:
    """Files and bytes of the journal and of each table."""
    folders = {"journal": home / "journal"} | {path.name: path for path in sorted((home / "tables").iterdir())}
    found = {name: [path.stat().st_size for path in folder.rglob("*.*")] for name, folder in folders.items()}
    return {name: (len(sizes), sum(sizes)) for name, sizes in found.items() if sizes}


def main(arguments: Sequence[str]) -> int:
    """Measures all histories and prints the tables; 1 where a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.night", description=__doc__)
    parser.add_argument("--years", type=float, nargs="+", default=[1, 10], help="lengths of the histories (1 10)")
    parser.add_argument("--repeat", type=int, default=3, help="so many nights are measured, the best counts (3)")
    parser.add_argument("--keep", type=Path, help="keep the homes as they were before the night in this folder")
    options(parser)
    given = parser.parse_args(arguments)
    recipes = [
        Recipe(round(years * 365.25), given.plays, given.polled_days, given.seed) for years in sorted(given.years)
    ]
    histories = [ensure(recipe, given.cache) for recipe in recipes]
    with ExitStack() as stack:
        works = [stack.enter_context(_beside(history)) for history in histories]
        ready = [made_ready(history, work) for history, work in zip(histories, works, strict=True)]
        found = [measure(one, night) for one, night in zip(ready, in_turns(ready, given.repeat), strict=True)]
        for one, nights in zip(ready, found, strict=True):
            say(report(nights, on_disk(one.work / "night0")) + "\n")
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                shutil.move(one.home, given.keep / f"{one.history.recipe.days}-days")
    verdicts = limits(found)
    say(limit_table(verdicts))
    return any(limit.is_broken for limit in verdicts)


@contextmanager
def _beside(history: History) -> Iterator[Path]:
    """A folder for one run, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="work-", dir=history.folder.parent) as work:
        yield Path(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
