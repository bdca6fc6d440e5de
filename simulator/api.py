"""The Web API over an account, without HTTP: a request in, a reply out. What 2026 removed answers 403."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator import bodies
from simulator.account import PLAIN, WINDOW, Account, Playlist, View
from simulator.bodies import Json
from simulator.oauth import SCOPES

MOST_URIS = 100
_ID = re.compile(r"^[0-9A-Za-z]{22}$")
_URI = re.compile(r"^spotify:(track|episode):[0-9A-Za-z]{22}$")

REMOVED = re.compile(
    r"^(tracks|artists|albums|shows|episodes|audiobooks|markets|browse(/.*)?|recommendations(/.*)?|users/.+"
    r"|audio-(features|analysis)(/.*)?|artists/[^/]+/(top-tracks|related-artists)|playlists/[^/]+/(tracks|followers)"
    r"|me/(tracks|albums|shows|episodes|audiobooks|following)/contains)$"
)
"""Paths that development mode lost in February 2026, for every method."""

SCOPE_OF = {
    "me/player/recently-played": "user-read-recently-played",
    "me/tracks": "user-library-read",
}


@dataclass(frozen=True)
class Request:
    """A call with its query and JSON body; `path` is relative to /v1/."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Reply:
    """Status and JSON."""

    status: int
    body: Any


