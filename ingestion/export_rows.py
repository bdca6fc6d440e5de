"""One row of an extended streaming history, read tolerantly. What is personal in it goes no further than this file."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion.parse import UnreadableError, read_flag, read_moment, read_number, read_text
from playledger.models import ExportEntry, Media, Quarantined, names_uri, play_key

PERSONAL = re.compile("(ip|user|conn_|city|region|metro|latitude|longitude)")
"""How the names of fields begin that say who and where the listener is."""

FROM_VIDEO = "from_video_file"
"""Added to a row set aside from a video file: only the file's name says that it was one."""

FAMILIES = {
    "web": ("web",),
    "ios": ("ios", "iphone", "ipad", "ipod"),
    "android": ("android",),
    "windows": ("windows",),
    "macos": ("os x", "osx", "mac"),
    "linux": ("linux",),
}
"""How the long descriptions of players begin."""


@dataclass(frozen=True)
class _Kind:
    """Which fields name what was played."""

    media: Media
    uris: tuple[str, ...]
    title: str
    artist: str
    album: str


KINDS = (
    _Kind(
        Media.MUSIC,
        ("spotify_track_uri",),
        "master_metadata_track_name",
        "master_metadata_album_artist_name",
        "master_metadata_album_album_name",
    ),
    _Kind(Media.PODCAST, ("spotify_episode_uri",), "episode_name", "episode_show_name", ""),
    _Kind(
        Media.AUDIOBOOK, ("audiobook_chapter_uri", "audiobook_uri"), "audiobook_chapter_title", "", "audiobook_title"
    ),
)
NOTHING_NAMED = _Kind(Media.UNKNOWN, (), "", "", "")


def read_row(row: object, *, is_video: bool, ingested_at: datetime) -> ExportEntry:
    """One row; rows without a URI or of 0 ms are rows too. Raises UnreadableError."""
    if not isinstance(row, Mapping):
        raise UnreadableError("the row is no object")
    played_at = read_moment(row.get("ts"), "ts")
    ms_played = read_number(row.get("ms_played"))
    if ms_played is None:
        raise UnreadableError(f"ms_played is no number of milliseconds: {row.get('ms_played')!r:.40}")
    kind, uri = _what(row)
    names = [read_text(row.get(field)) for field in (kind.title, kind.artist, kind.album)]
    uri = uri or names_uri(*names)
    return ExportEntry(
        key=f"{play_key(played_at, uri)}#{ms_played}",
        played_at=played_at,
        media=Media.VIDEO if is_video or row.get(FROM_VIDEO) is True else kind.media,
        track_uri=uri,
        track_name=names[0],
        artist_name=names[1],
        album_name=names[2],
        ms_played=ms_played,
        reason_start=read_text(row.get("reason_start")),
        reason_end=read_text(row.get("reason_end")),
        shuffle=read_flag(row.get("shuffle")),
        skipped=read_flag(row.get("skipped")),
        offline=read_flag(row.get("offline")),
        incognito=read_flag(row.get("incognito_mode")),
        platform=platform_family(row.get("platform")),
        ingested_at=ingested_at,
    )


def set_row_aside(row: object, reason: str, *, is_video: bool, ingested_at: datetime) -> Quarantined:
    """The row as ASCII JSON with sorted keys, without what is personal in it."""
    kept = row
    if isinstance(row, Mapping):
        kept = {name: value for name, value in row.items() if not PERSONAL.match(name.lower())}
        kept |= {"platform": platform_family(row["platform"])} if "platform" in row else {}
        kept |= {FROM_VIDEO: True} if is_video else {}
    raw = json.dumps(kept, sort_keys=True)
    return Quarantined(reason=reason, raw=raw, origin="export", ingested_at=ingested_at)


def platform_family(value: object) -> str | None:
    """ios, android, windows, macos, linux, web or other; the full text tells model, version and maker of a device."""
    text = read_text(value)
    if text is None:
        return None
    begins = text.strip().lower()
    return next((family for family, starts in FAMILIES.items() if begins.startswith(starts)), "other")


def _what(row: Mapping[str, Any]) -> tuple[_Kind, str | None]:
    """Which kind of thing the row is about, and its URI: the first kind that has one, else the first that has names."""
    for kind in KINDS:
        uri = next((uri for field in kind.uris if (uri := read_text(row.get(field)))), None)
        if uri:
            return kind, uri
    named = (
        kind for kind in KINDS if any(read_text(row.get(field)) for field in (kind.title, kind.artist, kind.album))
    )
    return next(named, NOTHING_NAMED), None
