"""The journal's format: entries to a named, gzipped object and back. The name says what is inside."""

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from playledger.errors import CorruptObject
from playledger.models import ENTRY, Entry, to_ms
from playledger.ports import JournalObject

_KEY = re.compile(r"^journal/dt=(\d{4}-\d{2}-\d{2})/(\d+)-(\d+)-([0-9a-f]{16})\.jsonl\.gz$")


@dataclass(frozen=True)
class Batch:
    """One object of the journal, ready to be put."""

    key: str
    body: bytes


def encode(entries: Iterable[Entry], dt: date) -> Batch:
    """The object for these entries (at least one) of one UTC date. Same entries, same key, whatever their order.

    The key is `journal/dt=<dt>/<oldest unix ms>-<lines>-<hash of entry ids>.jsonl.gz`; a claim's id covers all of it.
    """
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.entry_id))
    ids = "\n".join(sorted(entry.entry_id for entry in ordered))
    digest = hashlib.sha256(ids.encode()).hexdigest()[:16]
    lines = "".join(entry.model_dump_json() + "\n" for entry in ordered)
    key = f"journal/dt={dt}/{to_ms(ordered[0].at)}-{len(ordered)}-{digest}.jsonl.gz"
    return Batch(key, gzip.compress(lines.encode(), mtime=0))


def decode(key: str, body: bytes, *, having: re.Pattern[bytes] | None = None) -> list[Entry]:
    """The entries of an object. Raises CorruptObject where they are not as many, or not readable, as the key says.

    `having` leaves out the lines in which it is not found, unparsed. Inside a text of JSON quotes are escaped, so a
    pattern that begins with a quote, such as `"kind":"claim"`, finds just what `encode` wrote as such.
    """
    named = _KEY.match(key)
    if named is None:
        raise CorruptObject(f"{key} is no name of a journal object")
    try:
        lines = gzip.decompress(body).splitlines()
        entries = [ENTRY.validate_json(line) for line in lines if having is None or having.search(line)]
    except (OSError, EOFError, zlib.error, ValidationError) as error:
        raise CorruptObject(f"{key} cannot be read: {error}") from error
    if len(lines) != int(named[3]):
        raise CorruptObject(f"{key} holds {len(lines)} lines, its name says {named[3]}")
    return entries


def key_date(key: str) -> date | None:
    """The UTC date in a key of the journal; None where it is no such key."""
    named = _KEY.match(key)
    return date.fromisoformat(named[1]) if named else None


def digest(objects: Iterable[JournalObject]) -> str:
    """Names a set of journal objects: keys name contents, so equal digests mean equal entries (32 hex digits)."""
    return hashlib.sha256("\n".join(sorted(item.key for item in objects)).encode()).hexdigest()[:32]


def by_date(objects: Sequence[JournalObject]) -> dict[date, list[JournalObject]]:
    """The objects of each UTC date, dates ascending."""
    days: dict[date, list[JournalObject]] = {}
    for item in sorted(objects, key=lambda item: item.key):
        days.setdefault(item.dt, []).append(item)
    return days