class Refused(Exception):
    """An error answer of the Web API."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, bodies.error_body(status, message))


@dataclass(frozen=True)
class _Visit:
    """One request at one moment."""

    account: Account
    request: Request
    now: datetime
    view: View

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A number of the query within its bounds; Spotify answers 400 otherwise."""
        text = self.request.query.get(name, str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise Refused(400, f"Invalid {name}")
        return int(text)

    @property
    def limit(self) -> int:
        """Items per page."""
        return self.number("limit", 20, 1, WINDOW)

    @property
    def offset(self) -> int:
        """First item of the page."""
        return self.number("offset", 0, 0, 100_000)

    def moment(self, name: str) -> int | None:
        """A cursor in Unix milliseconds."""
        return self.number(name, 0, 0, 10**15) if name in self.request.query else None

    @property
    def uris(self) -> list[str]:
        """The uris in the query or, bare or named, in the body."""
        body = self.request.body
        given = body.get("uris") if isinstance(body, dict) else body
        if "uris" in self.request.query:
            given = self.request.query["uris"].split(",")
        if not isinstance(given, list):
            raise Refused(400, "Missing required field: uris")
        if len(given) > MOST_URIS:
            raise Refused(400, f"Can add a maximum of {MOST_URIS} tracks per request")
        if bad := [uri for uri in given if not isinstance(uri, str) or not _URI.match(uri)]:
            raise Refused(400, f"Invalid track uri: {bad[0]}")
        return given

    def playlist(self, playlist_id: str, *, own: bool) -> Playlist:
        """The playlist, or 404; 403 where it must be the listener's own."""
        playlist = self.account.playlist(_checked(playlist_id))
        if playlist is None:
            raise Refused(404, "Resource not found")
        if own and playlist.owner_id != self.account.user_id:
            raise Refused(403, "You cannot add tracks to a playlist you don't own.")
        return playlist


def answer(account: Account, request: Request, now: datetime, scopes: frozenset[str], view: View = PLAIN) -> Reply:
    """What Spotify answers to a bearer with these scopes."""
    visit = _Visit(account, request, now, view)
    if not _needed(request) & scopes:
        return Reply(403, bodies.error_body(403, "Insufficient client scope"))
    try:
        return _routed(visit)
    except Refused as refused:
        return refused.reply


def _needed(request: Request) -> frozenset[str]:
    """Scopes of which one is enough; a call that needs none is content with any that Spotify has."""
    if request.method != "GET" and request.path.endswith(("/playlists", "/items")):
        return frozenset({"playlist-modify-private", "playlist-modify-public"})
    return frozenset({SCOPE_OF[request.path]} if request.path in SCOPE_OF else SCOPES.split())


def _routed(visit: _Visit) -> Reply:
    method, path = visit.request.method, visit.request.path
    for known_method, pattern, handler in _ROUTES:
        match = pattern.fullmatch(path)
        if match and method == known_method:
            return handler(visit, *match.groups())
    if REMOVED.match(path) or (path == "me/tracks" and method != "GET"):
        raise Refused(403, "Forbidden")
    raise Refused(404, "Service not found")


def _checked(identity: str) -> str:
    if not _ID.match(identity):
        raise Refused(400, "Invalid base62 id")
    return identity


def _found(body: Json | None) -> Reply:
    if body is None:
        raise Refused(404, "Resource not found")
    return Reply(200, body)


def _recently_played(visit: _Visit) -> Reply:
    after_ms, before_ms = visit.moment("after"), visit.moment("before")
    if after_ms is not None and before_ms is not None:
        raise Refused(400, "Cannot specify both before and after parameters")
    body = visit.account.recently_played(
        visit.now, visit.limit, after_ms=after_ms, before_ms=before_ms, view=visit.view
    )
    return Reply(200, body)


def _me(visit: _Visit) -> Reply:
    return Reply(200, visit.account.me())


def _track(visit: _Visit, track_id: str) -> Reply:
    return _found(visit.account.track(_checked(track_id)))


def _artist(visit: _Visit, artist_id: str) -> Reply:
    return _found(visit.account.artist(_checked(artist_id)))


def _saved_tracks(visit: _Visit) -> Reply:
    return Reply(200, visit.account.saved_tracks(visit.now, visit.limit, visit.offset))


def _my_playlists(visit: _Visit) -> Reply:
    return Reply(200, visit.account.playlists_page(visit.limit, visit.offset))


def _create_playlist(visit: _Visit) -> Reply:
    wanted = visit.request.body
    if not isinstance(wanted, dict) or not wanted.get("name"):
        raise Refused(400, "Missing required field: name")
    playlist = visit.account.add_playlist(
        str(wanted["name"]),
        description=str(wanted.get("description") or ""),
        public=bool(wanted.get("public", True)),
    )
    return Reply(201, visit.account.playlist_body(playlist, visit.now))


def _playlist(visit: _Visit, playlist_id: str) -> Reply:
    return Reply(200, visit.account.playlist_body(visit.playlist(playlist_id, own=False), visit.now))


def _change_playlist(visit: _Visit, playlist_id: str) -> Reply:
    playlist, wanted = visit.playlist(playlist_id, own=True), visit.request.body or {}
    playlist.name = wanted.get("name", playlist.name)
    playlist.description = wanted.get("description", playlist.description)
    playlist.public = wanted.get("public", playlist.public)
    return Reply(200, {})


def _items(visit: _Visit, playlist_id: str) -> Reply:
    playlist = visit.playlist(playlist_id, own=True)
    return Reply(200, visit.account.items_page(playlist, visit.now, visit.limit, visit.offset))


def _replace_items(visit: _Visit, playlist_id: str) -> Reply:
    playlist = visit.playlist(playlist_id, own=True)
    return _changed(playlist, visit.uris, 200)


def _append_items(visit: _Visit, playlist_id: str) -> Reply:
    playlist = visit.playlist(playlist_id, own=True)
    return _changed(playlist, [*playlist.uris, *visit.uris], 201)


def _changed(playlist: Playlist, uris: list[str], status: int) -> Reply:
    playlist.uris = uris
    playlist.changes += 1
    return Reply(status, {"snapshot_id": playlist.snapshot_id})


def _forget(visit: _Visit) -> Reply:
    """DELETE me/library: only playlists can be removed here."""
    for uri in visit.request.query.get("uris", "").split(","):
        visit.account.forget_playlist(uri.removeprefix("spotify:playlist:"), visit.now)
    return Reply(200, {})


_ID_PART = "([^/]+)"
_ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = tuple(
    (method, re.compile(path), handler)
    for method, path, handler in (
        ("GET", "me/player/recently-played", _recently_played),
        ("GET", "me", _me),
        ("GET", f"tracks/{_ID_PART}", _track),
        ("GET", f"artists/{_ID_PART}", _artist),
        ("GET", "me/tracks", _saved_tracks),
        ("GET", "me/playlists", _my_playlists),
        ("POST", "me/playlists", _create_playlist),
        ("GET", f"playlists/{_ID_PART}", _playlist),
        ("PUT", f"playlists/{_ID_PART}", _change_playlist),
        ("GET", f"playlists/{_ID_PART}/items", _items),
        ("PUT", f"playlists/{_ID_PART}/items", _replace_items),
        ("POST", f"playlists/{_ID_PART}/items", _append_items),
        ("DELETE", "me/library", _forget),
    )
)
