"""What settlement meets: exported rows, spans, a track on repeat seen by both sides, stores that count or die."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from playledger.journal import encode
from playledger.models import Entry, ExportEntry, ExportSpan, Media, PlayEvent, from_ms, to_ms, utc_day
from playledger.ports import Journal, JournalObject, Stored, TableStore
from tests.support.builders import NOON, a_play, spotify_id, track_uri
from tests.support.memory import MemoryJournal

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


def put(journal: Journal, *entries: Entry) -> None:
    """The entries in the journal: one object for each date."""
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        days.setdefault(utc_day(entry.at), []).append(entry)
    for dt, inside in days.items():
        batch = encode(inside, dt)
        journal.put(batch.key, batch.body)


class Killed(BaseException):
    """The process is gone: no handler of errors may survive it."""


class MortalTables:
    """A table store whose process is killed at the n-th write: before it, or just behind it."""

    def __init__(self, tables: TableStore, at_write: int | None = None, *, is_after: bool = False) -> None:
        self._tables = tables
        self._at_write = at_write
        self._is_after = is_after
        self.writes: list[tuple[str, str]] = []
        self.reads: list[tuple[str, str]] = []

    def list(self, table: str) -> Mapping[str, Stored]:
        """As the store does."""
        return self._tables.list(table)

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """As the store does, noted."""
        self.reads.append((table, partition))
        return self._tables.read(table, partition)

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """As the store does, until the end."""
        self.writes.append((table, partition))
        is_last = len(self.writes) == self._at_write
        if is_last and not self._is_after:
            raise Killed
        stored = self._tables.write(table, partition, rows, digest=digest, replaces=replaces)
        if is_last:
            raise Killed
        return stored


class CountingJournal(MemoryJournal):
    """Notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = 0
        self.reads: Counter[str] = Counter()

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        """As the journal does."""
        self.lists += 1
        return super().list(first, last)

    def read(self, key: str) -> bytes:
        """As the journal does."""
        self.reads[key] += 1
        return super().read(key)
