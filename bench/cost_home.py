"""A laptop's home with a history in it, settled, learned and summarised: what a deployment would hold by then.

Made once for each history and kept beside it; brought up to date for each state of the code.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregation.job import aggregate
from bench.history import LAST_DAY, ZONE, History
from bench.household import catalogue_for
from cli.commands import enrich_once
from cli.options import progress_bar
from enrichment import parse
from enrichment.keep import Known, keep
from playledger.journal import key_date
from playledger.models import Grade
from simulator import Account
from tests.support.tree import ROOT
from wiring.laptop import Laptop, open_home

MADE_FROM = ("playledger", "settlement", "aggregation", "sql", "glue_catalog", "adapters", "enrichment")
NIGHT = timedelta(hours=4)
COMPLETE = "complete"
"""Stands in a home that is."""

METADATA = ("tracks", "artists")

LEARNED_BEFORE = timedelta(days=31)
"""Names were learned in a month that is closed: else each poll of the counted day would write all of them once more."""


def midnight() -> datetime:
    """When the last day begins, which is the one that is counted."""
    return datetime.combine(LAST_DAY, day_time(), ZoneInfo(ZONE)).astimezone(UTC)


def built_home(history: History, *, anew: bool = False) -> Path:
    """The home with everything before the history's last day, from the cache or made now, with a progress bar.

    What older code made, or began, is brought up to date as a deployment would be: by digests. `anew` makes all of it.
    """
    home = history.folder / f"home-{_state_of_the_code()}"
    kept = [*history.folder.glob("home-*")]
    if anew:
        for old in kept:
            shutil.rmtree(old)
    elif not home.exists() and kept:
        kept[0].rename(home)
        (home / COMPLETE).unlink(missing_ok=True)
    if not (home / COMPLETE).exists():
        _build(history, home)
        (home / COMPLETE).touch()
    return home


def _build(history: History, home: Path) -> None:
    for key, path in journal_of(history):
        (home / key).parent.mkdir(parents=True, exist_ok=True)
        if not (home / key).exists():
            os.link(path, home / key)
    now = midnight() + NIGHT
    with open_home(home, {"time_zone": ZONE}, lambda: now) as laptop:
        with progress_bar("learning names") as moved:
            enrich_once(laptop, now - LEARNED_BEFORE, moved, offline=True)
        _fetch(laptop, history, now - LEARNED_BEFORE)
        with progress_bar("settling, summarising") as moved:
            roles = (laptop.journal, laptop.tables, laptop.hot, laptop.tokens, laptop.engine, laptop.publisher)
            aggregate(*roles, now=now, settings=laptop.settings, progress=moved)


def _fetch(laptop: Laptop, history: History, now: datetime) -> None:
    """What such a deployment has asked Spotify for: each day's calls, for artists first, then for exported tracks."""
    recipe, tables = history.recipe, laptop.tables
    account = Account([], catalogue=catalogue_for(recipe.plays_per_month, recipe.seed))
    calls = recipe.days * laptop.settings.enrichment_daily_calls
    rows = {table: [row for dt in tables.list(table) for row in tables.read(table, dt)] for table in METADATA}
    artists = sorted({row["artist_id"] for row in rows["artists"]})[:calls]
    better = {row["track_uri"] for row in rows["tracks"] if row["grade_rank"] > Grade.STUB.rank}
    fetched = {row["track_uri"] for row in rows["tracks"] if row["grade_rank"] == Grade.FETCHED.rank}
    left = max(0, calls - len(artists) - len(fetched))  # a home that older code made has asked for some already
    tracks = sorted({row["track_uri"] for row in rows["tracks"]} - better)[:left]
    known = Known()
    for artist_id in artists:
        if (body := account.artist(artist_id)) and (artist := parse.artist(body, artist_id=artist_id, now=now)):
            known.add_artist(artist)
    for uri in tracks:
        if body := account.track(parse.track_id_of(uri) or ""):
            known.add_track(parse.track(body, track_uri=uri, now=now))
    keep(tables, laptop.cache, known, now=now)


def journal_of(history: History) -> Iterator[tuple[str, Path]]:
    """Key and file of every object before the last day."""
    for path in sorted((history.folder / "journal").rglob("*.gz")):
        key = path.relative_to(history.folder).as_posix()
        if (key_date(key) or date.max) < LAST_DAY:
            yield key, path


def _state_of_the_code() -> str:
    seal = hashlib.sha256(Path(__file__).read_bytes())
    for package in MADE_FROM:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".sql"):
                seal.update(path.read_bytes())
    return seal.hexdigest()[:12]


@contextmanager
def opened(home: Path) -> Iterator[object]:
    """The laptop of the home, at the last day's first moment."""
    with open_home(home, {"time_zone": ZONE}, midnight) as laptop:
        yield laptop
