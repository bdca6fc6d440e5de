"""An account with liked songs and playlists, as strict as Spotify: pages of 50, at most 100 items a call.

Faults are planned per method: before the effect, or after it, so that the caller cannot know the outcome.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from playledger.ports import Answer

SERVER_NOW = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
PAGE = 50
When = Literal["before", "after"]


class Crash(BaseException):
    """The process dies here."""


def song(number: int, **fields: Any) -> dict[str, Any]:
    """A track's body."""
    body = {"uri": f"spotify:track:{number:022d}", "name": f"Song {number}", "artists": [{"name": f"Artist {number}"}]}
    return body | fields


class Account:
    """Implements what the playlist's room asks of `ports.Spotify`."""

    def __init__(self, songs: Sequence[dict[str, Any]], user: str = "me", item: str = "item") -> None:
        self.songs = {body["uri"]: body for body in songs}
        self.liked = [body["uri"] for body in songs]
        self.lists: dict[str, dict[str, Any]] = {}
        self.items: dict[str, list[str]] = {}
        self.calls: Counter[str] = Counter()
        self.faults: dict[str, deque[tuple[When, BaseException] | None]] = {}
        self.after_call: Callable[[str], None] = lambda _name: None
        self.unlisted: set[str] = set()
        self.refused: dict[str, Exception] = {}
        self.shows_description = True
        self._user = user
        self._item = item

    def plan(self, method: str, *faults: tuple[When, BaseException] | None) -> None:
        """The next calls of `method` meet these, None being no fault."""
        self.faults[method] = deque(faults)

    @property
    def writes(self) -> int:
        """Calls that can change something."""
        return self.calls["create_playlist"] + self.calls["replace_items"] + self.calls["append_items"]

    def add_playlist(self, name: str, description: str, owner: str = "me") -> str:
        """Makes a playlist without a call."""
        playlist_id = f"list{len(self.lists) + 1}"
        self.lists[playlist_id] = {
            "id": playlist_id,
            "name": name,
            "description": description,
            "owner": {"id": owner},
            "public": False,
        }
        self.items[playlist_id] = []
        return playlist_id

    # ---- the port ---------------------------------------------------------------------------------------------

    def recently_played(self, limit: int) -> Answer:
        raise AssertionError(f"the playlist has no use for {limit}")

    def track(self, track_id: str) -> Answer | None:
        raise AssertionError(f"the playlist has no use for {track_id}")

    def artist(self, artist_id: str) -> Answer | None:
        raise AssertionError(f"the playlist has no use for {artist_id}")

    def me(self) -> Answer:
        return self._call("me", lambda: {"id": self._user})

    def saved_tracks(self, offset: int) -> Answer:
        found = [{"added_at": "2020-01-01T00:00:00Z", "track": self.songs[uri]} for uri in self.liked]
        return self._call("saved_tracks", lambda: _page(found, offset))

    def playlists(self, offset: int) -> Answer:
        shown = [body for name, body in self.lists.items() if name not in self.unlisted]
        if not self.shows_description:
            shown = [body | {"description": None} for body in shown]
        return self._call("playlists", lambda: _page(shown, offset))

    def create_playlist(self, name: str, description: str) -> Answer:
        return self._call("create_playlist", lambda: self.lists[self.add_playlist(name, description, self._user)])

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        def effect() -> dict[str, Any]:
            self._writable(playlist_id, uris)[:] = list(uris)
            return {}

        self._call("replace_items", effect)

    def append_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        def effect() -> dict[str, Any]:
            self._writable(playlist_id, uris).extend(uris)
            return {}

        self._call("append_items", effect)

    def playlist_items(self, playlist_id: str, offset: int) -> Answer:
        found = [{self._item: self.songs.get(uri, {"uri": uri})} for uri in self.items[playlist_id]]
        return self._call("playlist_items", lambda: _page(found, offset))

    def _writable(self, playlist_id: str, uris: Sequence[str]) -> list[str]:
        assert len(uris) <= 100, "Spotify takes 100 items at most"
        if playlist_id in self.refused:
            raise self.refused[playlist_id]
        return self.items[playlist_id]

    def _call(self, method: str, effect: Callable[[], dict[str, Any]]) -> Answer:
        self.calls[method] += 1
        planned = self.faults.get(method)
        fault = planned.popleft() if planned else None
        if fault and fault[0] == "before":
            raise fault[1]
        body = effect()
        self.after_call(method)
        if fault:
            raise fault[1]
        return Answer(body, SERVER_NOW)


def _page(items: Sequence[Any], offset: int) -> dict[str, Any]:
    end = offset + PAGE
    more = "https://api.spotify.com/v1/next" if end < len(items) else None
    return {"items": list(items[offset:end]), "offset": offset, "limit": PAGE, "total": len(items), "next": more}
