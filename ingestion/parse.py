"""Spotify's recently-played answer, read tolerantly: what can be a play becomes one, the rest is set aside whole."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playledger.errors import SpotifyUnavailable
from playledger.models import Context, Media, PlayEvent, Quarantined, event_id, parse_instant, play_key

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}")

MEDIA = {"track": Media.MUSIC, "local": Media.MUSIC, "episode": Media.PODCAST, "chapter": Media.AUDIOBOOK}
"""What a track's `type`, or the second part of its URI, says was played."""

MOST_MS = 2**31
"""No play lasts 25 days: a longer one is a damaged number."""

YEARS = range(1970, 2200)


class UnreadableError(ValueError):
    """A record that is no play; the message is the reason that goes into the quarantine."""


@dataclass(frozen=True)
class Window:
    """One answer: its plays, oldest first, each once; the records set aside; and how many items Spotify listed."""

    plays: tuple[PlayEvent, ...]
    quarantined: tuple[Quarantined, ...]
    n: int


def parse_recently_played(body: Mapping[str, Any], *, ingested_at: datetime, newest_known: datetime | None) -> Window:
    """The plays of an answer. Those older than `newest_known` came late. Raises SpotifyUnavailable without `items`."""
    items = body.get("items")
    if not isinstance(items, list):
        raise SpotifyUnavailable("Spotify's answer has no list of plays")
    plays: dict[str, PlayEvent] = {}
    aside: dict[str, Quarantined] = {}
    for item in items:
        try:
            play = parse_item(item, ingested_at=ingested_at, newest_known=newest_known)
        except UnreadableError as error:
            record = set_aside(item, str(error), ingested_at)
            aside.setdefault(record.entry_id, record)
        else:
            plays[play.key] = _better(play, plays.get(play.key))
    ordered = sorted(plays.values(), key=lambda play: (play.played_at, play.key))
    return Window(tuple(ordered), tuple(aside.values()), len(items))


def parse_item(item: object, *, ingested_at: datetime, newest_known: datetime | None) -> PlayEvent:
    """One item of the list. Raises UnreadableError."""
    record = _mapping(item, "the record")
    played_at = read_moment(record.get("played_at"), "played_at")
    track = _mapping(record.get("track") or record.get("item"), "the track")
    uri, media = _what(track)
    track_id, context = read_text(track.get("id")), _context(record.get("context"))
    return PlayEvent(
        event_id=event_id(played_at, track_id, context.uri if context else None),
        key=play_key(played_at, uri),
        played_at=played_at,
        media=media,
        track_id=track_id,
        track_uri=uri,
        context=context,
        is_late=newest_known is not None and played_at < newest_known,
        ingested_at=ingested_at,
        **_metadata(track),
    )


def set_aside(item: object, reason: str, ingested_at: datetime) -> Quarantined:
    """The record whole, as ASCII JSON with sorted keys, so that the same record always looks the same."""
    return Quarantined(reason=reason, raw=json.dumps(item, sort_keys=True), origin="poll", ingested_at=ingested_at)


def read_text(value: object) -> str | None:
    """A non-empty text, half characters replaced: JSON cannot carry them on. None where it is anything else."""
    if not isinstance(value, str) or not value:
        return None
    return value if value.isascii() else LONE_SURROGATE.sub("\ufffd", value)


def read_number(value: object) -> int | None:
    """A whole number from 0 that is believable as milliseconds; None where it is anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < MOST_MS else None


def read_flag(value: object) -> bool | None:
    """A boolean; None where it is anything else."""
    return value if isinstance(value, bool) else None


def read_moment(value: object, name: str) -> datetime:
    """A date with a time of day, UTC where no zone is given. Raises UnreadableError."""
    try:
        if isinstance(value, str) and INSTANT.match(value):
            moment = parse_instant(value)
            if moment.year in YEARS:
                return moment
    except (ValueError, OverflowError):
        pass
    raise UnreadableError(f"{name} is no moment: {value!r:.40}")


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnreadableError(f"{name} is {'missing' if value is None else 'no object'}")
    return value


def _better(play: PlayEvent, other: PlayEvent | None) -> PlayEvent:
    """Of two sightings of one play in one answer the one that knows its context."""
    return play if other is None or (play.context and not other.context) else other


def _what(track: Mapping[str, Any]) -> tuple[str, Media]:
    """URI and medium of a track."""
    kind, uri = read_text(track.get("type")), read_text(track.get("uri"))
    track_id = read_text(track.get("id"))
    if uri is None and track_id is None:
        raise UnreadableError("the track has neither uri nor id")
    parts = uri.split(":") if uri else []
    kind = kind or (parts[1] if len(parts) > 1 else "")
    if kind not in MEDIA:
        raise UnreadableError(f"unknown type {kind!r:.40}")
    return uri or f"spotify:{kind}:{track_id}", MEDIA[kind]


def _context(value: object) -> Context | None:
    """The context under the URI Spotify gave, with type and id in one form whichever way the URI is written."""
    uri = read_text(value.get("uri")) if isinstance(value, Mapping) else None
    if uri is None or not isinstance(value, Mapping):
        return None
    parts = uri.split(":")[1:]
    if parts[:1] == ["user"] and len(parts) > 2:
        parts = parts[2:]
    kind = read_text(value.get("type")) or (parts[0] if parts else "unknown")
    return Context(type=kind, id=parts[1] if len(parts) > 1 else None, uri=uri)


def _metadata(track: Mapping[str, Any]) -> dict[str, Any]:
    """What the payload tells of the track; each part may be missing or of another shape."""
    album, ids = _or_empty(track.get("album")), _or_empty(track.get("external_ids"))
    artists = [artist for artist in _listed(track.get("artists")) if read_text(artist.get("name"))]
    return {
        "track_name": read_text(track.get("name")),
        "artist_names": tuple(read_text(artist.get("name")) for artist in artists),
        "artist_ids": tuple(read_text(artist.get("id")) for artist in artists),
        "album_name": read_text(album.get("name")),
        "album_id": read_text(album.get("id")),
        "album_type": read_text(album.get("album_type")),
        "release_date": read_text(album.get("release_date")),
        "isrc": read_text(ids.get("isrc")),
        "explicit": read_flag(track.get("explicit")),
        "duration_ms": read_number(track.get("duration_ms")),
    }


def _or_empty(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> Iterable[Mapping[str, Any]]:
    return (entry for entry in value if isinstance(entry, Mapping)) if isinstance(value, list) else ()
