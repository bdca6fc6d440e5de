"""Builders of what tests are about: plays, Spotify's answers, export rows. All have defaults, nothing is random."""

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playledger.models import Claim, Context, PlayEvent, event_id, play_key

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
"""Server time of most tests: a Tuesday."""

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def minutes(count: float) -> timedelta:
    """A span of minutes."""
    return timedelta(minutes=count)


def spotify_id(number: int, letter: str = "T") -> str:
    """A well-formed id of 22 characters; `letter` keeps tracks, artists and albums apart."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return letter + digits.rjust(21, "0")


def track_uri(number: int) -> str:
    """The URI of one of our tracks."""
    return f"spotify:track:{spotify_id(number)}"


def a_play(played_at: datetime = NOON, track: int = 1, **fields: Any) -> PlayEvent:
    """A polled play as the journal holds it."""
    uri = fields.get("track_uri", track_uri(track))
    track_id = fields.get("track_id", spotify_id(track))
    context: Context | None = fields.get("context")
    given = {
        "event_id": event_id(played_at, track_id, context.uri if context else None),
        "key": play_key(played_at, uri),
        "played_at": played_at,
        "track_id": track_id,
        "track_uri": uri,
        "track_name": f"Song {track}",
        "artist_names": (f"Band {track}",),
        "artist_ids": (spotify_id(track, "A"),),
        "album_name": f"Album {track}",
        "duration_ms": 200_000,
        "ingested_at": NOON,
    }
    return PlayEvent(**{**given, **fields})


def a_claim(lo: datetime, hi: datetime, **fields: Any) -> Claim:
    """What a full window vouches for."""
    return Claim(**{"lo": lo, "hi": hi, "n": 50, "limit": 50, "server_now": hi, **fields})


# ---- Spotify's answers ------------------------------------------------------------------------------------------


def instant_text(moment: datetime) -> str:
    """A moment as Spotify prints it: UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def a_track(track: int = 1, **fields: Any) -> dict[str, Any]:
    """A track as an answer carries it, in the shape of 2026."""
    artist = {
        "id": spotify_id(track, "A"),
        "name": f"Band {track}",
        "type": "artist",
        "uri": f"spotify:artist:{spotify_id(track, 'A')}",
    }
    return {
        "album": {
            "album_type": "album",
            "id": spotify_id(track, "B"),
            "name": f"Album {track}",
            "release_date": "2019-05-03",
            "release_date_precision": "day",
        },
        "artists": [artist],
        "duration_ms": 200_000,
        "explicit": False,
        "external_ids": {"isrc": f"SE000{track:07d}"},
        "id": spotify_id(track),
        "is_local": False,
        "name": f"Song {track}",
        "type": "track",
        "uri": track_uri(track),
    } | fields


def an_item(played_at: datetime = NOON, track: int = 1, **fields: Any) -> dict[str, Any]:
    """One item of recently-played."""
    return {"track": a_track(track), "played_at": instant_text(played_at), "context": None} | fields


def a_window_body(*played: datetime | dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Spotify's answer, newest first. A moment stands for a play of the track that has its minute as a number."""
    items = [item if isinstance(item, dict) else an_item(item, track_of(item)) for item in played]
    items.sort(key=lambda item: str(item.get("played_at")), reverse=True)
    cursors = {"after": "1", "before": "0"} if items else None
    return {"href": "https://api.spotify.com/v1/me/player/recently-played", "items": items} | {
        "limit": 50,
        "next": None,
        "cursors": cursors,
        **fields,
    }


def track_of(moment: datetime) -> int:
    """Which track `a_window_body` lets end at the moment: one per minute."""
    return int(moment.timestamp()) // 60 - 29_000_000


def every(step: timedelta, count: int, until: datetime = NOON) -> list[datetime]:
    """`count` moments, the last one at `until`, oldest first."""
    return [until - step * back for back in reversed(range(count))]


# ---- account exports --------------------------------------------------------------------------------------------


def an_export_row(ts: datetime = NOON, track: int = 1, **fields: Any) -> dict[str, Any]:
    """A row of an extended streaming history, with all 23 keys of 2024 and later."""
    return {
        "ts": ts.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": "iOS 17.4 (iPhone14,5)",
        "ms_played": 180_000,
        "conn_country": "ZZ",
        "ip_addr": "192.0.2.1",
        "master_metadata_track_name": f"Song {track}",
        "master_metadata_album_artist_name": f"Band {track}",
        "master_metadata_album_album_name": f"Album {track}",
        "spotify_track_uri": track_uri(track),
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "offline_timestamp": 1_773_140_000,
        "incognito_mode": False,
    } | fields


def write_export(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Writes rows as a file of an export, gzipped where the name says so."""
    text = json.dumps(list(rows), indent=1).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return path
