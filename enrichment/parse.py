"""Spotify's bodies and the journal's entries as metadata. Of a body everything but the name is optional.

Spotify gives less each year, so a field that is missing, null or of another type is nothing, never an error.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from playledger.errors import SpotifyUnavailable
from playledger.models import ArtistMetadata, ExportEntry, Grade, PlayEvent, TrackMetadata

_TRACK_URI = re.compile(r"spotify:track:([0-9A-Za-z]{1,64})")
_ID = re.compile(r"[0-9A-Za-z]{1,64}")


def track_id_of(uri: str) -> str | None:
    """The id in a track's URI; None for local files, episodes, and whatever else Spotify has no track for."""
    match = _TRACK_URI.fullmatch(uri)
    return match[1] if match else None


def track(body: Mapping[str, Any], *, track_uri: str, now: datetime) -> TrackMetadata | None:
    """What a track's body says, under the URI that was asked for: Spotify may answer with the URI of another release.

    None where its name is empty, as of a track that Spotify took down. Raises SpotifyUnavailable where it has no name.
    """
    name = _name(body)
    if not name:
        return None
    album = _object(body.get("album"))
    artists = _artists(body)
    return TrackMetadata(
        track_uri=track_uri,
        track_id=track_id_of(track_uri),
        name=name,
        artists=tuple(artist_name for artist_name, _ in artists),
        artist_ids=tuple(artist_id for _, artist_id in artists),
        album=_text(album.get("name")),
        album_id=_text(album.get("id")),
        album_type=_text(album.get("album_type")),
        release_date=_text(album.get("release_date")),
        isrc=_text(_object(body.get("external_ids")).get("isrc")),
        explicit=body["explicit"] if isinstance(body.get("explicit"), bool) else None,
        duration_ms=_whole(body.get("duration_ms")),
        grade=Grade.FETCHED,
        changed_at=now,
    )


def artists_of_track(body: Mapping[str, Any], *, now: datetime) -> list[ArtistMetadata]:
    """The artists that a track's body credits, as stubs."""
    return _stubs(_artists(body), now)


def artist(body: Mapping[str, Any], *, artist_id: str, now: datetime) -> ArtistMetadata | None:
    """What an artist's body says. None where the name is empty; raises SpotifyUnavailable where there is none."""
    name = _name(body)
    if not name:
        return None
    genres, images = body.get("genres"), body.get("images")
    return ArtistMetadata(
        artist_id=artist_id,
        name=name,
        genres=tuple(filter(None, map(_text, genres))) if isinstance(genres, list) else None,
        popularity=_whole(body.get("popularity")),
        images=_addresses(images) if isinstance(images, list) else None,
        grade=Grade.FETCHED,
        changed_at=now,
    )


def track_of_play(play: PlayEvent, *, now: datetime) -> TrackMetadata | None:
    """A polled play carries its whole track: no call is needed. None where it is no track of Spotify's."""
    track_id = track_id_of(play.track_uri)
    if track_id is None or not play.track_name:
        return None
    return TrackMetadata(
        track_uri=play.track_uri,
        track_id=track_id,
        name=play.track_name,
        artists=play.artist_names,
        artist_ids=play.artist_ids,
        album=play.album_name,
        album_id=play.album_id,
        album_type=play.album_type,
        release_date=play.release_date,
        isrc=play.isrc,
        explicit=play.explicit,
        duration_ms=play.duration_ms,
        grade=Grade.PAYLOAD,
        changed_at=now,
    )


def artists_of_play(play: PlayEvent, *, now: datetime) -> list[ArtistMetadata]:
    """The artists that a polled play credits, as stubs."""
    return _stubs(list(zip(play.artist_names, play.artist_ids, strict=False)), now)


def track_of_export(row: ExportEntry, *, now: datetime) -> TrackMetadata | None:
    """The names in an export's row. None where it is no track of Spotify's."""
    track_id = track_id_of(row.track_uri)
    if track_id is None or not row.track_name:
        return None
    return TrackMetadata(
        track_uri=row.track_uri,
        track_id=track_id,
        name=row.track_name,
        artists=(row.artist_name,) if row.artist_name else (),
        album=row.album_name,
        grade=Grade.STUB,
        changed_at=now,
    )


def _stubs(artists: list[tuple[str, str | None]], now: datetime) -> list[ArtistMetadata]:
    """Those with a name and an id that can stand in an address."""
    return [
        ArtistMetadata(artist_id=artist_id, name=name, grade=Grade.STUB, changed_at=now)
        for name, artist_id in artists
        if name and artist_id and _ID.fullmatch(artist_id)
    ]


def _artists(body: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Names and ids of the credited artists, in order; those without a name are left out."""
    credited = body.get("artists")
    pairs = [(_text(item.get("name")), _text(item.get("id"))) for item in map(_object, _list(credited))]
    return [(name, artist_id) for name, artist_id in pairs if name]


def _addresses(images: list[Any]) -> tuple[str, ...]:
    """Web addresses of the images, widest first."""
    known = sorted(map(_object, images), key=lambda image: -(_whole(image.get("width")) or 0))
    urls = [_text(image.get("url")) for image in known]
    return tuple(url for url in urls if url and url.startswith(("https://", "http://")))


def _name(body: Mapping[str, Any]) -> str:
    if not isinstance(body.get("name"), str):
        raise SpotifyUnavailable("Spotify answered with a body that has no name")
    return _text(body["name"]) or ""


def _text(value: Any) -> str | None:
    """A text that can be stored: a lone surrogate, legal in JSON, is no text of any file."""
    return value.encode("utf-8", "replace").decode("utf-8").strip() or None if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
