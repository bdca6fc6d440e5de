"""Spotify's bodies of liked songs and playlists. Unknown and missing fields are nothing, never an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playlist.select import SavedTrack


@dataclass(frozen=True)
class Listed:
    """One of the playlists that the account owns or follows."""

    id: str
    name: str
    description: str
    owner: str | None


def saved_track(item: Any) -> SavedTrack | None:
    """One item of a page of liked songs, or of a playlist, where newer bodies call the track `item`."""
    body = _object(item)
    track = _object(body.get("item")) or _object(body.get("track"))
    uri = _text(track.get("uri"))
    if uri is None or body.get("is_local") is True or track.get("is_local") is True:
        return None
    artists = track.get("artists")
    first = _object(artists[0]) if isinstance(artists, list) and artists else {}
    return SavedTrack(uri, _text(track.get("name")), _text(first.get("name")))


def listed(item: Any) -> Listed | None:
    """One item of a page of playlists, or the answer to creating one."""
    body = _object(item)
    name = _text(body.get("id"))
    if name is None:
        return None
    owner = _text(_object(body.get("owner")).get("id"))
    return Listed(name, _text(body.get("name")) or "", _text(body.get("description")) or "", owner)


def account_id(body: Mapping[str, Any]) -> str | None:
    """The account's id, as playlists name their owner."""
    return _text(body.get("id"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
