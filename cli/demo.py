"""The demo: a simulated account from first import to served page, in stages that can be stopped and started again.

It takes its own roles from the wiring like every command; only Spotify is replaced, by address.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as day_time
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import requests
from pydantic import BaseModel

from cli.commands import aggregate_once, capture_once, enrich_once, page_folder, playlist_once, serve_forever
from cli.options import progress_bar
from cli.serve import serving
from cli.show import say
from ingestion.export import import_export
from playledger.dashboard_data import DashboardData
from playledger.errors import Misconfigured, SpotifyUnavailable, WorldChanged
from playledger.journal import decode
from playledger.models import ExportEntry, Media, format_instant, from_ms
from playledger.settings import environment_values, process_environment
from simulator.account import Account
from simulator.catalogue import Catalogue, make_catalogue
from simulator.clock import VirtualClock
from simulator.export import write_export
from simulator.faults import RECENT, Faults, unavailable
from simulator.listener import Quirks
from simulator.plays import ListenedPlay
from simulator.profiles import MODERATE
from simulator.replay import replay_rows
from simulator.server import SimulatedSpotify, serve
from simulator.timeline import generate
from wiring.laptop import Laptop, open_home

SEED = 7
YEARS = 3
LAST_DAY = date(2026, 10, 31)
CAPTURED = timedelta(days=14)
EXPORT_OVERLAP = timedelta(days=4)
OUTAGE = timedelta(hours=8)
MARKER = "demo.json"
DEFAULT_ZONE = "Europe/Stockholm"

Opener = Callable[[Path, dict[str, object], Callable[[], datetime]], Laptop]


@dataclass(frozen=True)
class Scene:
    """What the demo plays: the account's truth, the export of it, and when polling runs and fails."""

    plays: Sequence[ListenedPlay]
    catalogue: Catalogue | None
    zone: str
    start: datetime
    end: datetime
    outage: tuple[datetime, datetime]

    @property
    def now(self) -> datetime:
        """00:30 local on the day after the last play."""
        zone = ZoneInfo(self.zone)
        next_day = self.end.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(next_day, day_time(0, 30), zone)

    def hours(self) -> list[datetime]:
        """The moments of the hourly polls."""
        count = int((self.now - self.start) / timedelta(hours=1))
        return [self.start + timedelta(hours=hour) for hour in range(count + 1)]


class Marker(BaseModel):
    """What lies in a demo's folder, so that it is known as one and can be resumed."""

    playledger_demo: int = 1
    zone: str
    years: int
    export_sha256: str | None


def run_demo(
    home: Path,
    *,
    zone: str | None,
    export: Path | None,
    port: int,
    fresh: bool,
    keep_serving: bool,
    years: int = YEARS,
    opened: Opener = open_home,
) -> None:
    """Runs all stages, printing each one's time; then serves the page, or checks it once where nobody is watching."""
    chosen = zone or environment_values(process_environment()).get("time_zone") or DEFAULT_ZONE
    prepare(home, Marker(zone=chosen, years=years, export_sha256=_digest(export)), fresh=fresh)
    say(f"Everything lies in {home}")
    scene = _replayed(home, export, chosen, opened) if export else _invented(home, chosen, years, opened)
    clock = VirtualClock(scene.start)
    with serve(Account(scene.plays, catalogue=scene.catalogue), clock=clock, faults=_faults(scene)) as spotify:
        _stages(home, scene, spotify, clock, opened)
    if keep_serving:
        serve_forever(home, port)
    else:
        with serving(page=page_folder(), data=home / "site", port=0) as address, stage("the page fetched and checked"):
            check_page(address)
        say(f"The page was at {address}\nTo look at it: {_program()} --home {home} serve")


