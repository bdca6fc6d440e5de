"""The demo: a simulated account from first import to served page, in stages that can be stopped and started again.

It takes its own roles from the wiring like every command; only Spotify is replaced, by address.
"""

import json
import shutil
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

from cli.commands import aggregate_once, capture_once, page_folder, playlist_once, serve_forever
from cli.options import progress_bar
from cli.serve import serving
from cli.show import say
from enrichment.job import enrich
from ingestion.export import export_files, import_export
from playledger.dashboard_data import DashboardData
from playledger.errors import Misconfigured, SpotifyUnavailable, WorldChanged
from playledger.models import from_ms
from playledger.settings import environment_values, process_environment
from simulator.account import Account
from simulator.catalogue import make_catalogue
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
    export: Path
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
    export_sha256: str | None


def run_demo(
    home: Path,
    *,
    zone: str | None,
    export: Path | None,
    port: int,
    fresh: bool,
    keep_serving: bool,
    opened: Opener = open_home,
) -> None:
    """Runs all stages, printing each one's time; then serves the page, or checks it once where nobody is watching."""
    chosen = zone or environment_values(process_environment()).get("time_zone") or DEFAULT_ZONE
    prepare(home, Marker(zone=chosen, export_sha256=_digest(export)), fresh=fresh)
    with stage("a listener"):
        scene = replayed(export, chosen) if export else invented(home, chosen)
        account = Account(scene.plays, catalogue=None if export else make_catalogue(SEED))
    say(f"  {len(scene.plays):,} plays until {scene.end:%Y-%m-%d}, in {chosen}; everything lies in {home}")
    clock = VirtualClock(scene.start)
    with serve(account, clock=clock, faults=_faults(scene)) as spotify:
        _stages(home, scene, spotify, clock, opened)
    if keep_serving:
        serve_forever(home, port)
    else:
        with serving(page=page_folder(), data=home / "site", port=0) as address, stage("the page fetched and checked"):
            check_page(address)
        say(f"The page was at {address}. To look at it: playledger --home {home} serve")


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
        with stage("account export imported"), progress_bar("importing") as moved:
            imported = import_export(scene.export, laptop.journal, now=scene.start, progress=moved)
        say(f"  {imported.rows:,} rows")
        with stage("two weeks captured, hour by hour over HTTP"):
            say(f"  {captured(laptop, scene, clock)}")
        with stage("settled, summarised, asked"), progress_bar("settling") as moved:
            clock.set(scene.now)
            night = aggregate_once(laptop, scene.now, moved)
        say(f"  {night.plays_settled:,} plays settled, {night.queries} questions asked")
        with stage("names and genres learned"), progress_bar("enriching") as moved:
            learned = enrich(
                laptop.journal,
                laptop.tables,
                laptop.cache,
                laptop.engine,
                laptop.spotify,
                now=scene.now,
                daily_calls=laptop.settings.enrichment_daily_calls,
                progress=moved,
            )
        say(f"  {learned.calls} calls to Spotify")
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


def invented(home: Path, zone: str) -> Scene:
    """Years of an invented listener, and an account export that ends some days into the captured fortnight."""
    end = datetime.combine(LAST_DAY, day_time(23, 30), ZoneInfo(zone))
    start = end.replace(hour=0, minute=10) - CAPTURED
    born = end.replace(hour=0, minute=0) - timedelta(days=365 * YEARS)
    first_outage = (start + EXPORT_OVERLAP + timedelta(days=5)).replace(hour=14, minute=0)
    quirks = Quirks(late_share=0.02, bursts=(first_outage + timedelta(hours=2),))
    plays = generate(MODERATE, SEED, born, end, catalogue=make_catalogue(SEED), tz=zone, quirks=quirks)
    until = start + EXPORT_OVERLAP
    write_export([play for play in plays if from_ms(play.ended_at_ms) < until], home / "export")
    last = from_ms(plays[-1].ended_at_ms)
    return Scene(plays, home / "export", zone, start, last, (first_outage, first_outage + OUTAGE))


def replayed(export: Path, zone: str) -> Scene:
    """A real history played again: all of it imported, its last fortnight captured as well."""
    plays = replay_rows([row for file in export_files(export) if file.is_audio for row in file.rows()[0]])
    if not plays:
        raise WorldChanged(f"{export} holds no play of a track; there is nothing to show")
    last = from_ms(plays[-1].ended_at_ms)
    start = (last.astimezone(ZoneInfo(zone)) - CAPTURED).replace(minute=10, second=0, microsecond=0)
    outage = start + timedelta(days=6)
    return Scene(plays, export, zone, start, last, (outage, outage + OUTAGE))


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
