"""Enrichment and the weekly playlist over HTTP: spotipy against a simulated account, real tables, DuckDB."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from adapters.journal import DirectoryJournal
from adapters.metadata_cache import SqliteMetadataCache
from adapters.query_engine import DuckDbQueryEngine
from adapters.spotify import SpotipyClient
from adapters.table_store import DirectoryTableStore
from adapters.token_store import FileTokenStore
from enrichment.job import EnrichReport, Stopped, enrich
from playledger.errors import AccessRefused, NeedsReauth, SpotifyUnavailable
from playledger.journal import encode
from playledger.models import ExportEntry, PlayEvent, event_id, from_ms, play_key
from playlist.job import PlaylistReport, write_playlist
from playlist.shelf import MARKER
from simulator import Account, Liked, ListenedPlay, Track, VirtualClock, make_catalogue, played, serve
from simulator.faults import Fault, invalid_grant, premium_lapsed, rate_limited, unavailable
from tests.sql import given

pytestmark = pytest.mark.functional

NOW = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
LISTENED = NOW - timedelta(days=2)
CATALOGUE = make_catalogue(seed=7, artists=40)
POLLED, EXPORTED, LIKED = CATALOGUE.tracks[:240:20], CATALOGUE.tracks[300:540:20], CATALOGUE.tracks[:260]
UNKNOWN = Track("9" * 22, "Taken down", POLLED[0].artists, POLLED[0].album, 200_000)


class World:
    """A home folder and an account: twelve tracks were polled, twelve are known from an export, 260 songs are liked."""

    def __init__(self, home: Path, opened: ExitStack) -> None:
        plays = played(LISTENED, *POLLED)
        liked = [Liked(track, 0) for track in LIKED]
        self.clock = VirtualClock(NOW)
        self.account = Account(plays, catalogue=CATALOGUE, liked=liked)
        self.server = opened.enter_context(serve(self.account, clock=self.clock))
        self.journal, self.tables = DirectoryJournal(home), DirectoryTableStore(home)
        self.cache = opened.enter_context(closing(SqliteMetadataCache(home / "metadata.sqlite")))
        self.engine = opened.enter_context(closing(DuckDbQueryEngine(home)))
        tokens = FileTokenStore(home / "token.json")
        tokens.save(self.server.login(), None)
        self.spotify = SpotipyClient(
            tokens,
            client_id=self.server.client_id,
            api_url=self.server.api_url,
            accounts_url=self.server.accounts_url,
            session=opened.enter_context(requests.Session()),
            clock=self.clock,
        )
        self.planned = 0
        self._keep(plays)

    def _keep(self, plays: list[ListenedPlay]) -> None:
        """The journal's day, and the month that the night would make of it."""
        batch = encode([*map(_event, plays), *map(_row, [*EXPORTED, UNKNOWN])], LISTENED.date())
        self.journal.put(batch.key, batch.body)
        rows = [_listened(track, len(POLLED) - place) for place, track in enumerate(POLLED)]
        rows += [_listened(track, 40 - place) for place, track in enumerate([UNKNOWN, *EXPORTED])]
        day = LISTENED.date().isoformat()
        self.tables.write("day_tracks", day, [], digest="given", replaces=None)
        self.tables.write("month_tracks", day[:7], rows, digest="given", replaces=None)

    def enrich(self, calls: int = 100, days: int = 0) -> EnrichReport:
        now = NOW + timedelta(days=days)
        return enrich(self.journal, self.tables, self.cache, self.engine, self.spotify, now=now, daily_calls=calls)

    def playlist(self, size: int = 230, days: int = 0) -> PlaylistReport:
        now = NOW + timedelta(days=days)
        return write_playlist(
            self.engine, self.tables, self.spotify, now=now, tz="UTC", name="Unplayed", unplayed_days=30, size=size
        )

    def asked(self, start: str) -> list[str]:
        """What was asked for below a path, in order."""
        return [call.path.removeprefix(start) for call in self.server.log if call.path.startswith(start)]

    def calls(self) -> Counter[str]:
        """Writing calls by method."""
        return Counter(call.method for call in self.server.log if call.path.startswith("/v1/") and call.method != "GET")

    def fail(self, fault: Fault, on: str, times: int | None = 1) -> None:
        self.planned += 1
        self.server.faults.add(fault, on=on, times=times)


def _event(play: ListenedPlay) -> PlayEvent:
    track, at = play.item, from_ms(play.played_at_ms)
    assert isinstance(track, Track)
    return PlayEvent(
        event_id=event_id(at, track.id, None),
        key=play.key,
        played_at=at,
        track_id=track.id,
        track_uri=track.uri,
        track_name=track.name,
        artist_names=tuple(artist.name for artist in track.artists),
        artist_ids=tuple(artist.id for artist in track.artists),
        album_name=track.album.name,
        duration_ms=track.duration_ms,
        ingested_at=NOW,
    )


def _row(track: Track) -> ExportEntry:
    return ExportEntry(
        key=play_key(LISTENED, track.uri),
        played_at=LISTENED,
        media="music",
        track_uri=track.uri,
        track_name=track.name,
        artist_name=track.artists[0].name,
        ms_played=track.duration_ms,
        ingested_at=NOW,
    )