def _stages(home: Path, scene: Scene, spotify: SimulatedSpotify, clock: VirtualClock, opened: Opener) -> None:
    """The whole main job, in order."""
    flags: dict[str, object] = {
        "time_zone": scene.zone,
        "mode": "demo",
        "spotify_client_id": spotify.client_id,
        "spotify_api_url": spotify.api_url,
        "spotify_accounts_url": spotify.accounts_url,
    }
    with opened(home, flags, clock) as laptop:
        laptop.tokens.save(spotify.login(), None)
        with stage("two weeks captured, hour by hour over HTTP"):
            say(f"  {captured(laptop, scene, clock)}")
        clock.set(scene.now)
        with stage("settled, summarised, asked"), progress_bar("settling") as moved:
            night = aggregate_once(laptop, scene.now, moved)
            say(f"  {night.plays_settled:,} plays settled, {night.queries} questions asked")
        with stage("names and genres learned"), progress_bar("enriching") as moved:
            learned = enrich_once(laptop, scene.now, moved)
            say(f"  {learned.tracks_learned:,} tracks from the journal, {learned.calls} calls to Spotify")
        with stage("playlist written"):
            written = playlist_once(laptop, scene.now)
            say(f"  {written.chosen} of {written.liked} liked songs")
        with stage("asked again and published"):
            aggregate_once(laptop, scene.now)


@contextmanager
def stage(label: str) -> Iterator[None]:
    """Prints what was done and how long it took."""
    started = time.monotonic()
    yield
    say(f"{time.monotonic() - started:6.1f} s  {label}")


def prepare(home: Path, marker: Marker, *, fresh: bool) -> None:
    """An empty folder, or one with the same demo, begun or done. Raises Misconfigured before anything is touched."""
    path = home / MARKER
    if path.exists():
        if not fresh and json.loads(path.read_text("utf-8")) == marker.model_dump():
            return
        shutil.rmtree(home)
    elif home.exists() and any(home.iterdir()):
        raise Misconfigured(f"{home} is not empty and holds no demo; choose another folder with --home")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(marker.model_dump_json(), "utf-8")
    except OSError as error:
        raise Misconfigured(
            f"the folder {home} cannot be written: {error.strerror}; choose another with --home"
        ) from error


def _invented(home: Path, zone: str, years: int, opened: Opener) -> Scene:
    """Years of an invented listener, and an account export that ends some days into the captured fortnight."""
    end = datetime.combine(LAST_DAY, day_time(23, 30), ZoneInfo(zone))
    start = end.replace(hour=0, minute=10) - CAPTURED
    born = end.replace(hour=0, minute=0) - max(timedelta(days=365 * years), CAPTURED)
    outage = (start + EXPORT_OVERLAP + timedelta(days=5)).replace(hour=14, minute=0)
    quirks = Quirks(late_share=0.02, bursts=(outage + timedelta(hours=2),))
    catalogue, folder = make_catalogue(SEED), home / "export"
    with stage("years of an invented listener"):
        plays = generate(MODERATE, SEED, born, end, catalogue=catalogue, tz=zone, quirks=quirks)
        until = start + EXPORT_OVERLAP
        write_export([play for play in plays if from_ms(play.ended_at_ms) < until], folder)
        say(f"  {len(plays):,} plays, {born:%Y-%m-%d} to {end:%Y-%m-%d}, days in {zone}")
    _import(home, folder, zone, start, opened)
    return Scene(plays, catalogue, zone, start, from_ms(plays[-1].ended_at_ms), (outage, outage + OUTAGE))


def _replayed(home: Path, export: Path, zone: str, opened: Opener) -> Scene:
    """A real history played again: all of it imported, its last fortnight captured as well."""
    entries = _import(home, export, zone, datetime.combine(LAST_DAY, day_time(), ZoneInfo(zone)), opened)
    plays = replay_rows([_row(entry) for entry in entries])
    if not plays:
        raise WorldChanged(f"{export} holds no play of a track; there is nothing to show")
    last = from_ms(plays[-1].ended_at_ms)
    start = (last.astimezone(ZoneInfo(zone)) - CAPTURED).replace(minute=10, second=0, microsecond=0)
    outage = start + timedelta(days=6)
    return Scene(plays, None, zone, start, last, (outage, outage + OUTAGE))


