"""A history of N years at M plays a month, as a journal: exported rows for the older years, polls for the last months.

The plays come from the simulator's listeners, the same ones for the same seed. What was made is kept in a folder of its
own and used again. `python -m bench.history --years 10 --plays 30000` makes it and prints how long its tail is.
"""

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from zoneinfo import ZoneInfo

import platformdirs

from bench.census import EIGHT_YEARS, Census
from bench.entries import ExportedRows, PolledDays, verified
from bench.household import catalogue_for, household, members
from cli.options import progress_bar
from cli.show import say
from playledger.journal import Batch

ZONE = "Europe/Stockholm"
LAST_DAY = date(2026, 10, 15)
"""The night after it is the mean of all: half its month is open."""

FORMAT = 4
"""Part of a history's name: another number makes all histories anew."""

EXPORT_OVERLAP = 28
"""So many days after the first poll the export ends, at most: these plays are known from both."""

VERIFIED_EVERY = 400
"""Of so many exported objects one is compared with what the journal itself would write."""


@dataclass(frozen=True)
class Recipe:
    """What a history is made of. Same recipe, same bytes."""

    days: int
    plays_per_month: int
    polled_days: int = 90
    seed: int = 1
    zone: str = ZONE

    @property
    def name(self) -> str:
        """Name of its folder."""
        text = json.dumps([FORMAT, asdict(self)], sort_keys=True)
        return f"{self.days}d-{self.plays_per_month}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def now(self) -> datetime:
        """00:30 local on the day after the history's last day."""
        return datetime.combine(LAST_DAY + timedelta(days=1), day_time(0, 30), ZoneInfo(self.zone))

    @property
    def next_now(self) -> datetime:
        """The same a day later."""
        return self.now + timedelta(days=1)

    @property
    def polled_from(self) -> datetime:
        """The first poll."""
        return self.now.replace(minute=0) - timedelta(days=min(self.polled_days, self.days))

    @property
    def exported_until(self) -> datetime:
        """The end of the export."""
        return self.polled_from + timedelta(days=min(EXPORT_OVERLAP, self.days // 3, self.polled_days))


@dataclass(frozen=True)
class History:
    """A history on disk: `folder`/journal up to the recipe's now, `folder`/next/journal with what the day after adds.

    `plays` counts all plays, `objects` and `bytes` the journal's.
    """

    folder: Path
    recipe: Recipe
    plays: int
    objects: int
    bytes: int
    distinct: dict[str, dict[str, int]]
    members: list[tuple[str, list[float], list[float]]]
    seconds: float


def ensure(recipe: Recipe, cache: Path | None = None) -> History:
    """The history of a recipe, from the cache or made now, with a progress bar."""
    folder = (cache or platformdirs.user_cache_path("playledger") / "bench") / recipe.name
    if not (folder / "history.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _make(recipe, folder)
    said = json.loads((folder / "history.json").read_text("utf-8"))
    return History(folder=folder, recipe=recipe, **said)


def _make(recipe: Recipe, folder: Path) -> None:
    started = time.monotonic()
    census, polled = Census(), PolledDays(recipe.polled_from)
    (folder / "next" / "journal").mkdir(parents=True)
    shelf = _Shelf(folder)
    with progress_bar("making the history") as moved:
        _play_through(recipe, census, polled, shelf, moved)
    said = {
        "plays": census.plays,
        "objects": shelf.objects,
        "bytes": shelf.bytes,
        "distinct": census.distinct(),
        "members": list(census.members([profile.name for profile in members(recipe.plays_per_month)])),
        "seconds": round(time.monotonic() - started, 1),
    }
    (folder / "history.json").write_text(json.dumps(said), "utf-8")


def _play_through(
    recipe: Recipe, census: Census, polled: PolledDays, shelf: "_Shelf", moved: Callable[[int, int], None]
) -> None:
    """Writes all objects."""
    catalogue = catalogue_for(recipe.plays_per_month, recipe.seed)
    first = LAST_DAY - timedelta(days=recipe.days - 1)
    rows = ExportedRows(recipe.exported_until)
    zone = ZoneInfo(recipe.zone)
    dates = household(recipe.plays_per_month, first, recipe.days + 1, zone, catalogue, recipe.seed)
    for number, (dt, made) in enumerate(dates):
        plays = [play for _, play in made]
        if dt <= LAST_DAY:
            census.add(dt, made)
        if dt < recipe.exported_until.date():
            shelf.take(rows.add(dt, plays), is_sampled=True)
        if dt >= recipe.polled_from.date() - timedelta(days=4):
            polled.add(plays)
            # a date's plays are published by the end of the next one but for a few late ones
            shelf.take(polled.poll_until(min(_midnight(dt), recipe.now)))
        moved(number, recipe.days)
    shelf.take(rows.close(), is_sampled=True)
    shelf.take(polled.poll_until(recipe.now))
    shelf.take(polled.poll_until(recipe.next_now), into="next")


def _midnight(dt: date) -> datetime:
    return datetime.combine(dt, day_time(), ZoneInfo("UTC"))


class _Shelf:
    """Writes objects below the folder, and counts those of the history itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self.objects = self.bytes = 0

    def take(self, batches: Iterable[Batch], *, into: str = "", is_sampled: bool = False) -> None:
        """Writes these; of sampled ones some are checked against the journal's own way."""
        for batch in batches:
            self._made += 1
            if is_sampled and self._made % VERIFIED_EVERY == 1:
                verified(batch)
            path = self._folder / into / batch.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(batch.body)
            if not into:
                self.objects, self.bytes = self.objects + 1, self.bytes + len(batch.body)


# ---- for people -------------------------------------------------------------------------------------------------


def described(history: History) -> str:
    """How long the tail is, as a table."""
    spans = list(history.distinct)
    size = f"{history.plays:,} plays in {history.objects:,} objects of {history.bytes:,} bytes"
    lines = [
        f"{history.recipe.days} days, {size}, in {history.folder} (made in {history.seconds:.0f} s)",
        "",
        f"{'distinct, on the average of a':<30}" + "".join(f"{span:>12}" for span in spans),
    ]
    lines += [
        f"{what:<30}" + "".join(f"{history.distinct[span][what]:>12,}" for span in spans)
        for what in history.distinct["all"]
    ]
    heads = ("listed plays", "tracks", "artists", "played once", "in the top 100")
    lines += ["", f"{'over as many plays':<30}" + "".join(f"{head:>16}" for head in heads)]
    for name, here, real in history.members:
        lines += [
            f"{label:<30}" + _figures(found) for label, found in ((f"{name} member", here), (f"real {name}", real))
        ]
    return "\n".join([*lines, EIGHT_YEARS])


def _figures(found: Sequence[float]) -> str:
    return "".join(f"{number:>16,.0f}" if number > 1 else f"{number:>16.1%}" for number in found)


def options(parser: argparse.ArgumentParser) -> None:
    """What a history can be asked for with."""
    parser.add_argument("--plays", type=int, default=30_000, help="plays a month (default: 30000)")
    parser.add_argument("--polled-days", type=int, default=90, help="the last days were polled, not exported (90)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other plays (default: 1)")
    parser.add_argument("--cache", type=Path, help="folder to keep histories in (default: the user's cache)")


def main(arguments: Sequence[str]) -> None:
    """Makes one history and says what is in it."""
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--years", type=float, default=10, help="length of the history (default: 10)")
    options(parser)
    given = parser.parse_args(arguments)
    say(described(ensure(Recipe(round(given.years * 365.25), given.plays, given.polled_days, given.seed), given.cache)))


if __name__ == "__main__":
    main(sys.argv[1:])
