"""An account in memory: what the feed shows at a moment, liked songs, playlists. No HTTP, no clock of its own."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from playledger.models import to_ms
from simulator import bodies
from simulator.bodies import Json
from simulator.catalogue import Artist, Catalogue, Track, spotify_id
from simulator.plays import ListenedPlay

WINDOW = 50
ElementName = Literal["item", "track", "both"]


@dataclass(frozen=True)
class View:
    """How one answer of recently-played differs from the truth at that moment.

    `as_of` or `age`: the list as it was then, or so long ago. `keep`: only the newest few.
    `without_device`: what that device played after `since` is missing.
    """

    as_of: datetime | None = None
    age: timedelta = timedelta()
    keep: int = WINDOW
    without_device: int | None = None
    since: datetime | None = None


PLAIN = View()


@dataclass(frozen=True)
class Liked:
    """A liked song, and since when."""

    track: Track
    added_at_ms: int


@dataclass
class Playlist:
    """A playlist. `uris` may name tracks nobody knows."""

    id: str
    name: str
    owner_id: str
    description: str = ""
    public: bool = False
    uris: list[str] = field(default_factory=list)
    changes: int = 0

    @property
    def uri(self) -> str:
        """Spotify URI."""
        return f"spotify:playlist:{self.id}"

    @property
    def snapshot_id(self) -> str:
        """Changes with every change."""
        return spotify_id("snapshot", self.id, self.changes)


def liked_songs(plays: Iterable[ListenedPlay], seed: int = 1, share: float = 0.2) -> list[Liked]:
    """Some of the tracks, each liked when it was first heard to the end."""
    rng = Random(f"liked:{seed}")
    met: set[str] = set()
    liked = []
    for play in plays:
        if isinstance(play.item, Track) and play.reason_end == "trackdone" and play.item.id not in met:
            met.add(play.item.id)
            if rng.random() < share:
                liked.append(Liked(play.item, play.ended_at_ms))
    return liked


class _Feed:
    """The plays that recently-played can ever show, in order of played_at."""

    def __init__(self, plays: Iterable[ListenedPlay]) -> None:
        self.plays = sorted((play for play in plays if play.visible), key=lambda play: play.played_at_ms)
        self.played_ms = [play.played_at_ms for play in self.plays]
        self.lead_ms = max((play.played_at_ms - play.published_at_ms for play in self.plays), default=0)

    def window(self, now_ms: int, limit: int, hidden: View = PLAIN) -> list[ListenedPlay]:
        """The newest `limit` plays published by now, newest first."""
        found: list[ListenedPlay] = []
        since_ms = to_ms(hidden.since) if hidden.since else 0
        place = bisect_right(self.played_ms, now_ms + max(0, self.lead_ms))
        while place and len(found) < limit:
            place -= 1
            play = self.plays[place]
            if play.published_at_ms > now_ms:
                continue
            if hidden.without_device is None or play.device != hidden.without_device or play.ended_at_ms < since_ms:
                found.append(play)
        return found


class Account:
    """One listener's account. Methods with `now` answer as at that moment; bodies share parts: do not change them.

    `element` says under which name playlist items carry their track: Spotify changed it in 2026.
    """

    def __init__(
        self,
        plays: Iterable[ListenedPlay],
        *,
        catalogue: Catalogue | None = None,
        liked: Sequence[Liked] | None = None,
        user_id: str = "simulated",
        element: ElementName = "item",
    ) -> None:
        self.plays = list(plays)
        self.user_id = user_id
        self.element = element
        self.liked = sorted(liked_songs(self.plays) if liked is None else liked, key=lambda song: -song.added_at_ms)
        self.playlists: list[Playlist] = []
        self.tracks: dict[str, Track] = {}
        self.artists: dict[str, Artist] = {}
        self._learn(catalogue)
        self._feed = _Feed(self.plays)
        self._bodies: dict[str, Json] = {}

    def _learn(self, catalogue: Catalogue | None) -> None:
        """Everything that was played, liked or lies in the catalogue can be asked for."""
        played = (play.item for play in self.plays if isinstance(play.item, Track))
        tracks = [*played, *(song.track for song in self.liked), *(catalogue.tracks if catalogue else ())]
        self.tracks = {track.id: track for track in tracks}
        for track in self.tracks.values():
            self.artists |= {artist.id: artist for artist in (*track.artists, track.album.artist)}

    # ---- the feed ---------------------------------------------------------------------------------------------------

    @property
    def visible(self) -> Sequence[ListenedPlay]:
        """Every play that the feed lists sooner or later, oldest first: what perfect polling would catch."""
        return self._feed.plays

    def window(self, now: datetime, limit: int = WINDOW, view: View = PLAIN) -> list[ListenedPlay]:
        """The newest plays that are published at `now`, newest first: at most 50, whatever the limit."""
        moment = (view.as_of or now) - view.age
        return self._feed.window(to_ms(moment), min(limit, view.keep), view)

    def recently_played(
        self,
        now: datetime,
        limit: int = 20,
        *,
        after_ms: int | None = None,
        before_ms: int | None = None,
        view: View = PLAIN,
    ) -> Json:
        """The body of recently-played. Cursors never reach beyond the last 50."""
        whole = self.window(now, WINDOW, view)
        chosen = [
            play
            for play in whole
            if (after_ms is None or play.played_at_ms > after_ms)
            and (before_ms is None or play.played_at_ms < before_ms)
        ]
        shown = chosen[:limit] if after_ms is None else chosen[-limit:]
        items = [self._history_item(play, to_ms(now)) for play in shown]
        played_ms = [play.played_at_ms for play in shown]
        return bodies.window_body(items, played_ms, limit, is_more=len(shown) < len(whole))

    def _history_item(self, play: ListenedPlay, now_ms: int) -> Json:
        context = bodies.context_body(play.context_at(now_ms))
        return {"track": self._track(play.item.id), "played_at": bodies.zulu(play.played_at_ms), "context": context}

    def _track(self, track_id: str) -> Json:
        if track_id not in self._bodies:
            self._bodies[track_id] = bodies.track_body(self.tracks[track_id])
        return self._bodies[track_id]

    # ---- who, and metadata ------------------------------------------------------------------------------------------

    def me(self) -> Json:
        """`GET /me` without what was removed in 2026, with the account_id added in May 2026."""
        named = bodies.owner_body(self.user_id)
        return named | {"account_id": spotify_id("account", self.user_id), "images": []}

    def track(self, track_id: str) -> Json | None:
        """One track; None where there is none."""
        return self._track(track_id) if track_id in self.tracks else None

    def artist(self, artist_id: str) -> Json | None:
        """One artist; None where there is none."""
        artist = self.artists.get(artist_id)
        return bodies.artist_body(artist) if artist else None

    def saved_tracks(self, now: datetime, limit: int = 20, offset: int = 0) -> Json:
        """A page of the songs liked by now, the newest like first."""
        known = [song for song in self.liked if song.added_at_ms <= to_ms(now)]
        items = [
            {"added_at": bodies.zulu_seconds(song.added_at_ms), "track": self._track(song.track.id)}
            for song in known[offset : offset + limit]
        ]
        return bodies.page("me/tracks", items, len(known), limit, offset)

    # ---- playlists --------------------------------------------------------------------------------------------------

    def add_playlist(
        self,
        name: str,
        uris: Iterable[str] = (),
        *,
        owner_id: str | None = None,
        description: str = "",
        public: bool = False,
    ) -> Playlist:
        """A new playlist at the head of the list; with another `owner_id` one that the listener only follows."""
        identity = spotify_id("playlist", self.user_id, name, len(self.playlists), owner_id)
        playlist = Playlist(identity, name, owner_id or self.user_id, description, public, list(uris))
        self.playlists.insert(0, playlist)
        return playlist

    def playlist(self, playlist_id: str) -> Playlist | None:
        """The playlist of that id, own or followed."""
        return next((playlist for playlist in self.playlists if playlist.id == playlist_id), None)

    def forget_playlist(self, playlist_id: str, now: datetime) -> None:
        """Deletes it: plays from it lose their context from now on."""
        gone = self.playlist(playlist_id)
        if gone is None:
            return
        self.playlists.remove(gone)
        now_ms = to_ms(now)
        self.plays = [
            (
                replace(play, context_gone_at_ms=now_ms)
                if play.context_uri and bodies.context_kind(play.context_uri) == ("playlist", playlist_id)
                else play
            )
            for play in self.plays
        ]
        self._feed = _Feed(self.plays)

    def playlists_page(self, limit: int = 20, offset: int = 0) -> Json:
        """`GET /me/playlists`: own and followed ones."""
        items = [self._summary(playlist) for playlist in self.playlists[offset : offset + limit]]
        return bodies.page("me/playlists", items, len(self.playlists), limit, offset)

    def playlist_body(self, playlist: Playlist, now: datetime) -> Json:
        """`GET /playlists/{id}`; the items of another's playlist are left out."""
        body = self._summary(playlist)
        if playlist.owner_id != self.user_id:
            return {name: value for name, value in body.items() if name != "items"}
        return body | {"items": self.items_page(playlist, now, 100)}

    def items_page(self, playlist: Playlist, now: datetime, limit: int = 20, offset: int = 0) -> Json:
        """`GET /playlists/{id}/items`."""
        chosen = playlist.uris[offset : offset + limit]
        items = [self._playlist_item(uri, to_ms(now)) for uri in chosen]
        return bodies.page(f"playlists/{playlist.id}/items", items, len(playlist.uris), limit, offset)

    def _summary(self, playlist: Playlist) -> Json:
        path = f"{bodies.API}/playlists/{playlist.id}"
        return {
            "collaborative": False,
            "description": playlist.description,
            "external_urls": {"spotify": f"{bodies.OPEN}/playlist/{playlist.id}"},
            "href": path,
            "id": playlist.id,
            "images": [],
            "items": {"href": f"{path}/items", "total": len(playlist.uris)},
            "name": playlist.name,
            "owner": bodies.owner_body(playlist.owner_id),
            "primary_color": None,
            "public": playlist.public,
            "snapshot_id": playlist.snapshot_id,
            "type": "playlist",
            "uri": playlist.uri,
        }

    def _playlist_item(self, uri: str, now_ms: int) -> Json:
        names: Mapping[ElementName, tuple[str, ...]] = {
            "item": ("item",),
            "track": ("track",),
            "both": ("item", "track"),
        }
        track = self.track(uri.rpartition(":")[2])
        element: Json = dict.fromkeys(names[self.element], track)
        added = {"added_at": bodies.zulu_seconds(now_ms), "added_by": bodies.owner_body(self.user_id)}
        return {**added, "is_local": False, "primary_color": None, **element}
