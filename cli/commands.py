"""The commands' work: each function takes a wired laptop, calls a job and returns its report."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer

from aggregation.job import NightReport
from aggregation.job import aggregate as aggregate_job
from aggregation.payload import LONGEST_SILENCE
from cli.serve import serve_blocking
from enrichment.job import EnrichReport
from enrichment.job import enrich as enrich_job
from ingestion.capture import CaptureReport
from ingestion.capture import capture as capture_job
from playledger.errors import NeedsReauth
from playledger.models import Instant, Model
from playlist.job import PlaylistReport, write_playlist
from wiring.laptop import Laptop

WINDOWS = (
    "select cast(coalesce(sum(short_windows), 0) as bigint), cast(coalesce(sum(small_overlaps), 0) as bigint) "
    "from settled_days"
)

GAPS = "select after, before, quiet_until, gap_class, lost_min, lost_max, lost_estimate from gaps order by after desc"


def capture_once(laptop: Laptop, now: datetime, *, only_if_due: bool = False) -> CaptureReport:
    """One poll, or with `only_if_due` a tick that polls where the window could fill too soon."""
    token, _ = laptop.tokens.load()
    return capture_job(
        laptop.spotify,
        laptop.journal,
        laptop.hot,
        now=now,
        pause=time.sleep,
        account_hash=token.account_hash,
        only_if_due=only_if_due,
    )


def aggregate_once(laptop: Laptop, now: datetime, progress: Callable[[int, int], None] | None = None) -> NightReport:
    """One night."""
    return aggregate_job(
        laptop.journal,
        laptop.tables,
        laptop.hot,
        laptop.tokens,
        laptop.engine,
        laptop.publisher,
        now=now,
        settings=laptop.settings,
        policy=laptop.policies.load()[0],
        progress=progress,
    )


def enrich_once(
    laptop: Laptop, now: datetime, progress: Callable[[int, int], None] | None = None, *, offline: bool = False
) -> EnrichReport:
    """Learns from the journal, then asks Spotify within the day's budget."""
    return enrich_job(
        laptop.journal,
        laptop.tables,
        laptop.cache,
        laptop.engine,
        None if offline else laptop.spotify,
        now=now,
        daily_calls=laptop.settings.enrichment_daily_calls,
        policy=laptop.policies.load()[0],
        progress=progress,
    )


def playlist_once(laptop: Laptop, now: datetime) -> PlaylistReport:
    """One week's playlist."""
    settings = laptop.settings
    return write_playlist(
        laptop.engine,
        laptop.tables,
        laptop.spotify,
        now=now,
        tz=settings.time_zone,
        name=settings.playlist_name,
        unplayed_days=settings.playlist_unplayed_days,
        size=settings.playlist_size,
        policy=laptop.policies.load()[0],
    )


def page_folder() -> Path:
    """Where the page's own files are, in a checkout or an installed wheel."""
    return Path(str(files("dashboard")))


def serve_forever(home: Path, port: int) -> None:
    """Serves the page over the home's data until interrupted; says where as soon as it answers."""
    serve_blocking(page=page_folder(), data=home / "site", port=port, announce=_announce)


def _announce(address: str) -> None:
    typer.echo(f"The dashboard is at {address} (Ctrl-C stops)")


class ToldGap(Model):
    """A row of `gaps` as the engine gives it, moments as UTC text."""

    after: str
    before: str
    quiet_until: str | None
    gap_class: str
    lost_min: int
    lost_max: int
    lost_estimate: float | None


def _told(value: Any) -> Any:
    return value.isoformat(" ", "milliseconds") if isinstance(value, datetime) else value


class Coverage(Model):
    """What may be missing from the record. `unpolled_since` is the last poll where it is over three hours ago."""

    gaps: tuple[ToldGap, ...]
    unpolled_since: Instant | None
    short_windows: int
    small_overlaps: int


def coverage_of(laptop: Laptop, now: datetime) -> Coverage:
    """Gaps as of the last aggregate, newest first, and what else makes the record less than certain."""
    state = laptop.hot.load_state()
    last = state.last_run_timestamp if state else None
    counts, found = laptop.engine.ask(WINDOWS).rows[0], laptop.engine.ask(GAPS)
    return Coverage(
        gaps=tuple(ToldGap(**dict(zip(found.columns, map(_told, row), strict=True))) for row in found.rows),
        unpolled_since=last if last and now - last > LONGEST_SILENCE else None,
        short_windows=counts[0],
        small_overlaps=counts[1],
    )


class Status(Model):
    """How the ledger stands. Times are UTC."""

    home: str
    zone: str
    login: str
    reauthorize_by: Instant | None
    last_poll: Instant | None
    last_play: Instant | None
    blocked_until: Instant | None
    journal_objects: int
    plays: int
    gaps: int
    published: bool


@dataclass(frozen=True)
class Login:
    """Whether there is a token, and until when it can live."""

    words: str
    dies_at: datetime | None


def login_of(laptop: Laptop) -> Login:
    """The login's state, without asking Spotify."""
    try:
        token, _ = laptop.tokens.load()
    except NeedsReauth:
        return Login("none", None)
    state = laptop.hot.load_state()
    words = "Spotify no longer accepts it" if state and state.needs_reauth else "ok"
    return Login(words, token.dies_at)


def status_of(laptop: Laptop, _now: datetime) -> Status:
    """Reads state, tables and site; writes nothing."""
    state, login = laptop.hot.load_state(), login_of(laptop)
    counts = laptop.engine.ask("select (select count(*) from plays) as plays, (select count(*) from gaps) as gaps").rows
    return Status(
        home=str(laptop.home),
        zone=laptop.settings.time_zone,
        login=login.words,
        reauthorize_by=login.dies_at,
        last_poll=state.last_run_timestamp if state else None,
        last_play=state.last_seen_played_at if state else None,
        blocked_until=state.blocked_until if state else None,
        journal_objects=len(laptop.journal.list()),
        plays=counts[0][0],
        gaps=counts[0][1],
        published=laptop.publisher.published("dashboard_data.json") is not None,
    )
