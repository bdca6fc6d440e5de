"""A fortnight of polling over HTTP: the simulated account, the laptop's roles, and what came of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.capture import CaptureReport, capture
from playledger.errors import SpotifyUnavailable
from settlement.job import settle_changed, settle_gaps
from simulator.account import Account
from simulator.clock import VirtualClock
from simulator.faults import RECENT, Faults, unavailable
from simulator.listener import Quirks
from simulator.plays import ListenedPlay
from simulator.profiles import Profile
from simulator.server import Logged, SimulatedSpotify, serve
from simulator.timeline import generate
from wiring.laptop import Laptop, open_home

START = datetime(2026, 3, 20, 0, 10, tzinfo=UTC)
DAYS = 14
HOUR = timedelta(hours=1)


@dataclass
class Fortnight:
    """Two weeks, hour by hour. `truth` is what the feed lists sooner or later."""

    laptop: Laptop
    clock: VirtualClock
    spotify: SimulatedSpotify
    truth: Sequence[ListenedPlay]
    reports: list[CaptureReport] = field(default_factory=list)
    failed: int = 0

    def poll(self, moment: datetime) -> None:
        """One hourly poll; an outage of Spotify's is counted."""
        self.clock.set(moment)
        try:
            self.reports.append(capture(self.laptop.spotify, self.laptop.journal, self.laptop.hot, now=moment))
        except SpotifyUnavailable:
            self.failed += 1

    def run(self, hours: int = DAYS * 24) -> None:
        """Polls every hour, then settles."""
        for hour in range(hours + 1):
            self.poll(START + hour * HOUR)
        settle_changed(self.laptop.journal, self.laptop.tables)
        settle_gaps(self.laptop.journal, self.laptop.tables)

    @property
    def log(self) -> Sequence[Logged]:
        """Every request the account got."""
        return self.spotify.log

    def plays(self) -> list[dict[str, object]]:
        """The plays table, oldest first."""
        tables = self.laptop.tables
        rows = [row for dt in sorted(tables.list("plays")) for row in tables.read("plays", dt)]
        return sorted(rows, key=lambda row: (row["played_at"], row["play_key"]))


@contextmanager
def fortnight(
    home: Path,
    profile: Profile,
    seed: int,
    *,
    quirks: Quirks,
    outage: tuple[datetime, datetime] | None = None,
) -> Iterator[Fortnight]:
    """The account is served over HTTP and the laptop is logged in; nothing is polled yet."""
    end = START + timedelta(days=DAYS)
    account = Account(generate(profile, seed, START - timedelta(days=3), end, quirks=quirks))
    clock, faults = VirtualClock(START), Faults()
    if outage:
        faults.add(unavailable(503), on=RECENT, times=None, between=outage)
    with serve(account, clock=clock, faults=faults) as spotify:
        flags = {
            "spotify_client_id": spotify.client_id,
            "spotify_api_url": spotify.api_url,
            "spotify_accounts_url": spotify.accounts_url,
        }
        with open_home(home, flags, clock) as laptop:
            laptop.tokens.save(spotify.login(), None)
            yield Fortnight(laptop, clock, spotify, account.visible)
