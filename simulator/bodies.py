"""Spotify's JSON as development mode gives it in 2026: no popularity, available_markets, linked_from or followers."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from playledger.models import from_ms
from simulator.catalogue import Album, Artist, Track, spotify_id

Json = dict[str, Any]

API = "https://api.spotify.com/v1"
OPEN = "https://open.spotify.com"
PRECISION = {4: "year", 7: "month", 10: "day"}


def zulu(unix_ms: int) -> str:
    """`2026-03-01T07:04:05.678Z`; like some ISO writers without a fraction where there is none."""
    moment = from_ms(unix_ms)
    fraction = f".{unix_ms % 1000:03d}" if unix_ms % 1000 else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def zulu_seconds(unix_ms: int) -> str:
    """`2026-03-01T07:04:05Z`."""
    return from_ms(unix_ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(kind: str, identity: str) -> Json:
    return {
        "external_urls": {"spotify": f"{OPEN}/{kind}/{identity}"},
        "href": f"{API}/{kind}s/{identity}",
        "id": identity,
        "type": kind,
        "uri": f"spotify:{kind}:{identity}",
    }


def _images(identity: str) -> list[Json]:
    picture = spotify_id("image", identity).lower()
    return [
        {"height": size, "url": f"https://i.scdn.co/image/ab67616d{size:08x}{picture}", "width": size}
        for size in (640, 300, 64)
    ]


def credited(artist: Artist) -> Json:
    """An artist as a track or album names it."""
    return _named("artist", artist.id) | {"name": artist.name}


def artist_body(artist: Artist) -> Json:
    """`GET /artists/{id}`; genres are left out where the catalogue has None."""
    genres = {} if artist.genres is None else {"genres": list(artist.genres)}
    return credited(artist) | {"images": _images(artist.id)} | genres


def album_body(album: Album) -> Json:
    """An album as a track carries it."""
    return _named("album", album.id) | {
        "album_type": album.album_type,
        "artists": [credited(album.artist)],
        "images": _images(album.id),
        "name": album.name,
        "release_date": album.release_date,
        "release_date_precision": PRECISION.get(len(album.release_date), "day"),
        "total_tracks": album.total_tracks,
    }


def track_body(track: Track) -> Json:
    """`GET /tracks/{id}`, and the same whole object in every list."""
    return _named("track", track.id) | {
        "album": album_body(track.album),
        "artists": [credited(artist) for artist in track.artists],
        "disc_number": 1,
        "duration_ms": track.duration_ms,
        "explicit": track.explicit,
        "external_ids": {"isrc": track.isrc} if track.isrc else {},
        "is_local": False,
        "name": track.name,
        "preview_url": None,
        "track_number": track.track_number,
    }


def context_body(uri: str | None) -> Json | None:
    """What a play was started from; null where there is none."""
    if uri is None:
        return None
    kind, identity = context_kind(uri)
    if kind == "collection":
        return {"type": kind, "href": f"{API}/me/tracks", "external_urls": {"spotify": f"{OPEN}/{kind}"}, "uri": uri}
    shape = _named(kind, identity)
    return {"type": kind, "href": shape["href"], "external_urls": shape["external_urls"], "uri": uri}


def context_kind(uri: str) -> tuple[str, str]:
    """Type and id in a context's URI, the old form `spotify:user:<name>:playlist:<id>` included."""
    parts = uri.split(":")
    return (parts[-1], "") if parts[-1] == "collection" else (parts[-2], parts[-1])


def owner_body(user_id: str) -> Json:
    """Whom a playlist belongs to."""
    return _named("user", user_id) | {"href": f"{API}/users/{user_id}", "display_name": user_id}


def page(path: str, items: Sequence[Json], total: int, limit: int, offset: int) -> Json:
    """A page of a longer list. `next` and `previous` are real Spotify addresses, not the simulator's."""

    def address(start: int) -> str:
        return f"{API}/{path}?{urlencode({'offset': start, 'limit': limit})}"

    return {
        "href": address(offset),
        "items": list(items),
        "limit": limit,
        "next": address(offset + limit) if offset + limit < total else None,
        "offset": offset,
        "previous": address(max(0, offset - limit)) if offset else None,
        "total": total,
    }


def window_body(items: Sequence[Json], played_ms: Sequence[int], limit: int, *, is_more: bool) -> Json:
    """`GET /me/player/recently-played`: newest first, cursors are strings, null for an empty list."""
    path = f"{API}/me/player/recently-played"
    cursors = {"after": str(played_ms[0]), "before": str(played_ms[-1])} if items else None
    following = f"{path}?{urlencode({'before': played_ms[-1], 'limit': limit})}" if items and is_more else None
    return {
        "href": f"{path}?limit={limit}",
        "items": list(items),
        "limit": limit,
        "next": following,
        "cursors": cursors,
    }


def error_body(status: int, message: str, reason: str | None = None) -> Json:
    """An error of the Web API."""
    said = {"status": status, "message": message}
    return {"error": said | ({"reason": reason} if reason else {})}
