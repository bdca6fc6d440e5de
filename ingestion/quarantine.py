"""Records that could not be read: what they are, and reading them again once the parser has learned."""

import json
from collections.abc import Iterable
from datetime import date, datetime

from ingestion.export_rows import read_row
from ingestion.parse import UnreadableError, parse_item
from playledger.journal import decode, encode
from playledger.models import Entry, ExportEntry, Instant, Model, PlayEvent, Quarantined, utc_day
from playledger.ports import Journal


class ReparseReport(Model):
    """What reading again came to: records in quarantine before, how many of them are plays now, and new objects."""

    at: Instant
    records: int
    readable: int
    objects: int


def quarantined(journal: Journal) -> list[Quarantined]:
    """Records that are still unread, each once, oldest first. Those that `reparse` turned into plays are gone."""
    records, known = _scan(journal)
    return [record for record in records if not _is_known(_read_again(record), known)]


def reparse(journal: Journal, *, now: datetime) -> ReparseReport:
    """Puts what can be read now as entries of their own; the records stay where they are.

    What is put follows from the journal alone, first seen when the record was; a second time nothing is put.
    """
    records, known = _scan(journal)
    unread = [(record, _read_again(record)) for record in records]
    left = [(record, entry) for record, entry in unread if not _is_known(entry, known)]
    readable = {entry.entry_id: entry for _, entry in left if entry}
    batches = [encode(entries, dt) for dt, entries in sorted(_by_date(readable.values()).items())]
    created = [journal.put(batch.key, batch.body) for batch in batches]
    return ReparseReport(at=now, records=len(left), readable=len(readable), objects=sum(created))


def _scan(journal: Journal) -> tuple[list[Quarantined], set[str]]:
    """All records set aside, and the identities of all plays and export rows."""
    records: dict[str, Quarantined] = {}
    known: set[str] = set()
    for item in journal.list():
        for entry in decode(item.key, journal.read(item.key)):
            if isinstance(entry, Quarantined):
                first = records.setdefault(entry.entry_id, entry)
                records[entry.entry_id] = min(first, entry, key=lambda record: record.ingested_at)
            elif isinstance(entry, PlayEvent | ExportEntry):
                known.add(entry.entry_id)
    return sorted(records.values(), key=lambda record: (record.ingested_at, record.entry_id)), known


def _read_again(record: Quarantined) -> PlayEvent | ExportEntry | None:
    try:
        item = json.loads(record.raw)
        if record.origin == "poll":
            return parse_item(item, ingested_at=record.ingested_at, newest_known=None)
        return read_row(item, is_video=False, ingested_at=record.ingested_at)
    except (UnreadableError, json.JSONDecodeError):
        return None


def _is_known(entry: PlayEvent | ExportEntry | None, known: set[str]) -> bool:
    return entry is not None and entry.entry_id in known


def _by_date(entries: Iterable[PlayEvent | ExportEntry]) -> dict[date, list[Entry]]:
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        days.setdefault(utc_day(entry.at), []).append(entry)
    return days