def _listened(track: Track, plays: int) -> dict[str, object]:
    """A row of month_tracks."""
    names = {"track_name": track.name, "artist_name": track.artists[0].name, "album_name": track.album.name}
    row = {"track_uri": track.uri, "day": LISTENED.date().isoformat(), "plays": plays, **names}
    return given.DEFAULTS["month_tracks"]("", row) | row


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh one. A planned fault that struck nobody fails its test."""
    with ExitStack() as opened:
        world = World(tmp_path, opened)
        yield world
        assert len(world.server.faults.struck) >= world.planned


# ---- enrichment -------------------------------------------------------------------------------------------------


def test_artists_and_exported_tracks_are_fetched_and_nothing_is_asked_twice(world: World) -> None:
    report = world.enrich()
    leading = {track.artists[0].id for track in (*POLLED, *EXPORTED)}
    artists = leading & {artist.id for track in POLLED for artist in track.artists}
    assert set(world.asked("/v1/artists/")) == artists
    assert world.asked("/v1/tracks/") == [UNKNOWN.id, *(track.id for track in EXPORTED)]
    assert (report.gone, report.calls) == (1, len(artists) + 13)
    assert (report.fetched, report.left, report.stopped) == (report.calls - 1, 0, Stopped.DONE)
    fetched = world.engine.ask("select track_uri, isrc, album from tracks where grade_rank = 3 order by track_uri").rows
    expected = sorted((track.uri, track.isrc, track.album.name) for track in EXPORTED)
    assert list(fetched) == expected
    while world.enrich(days=1).calls:
        pass
    asked = Counter(world.asked("/v1/artists/") + world.asked("/v1/tracks/"))
    assert set(asked.values()) == {1}
    known = world.engine.ask("select distinct artist_id from artists where grade_rank = 3").rows
    assert {row[0] for row in known} == leading


def test_the_budget_is_counted_in_requests(world: World) -> None:
    assert world.enrich(calls=4).stopped is Stopped.BUDGET
    world.enrich(calls=4)
    assert len(world.asked("/v1/artists/")) == 4
    world.enrich(calls=4, days=1)
    assert len(world.asked("/v1/artists/")) + len(world.asked("/v1/tracks/")) == 8


def test_a_long_ban_ends_it_at_once(world: World) -> None:
    world.enrich(calls=2)
    world.fail(rate_limited(48_925), "GET artists/*")
    report = world.enrich()
    assert (report.stopped, report.calls) == (Stopped.RATE_LIMITED, 1)
    assert report.blocked_until == NOW + timedelta(seconds=48_925)
    assert len(world.asked("/v1/artists/")) == 3


@pytest.mark.parametrize(
    ("fault", "on", "error"),
    [
        (premium_lapsed(), "GET artists/*", AccessRefused),
        (invalid_grant(), "POST api/token", NeedsReauth),
    ],
)
def test_what_the_owner_must_mend_is_told(world: World, fault: Fault, on: str, error: type[Exception]) -> None:
    world.fail(fault, on, times=None)
    with pytest.raises(error):
        world.enrich()
    assert world.cache.get_tracks([POLLED[0].uri])


# ---- playlist ---------------------------------------------------------------------------------------------------


def test_the_weekly_playlist_is_written_once_and_found_again(world: World) -> None:
    report = world.playlist()
    (ours,) = world.account.playlists
    fresh = {track.uri for track in LIKED} - {track.uri for track in (*POLLED, *EXPORTED)}
    assert (report.id, report.liked, report.changed, len(ours.uris)) == (ours.id, 260, True, report.chosen)
    assert set(ours.uris) <= fresh
    assert MARKER in ours.description
    assert not ours.public
    rows = world.engine.ask("select track_uri from playlists order by position").rows
    assert [row[0] for row in rows] == ours.uris
    assert world.calls() == {"POST": 3, "PUT": 1}
    assert not world.playlist().changed
    assert world.calls() == {"POST": 3, "PUT": 1}
    assert world.playlist(days=7).id == ours.id
    assert len(world.account.playlists) == 1


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("on", ["POST playlists/*/items", "PUT playlists/*/items"])
def test_a_write_that_fails_or_seems_to_leaves_no_song_twice(world: World, on: str, after_effect: bool) -> None:
    world.fail(unavailable(after_effect=after_effect), on)
    report = world.playlist()
    (ours,) = world.account.playlists
    assert len(ours.uris) == len(set(ours.uris)) == report.chosen
    rows = world.engine.ask("select track_uri from playlists order by position").rows
    assert [row[0] for row in rows] == ours.uris


def test_a_create_whose_answer_is_lost_makes_one_playlist(world: World) -> None:
    world.fail(unavailable(after_effect=True), "POST me/playlists")
    report = world.playlist()
    assert [ours.id for ours in world.account.playlists] == [report.id]


def test_a_create_that_failed_is_left_to_the_next_run(world: World) -> None:
    world.fail(unavailable(), "POST me/playlists")
    with pytest.raises(SpotifyUnavailable):
        world.playlist()
    report = world.playlist()
    assert [ours.id for ours in world.account.playlists] == [report.id]


def test_a_deleted_playlist_is_made_anew(world: World) -> None:
    first = world.playlist()
    assert first.id
    world.account.add_playlist("made in between")
    world.account.forget_playlist(first.id, NOW)
    second = world.playlist()
    assert [ours.id for ours in world.account.playlists if ours.name == "Unplayed"] == [second.id]
    assert second.id != first.id
    assert second.changed


def test_the_older_name_of_an_item_is_read_too(world: World) -> None:
    world.account.element = "track"
    assert world.playlist().changed
    assert world.calls()["PUT"] == 1
