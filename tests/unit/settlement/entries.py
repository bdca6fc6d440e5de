"""Entries as settlement meets them: exported rows, spans, and a track on repeat seen by both sides."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from playledger.models import Entry, ExportEntry, ExportSpan, Media, PlayEvent, from_ms, to_ms
from tests.support.builders import NOON, a_play, spotify_id, track_uri

IMPORTED = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
LENGTH = 60_000
"""Length of the track on repeat, in ms."""


def an_export(ts: datetime = NOON, track: int = 1, **fields: Any) -> ExportEntry:
    """One exported row."""
    uri = fields.get("track_uri", track_uri(track))
    ms_played = fields.get("ms_played", 180_000)
    given = {
        "key": f"{to_ms(ts)}#{uri}#{ms_played}",
        "played_at": ts,
        "media": Media.MUSIC,
        "track_uri": uri,
        "track_name": f"Song {track} (export)",
        "artist_name": f"Band {track} (export)",
        "album_name": f"Album {track} (export)",
        "ms_played": ms_played,
        "reason_start": "clickrow",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "incognito": False,
        "platform": "ios",
        "ingested_at": IMPORTED,
    }
    return ExportEntry(**{**given, **fields})


def a_span(lo: datetime, hi: datetime, **fields: Any) -> ExportSpan:
    """An imported file."""
    return ExportSpan(**{"file_sha256": f"{lo}{hi}", "lo": lo, "hi": hi, "rows": 1, "ingested_at": IMPORTED, **fields})


def on_repeat(seed: object, first: datetime, plays: int, jitter: int = 60) -> list[Entry]:
    """A 60 s track played `plays` times without a pause, seen by polling within `jitter` seconds, and exported."""
    chance = random.Random(seed)
    start = to_ms(first.replace(microsecond=0))
    ends = [start + number * LENGTH for number in range(plays)]
    seen: set[int] = set()
    entries: list[Entry] = []
    for end in ends:
        at = _free(end + chance.randint(-jitter * 1000, jitter * 1000), end, seen)
        entries.append(a_loop_play(from_ms(at)))
        entries.append(an_export(from_ms(end), track=7, ms_played=LENGTH))
    return entries


def a_loop_play(at: datetime, **fields: Any) -> PlayEvent:
    """One polled play of the track on repeat."""
    late = at + timedelta(minutes=20)
    return a_play(at, track=7, duration_ms=LENGTH, ingested_at=late, track_id=spotify_id(7), **fields)


def _free(at: int, end: int, seen: set[int]) -> int:
    """The nearest millisecond towards the true end that no other play has: two at one instant would be one play."""
    while at in seen:
        at += 1 if at < end else -1
    seen.add(at)
    return at