def _import(home: Path, export: Path, zone: str, now: datetime, opened: Opener) -> list[ExportEntry]:
    """Imports the export; returns the journal's export entries, oldest first."""
    with opened(home, {"time_zone": zone}, lambda: now) as laptop:
        with stage("account export imported"), progress_bar("importing") as moved:
            report = import_export(export, laptop.journal, now=now, progress=moved)
            say(f"  {report.rows:,} rows: {report.objects_new:,} objects new, {report.objects_known:,} known")
        found = laptop.journal.list()
        entries = [entry for item in found for entry in decode(item.key, laptop.journal.read(item.key))]
    rows = [entry for entry in entries if isinstance(entry, ExportEntry)]
    return sorted(rows, key=lambda entry: (entry.played_at, entry.key))


def _row(entry: ExportEntry) -> dict[str, object]:
    """An entry as the row of an export that it came from."""
    is_podcast = entry.media is Media.PODCAST
    return {
        "ts": format_instant(entry.played_at),
        "ms_played": entry.ms_played,
        "spotify_episode_uri" if is_podcast else "spotify_track_uri": entry.track_uri,
        "episode_name": entry.track_name,
        "episode_show_name": entry.artist_name,
        "master_metadata_track_name": entry.track_name,
        "master_metadata_album_artist_name": entry.artist_name,
        "master_metadata_album_album_name": entry.album_name,
        "reason_start": entry.reason_start,
        "reason_end": entry.reason_end,
        "shuffle": entry.shuffle,
        "offline": entry.offline,
        "incognito_mode": entry.incognito,
    }


def captured(laptop: Laptop, scene: Scene, clock: VirtualClock) -> str:
    """Polls every hour that was not polled yet; says what came of it."""
    state = laptop.hot.load_state()
    done = state.last_run_timestamp if state else None
    polls = new = failed = 0
    with progress_bar("capturing") as moved:
        hours = scene.hours()
        for index, hour in enumerate(hours, 1):
            moved(index, len(hours))
            if done and hour <= done:
                continue
            clock.set(hour)
            try:
                report = capture_once(laptop, hour)
            except SpotifyUnavailable:
                failed += 1
                continue
            polls, new = polls + 1, new + report.new
    return f"{polls} polls, {new} plays caught, {failed} polls failed in an outage"


def check_page(address: str) -> None:
    """Fetches the page and its data as a browser would. Raises WorldChanged where they are not right."""
    with requests.Session() as session:
        page = session.get(address, timeout=10)
        data = session.get(f"{address.rstrip('/')}/dashboard_data.json", timeout=10)
    if not page.ok or "<h1" not in page.text or "content-security-policy" not in page.headers:
        raise WorldChanged(f"{address} did not give the page")
    document = DashboardData.model_validate_json(data.content)
    if document.totals.plays == 0:
        raise WorldChanged("the page's data holds no plays")
    say(f"  {document.totals.plays:,} plays, {document.totals.minutes:,} minutes, {document.health.gaps.total} gap(s)")


def _program() -> str:
    """How this program was called, so that the next command can be copied."""
    return sys.argv[0] if Path(sys.argv[0]).name == "playledger" else "playledger"


def _faults(scene: Scene) -> Faults:
    faults = Faults()
    faults.add(unavailable(503), on=RECENT, times=None, between=scene.outage)
    return faults


def _digest(export: Path | None) -> str | None:
    """Names an export by its bytes; a folder by the bytes of its files."""
    if export is None:
        return None
    files = sorted(path for path in export.rglob("*") if path.is_file()) if export.is_dir() else [export]
    return sha256(b"".join(sha256(path.read_bytes()).digest() for path in files)).hexdigest()
