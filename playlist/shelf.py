"""The one playlist of Playledger's own among all of the account's: found before it is made, and filled whole."""

from collections.abc import Callable, Iterator, Sequence, Set
from itertools import islice
from typing import Any

from playledger.errors import SpotifyUnavailable
from playledger.ports import Answer, Spotify
from playlist.parse import Listed, account_id, listed, saved_track
from playlist.select import SavedTrack

MARKER = "playledger:unplayed"
"""Stands in the description, so that the playlist is known again when nothing else remembers it."""

MOST_AT_ONCE = 100
"""Items that Spotify takes in one call."""

MOST_ITEMS = 100_000
"""Where a list that never ends is given up."""

ATTEMPTS = 3
"""How often the playlist is filled from the start before the fault is passed on."""


def pages(page: Callable[[int], Answer]) -> Iterator[Any]:
    """The items of all pages, as long as Spotify names a next one. Raises SpotifyUnavailable where a page has none."""
    offset = 0
    while offset < MOST_ITEMS:
        body = page(offset).body
        items = body.get("items")
        if not isinstance(items, list):
            raise SpotifyUnavailable("Spotify answered with a page that lists nothing")
        yield from items
        offset += len(items)
        if not items or not body.get("next"):
            return


def find(spotify: Spotify, known_id: str | None) -> Listed | None:
    """The playlist with this id, or else an own one with the marker, if the account still lists it.

    A deleted playlist can still be read and written by its id; only the list tells that it is gone.
    """
    playlists = _all(spotify)
    for playlist in playlists:
        if playlist.id == known_id:
            return playlist
    return _own(spotify, [playlist for playlist in playlists if MARKER in playlist.description])


def another(spotify: Spotify, besides: str) -> Listed | None:
    """An own playlist with the marker, other than this one."""
    marked = [playlist for playlist in _all(spotify) if MARKER in playlist.description and playlist.id != besides]
    return _own(spotify, marked)


def create(spotify: Spotify, name: str, description: str) -> Listed:
    """A new private playlist. Where the answer is lost, the list tells whether there is one; it is not made twice."""
    before = {playlist.id for playlist in _all(spotify)}
    try:
        playlist = listed(spotify.create_playlist(name, f"{description} ({MARKER})").body)
    except SpotifyUnavailable:
        playlist = _appeared(spotify, name, before)
        if playlist is None:
            raise
    playlist = playlist or _appeared(spotify, name, before)
    if playlist is None:
        raise SpotifyUnavailable("Spotify said that it made a playlist, and lists none")
    return playlist


def fill(spotify: Spotify, playlist_id: str, tracks: Sequence[SavedTrack]) -> None:
    """Makes the playlist hold just these, and reads them back.

    A call with an unknown outcome is never followed by the next one: it starts again with replacing, which repeats
    harmlessly. Raises SpotifyUnavailable where that does not help either.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _write(spotify, playlist_id, [track.uri for track in tracks])
            _verify(spotify, playlist_id, tracks)
        except SpotifyUnavailable:
            if attempt == ATTEMPTS:
                raise
        else:
            return


def _all(spotify: Spotify) -> list[Listed]:
    return [playlist for playlist in map(listed, pages(spotify.playlists)) if playlist]


def _own(spotify: Spotify, playlists: Sequence[Listed]) -> Listed | None:
    """The first by id of those that the account owns: anybody can write our marker into a description."""
    if not playlists:
        return None
    account = account_id(spotify.me().body)
    own = [playlist for playlist in playlists if playlist.owner == account]
    return min(own, key=lambda playlist: playlist.id, default=None)


def _appeared(spotify: Spotify, name: str, before: Set[str]) -> Listed | None:
    """Our new playlist: Spotify lists some without their description at first, so a new one of our name will do."""
    new = [playlist for playlist in _all(spotify) if playlist.id not in before]
    return _own(spotify, [playlist for playlist in new if MARKER in playlist.description or playlist.name == name])


def _write(spotify: Spotify, playlist_id: str, uris: Sequence[str]) -> None:
    spotify.replace_items(playlist_id, uris[:MOST_AT_ONCE])
    for start in range(MOST_AT_ONCE, len(uris), MOST_AT_ONCE):
        spotify.append_items(playlist_id, uris[start : start + MOST_AT_ONCE])


def _verify(spotify: Spotify, playlist_id: str, tracks: Sequence[SavedTrack]) -> None:
    items = pages(lambda offset: spotify.playlist_items(playlist_id, offset))
    found = [saved_track(item) for item in islice(items, len(tracks) + 1)]
    if len(found) != len(tracks) or not all(map(_is_same, found, tracks)):
        raise SpotifyUnavailable("the playlist does not hold what was written to it")


def _is_same(found: SavedTrack | None, written: SavedTrack) -> bool:
    """Equal, or the same recording: Spotify shows a song under the URI of the release in the listener's market."""
    if found is None:
        return False
    return found.uri == written.uri or (found.recording is not None and found.recording == written.recording)
