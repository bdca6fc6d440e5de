"""A Spotify account one can run: real JSON over HTTP, a window of 50 plays, lateness, faults. No Spotify needed.

Start one in five lines:

    plays = generate(HEAVY, seed=1, start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 3, 1, tzinfo=UTC))
    clock = VirtualClock(datetime(2026, 2, 1, tzinfo=UTC))
    with serve(Account(plays), clock=clock) as spotify:
        token_store.save(spotify.login(), None)  # settings: spotify.api_url, .accounts_url and .client_id
        clock.advance(timedelta(hours=1))        # and what was played in that hour is in the window

Or by hand, in real time: `python -m simulator --help`.

- Who listens: `profiles` (LIGHT, MODERATE, HEAVY, and HARD with marathons and a second device), figures of real people.
- To what: `catalogue`, fictional. When: `timeline.generate`, or `replay.replay` of an account export. A play by hand:
  `ListenedPlay.of(track, ended_at)`, or `played(start, *tracks)` for several.
- What the feed makes of it: `Quirks` (late plays, null contexts, bursts of 60 plays within an hour), `CALM` for none;
  `frozen` and `offline` hold plays back; `census` counts what occurs. The truth to compare with is `Account.visible`.
- What goes wrong: `Faults`, a script asked once per call, and `Weather`, drawn from a seed.
- Without HTTP: `Account.window(now)` and `Account.recently_played(now)`, or `api.answer(account, request, ...)`.
- The account as an export: `export.write_export(plays, folder)`.
"""

from simulator.account import Account, Liked, Playlist, View, liked_songs
from simulator.catalogue import Album, Artist, Catalogue, Episode, Track, make_catalogue, spotify_id
from simulator.clock import RunningClock, VirtualClock
from simulator.export import write_export, write_zip
from simulator.faults import Call, Fault, Faults, Weather
from simulator.listener import CALM, Quirks
from simulator.oauth import Accounts
from simulator.plays import ListenedPlay, played
from simulator.profiles import HARD, HEAVY, LIGHT, MODERATE, PROFILES, Marathons, Profile, SecondDevice
from simulator.replay import replay
from simulator.server import Logged, SimulatedSpotify, serve
from simulator.timeline import Census, census, frozen, generate, offline

__all__ = [
    "CALM",
    "HARD",
    "HEAVY",
    "LIGHT",
    "MODERATE",
    "PROFILES",
    "Account",
    "Accounts",
    "Album",
    "Artist",
    "Call",
    "Catalogue",
    "Census",
    "Episode",
    "Fault",
    "Faults",
    "Liked",
    "ListenedPlay",
    "Logged",
    "Marathons",
    "Playlist",
    "Profile",
    "Quirks",
    "RunningClock",
    "SecondDevice",
    "SimulatedSpotify",
    "Track",
    "View",
    "VirtualClock",
    "Weather",
    "census",
    "frozen",
    "generate",
    "liked_songs",
    "make_catalogue",
    "offline",
    "played",
    "replay",
    "serve",
    "spotify_id",
    "write_export",
    "write_zip",
]
