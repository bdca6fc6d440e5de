"""Settling: entries in, plays out. Pure; any order, repetition and split of the same entries gives the same plays.

Observations of one key are one play. Polled and exported rows of one recording are married where they can mean the same
play. Nothing is dropped: what counts is decided when a question is asked.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from playledger.coverage import Span, healing, union
from playledger.models import (
    Claim,
    Entry,
    ExportEntry,
    ExportSpan,
    Media,
    PlayEvent,
    Quarantined,
    SettledDay,
    Source,
    format_instant,
    to_ms,
    utc_day,
)
from settlement.matching import Sighting, chains

SETTLE_VERSION = 2
"""Part of every digest: another number settles all days again."""

FILLED = ("track_id", "track_name", "artist_names", "album_name", "duration_ms", "context")
"""What a later observation of the same play may add, where the earlier ones had nothing."""

SPOTIFY_ID = re.compile(r"spotify:[a-z]+:([0-9A-Za-z]{22})")

Row = dict[str, Any]
"""A row of `plays` as JSON values, in the order of the model's fields."""

Observed = TypeVar("Observed", PlayEvent, ExportEntry)


@dataclass(frozen=True)
class Settled:
    """Plays and account of every UTC date that has entries; rows in order of played_at, then key.

    `reach` is the first and the last date of all the chains that touch a date, for the dates that chains touch.
    """

    plays: Mapping[date, Sequence[Row]]
    accounts: Mapping[date, SettledDay]
    reach: Mapping[date, tuple[date, date]]


def settle(entries: Iterable[Entry], healed: Iterable[Span] = ()) -> Settled:
    """Settles the entries. `healed` are spans covered by exports that are not among them."""
    heap = _Heap.of(entries)
    covered = union([*healed, *(span for span in map(healing, heap.spans) if span)])
    partners: dict[str, ExportEntry] = {}
    reach: dict[date, tuple[date, date]] = {}
    for polled, exported in heap.recordings():
        for chain in chains([_polled_sighting(row) for row in polled], [_exported_sighting(row) for row in exported]):
            partners |= {polled[left].key: exported[right] for left, right in chain.pairs}
            _extend(reach, [*(polled[i] for i in chain.polled), *(exported[i] for i in chain.exported)])
    plays = heap.rows(partners, covered)
    return Settled(plays, heap.accounts(plays, partners), reach)


@dataclass
class _Heap:
    """The entries by what they name."""

    polled: dict[str, PlayEvent] = field(default_factory=dict)
    exported: dict[tuple[datetime, str], ExportEntry] = field(default_factory=dict)
    spans: list[ExportSpan] = field(default_factory=list)
    distinct: dict[str, date] = field(default_factory=dict)
    quarantined: dict[str, date] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "_Heap":
        """All entries; observations of one play become one."""
        heap = cls()
        again: dict[str, list[PlayEvent]] = {}
        same_instant: dict[tuple[datetime, str], list[ExportEntry]] = {}
        for entry in entries:
            if isinstance(entry, PlayEvent):
                if heap.polled.setdefault(entry.key, entry) is not entry:
                    again.setdefault(entry.key, []).append(entry)
            elif isinstance(entry, ExportEntry):
                heap.distinct[entry.entry_id] = utc_day(entry.played_at)
                instant = (entry.played_at, entry.track_uri)
                if heap.exported.setdefault(instant, entry) is not entry:
                    same_instant.setdefault(instant, []).append(entry)
            elif isinstance(entry, ExportSpan):
                heap.spans.append(entry)
            elif isinstance(entry, Quarantined):
                heap.quarantined[entry.entry_id] = utc_day(entry.at)
            else:
                heap.claims[entry.entry_id] = entry
        heap.polled |= {key: _first_seen([heap.polled[key], *more]) for key, more in again.items()}
        heap.exported |= {key: _longest([heap.exported[key], *more]) for key, more in same_instant.items()}
        return heap

    def recordings(self) -> Iterator[tuple[list[PlayEvent], list[ExportEntry]]]:
        """Polled and exported rows of each recording that has both, each in order of time."""
        exported: dict[str, list[ExportEntry]] = {}
        for row in self.exported.values():
            exported.setdefault(row.track_uri, []).append(row)
        polled: dict[str, list[PlayEvent]] = {}
        for play in self.polled.values():
            if play.track_uri in exported:
                polled.setdefault(play.track_uri, []).append(play)
        for uri, plays in polled.items():
            yield _in_order(plays), _in_order(exported[uri])

    def rows(self, partners: Mapping[str, ExportEntry], covered: Sequence[Span]) -> dict[date, list[Row]]:
        """The plays by date."""
        married = {(row.played_at, row.track_uri) for row in partners.values()}
        alone = [row for instant, row in self.exported.items() if instant not in married]
        days: dict[date, list[Row]] = {}
        for play in self.polled.values():
            partner = partners.get(play.key)
            unconfirmed = partner is None and _is_within(to_ms(play.played_at), covered)
            days.setdefault(utc_day(play.played_at), []).append(_polled_row(play, partner, unconfirmed))
        for row in alone:
            days.setdefault(utc_day(row.played_at), []).append(_exported_row(row))
        for rows in days.values():
            rows.sort(key=lambda row: (row["played_at"], row["play_key"]))
        return days

    def accounts(
        self, plays: Mapping[date, Sequence[Row]], partners: Mapping[str, ExportEntry]
    ) -> dict[date, SettledDay]:
        """What became of the entries of each date: entries = plays + duplicates + married."""
        polled = Counter(utc_day(play.played_at) for play in self.polled.values())
        exported = Counter(self.distinct.values())
        kept = Counter(utc_day(row.played_at) for row in self.exported.values())
        married = Counter(utc_day(row.played_at) for row in partners.values())
        late = Counter(utc_day(play.played_at) for play in self.polled.values() if play.is_late)
        quarantined = Counter(self.quarantined.values())
        short = Counter(utc_day(claim.at) for claim in self.claims.values() if claim.is_short)
        small = Counter(utc_day(claim.at) for claim in self.claims.values() if claim.is_barely_overlapping)
        return {
            dt: SettledDay(
                entries=polled[dt] + exported[dt],
                plays=len(plays.get(dt, ())),
                duplicates=exported[dt] - kept[dt],
                married=married[dt],
                late_arrivals=late[dt],
                quarantined=quarantined[dt],
                short_windows=short[dt],
                small_overlaps=small[dt],
                unconfirmed=sum(bool(row["is_unconfirmed"]) for row in plays.get(dt, ())),
            )
            for dt in sorted({*polled, *exported, *quarantined, *short, *small})
        }


# ---- one play out of several entries ----------------------------------------------------------------------------


def _first_seen(observations: Sequence[PlayEvent]) -> PlayEvent:
    """The earliest observation, filled up from the later ones."""
    first, *later = sorted(observations, key=lambda seen: (seen.ingested_at, seen.model_dump_json()))
    added = {}
    for name in FILLED:
        known = (value for seen in (first, *later) if (value := getattr(seen, name)) not in (None, ()))
        added[name] = next(known, getattr(first, name))
    return first.model_copy(update=added)


def _longest(rows: Sequence[ExportEntry]) -> ExportEntry:
    """Of rows of one recording and instant the one heard longest, since when the first of them is known."""
    longest = min(rows, key=lambda row: (-row.ms_played, row.ingested_at, row.model_dump_json()))
    return longest.model_copy(update={"ingested_at": min(row.ingested_at for row in rows)})


def _in_order(rows: list[Observed]) -> list[Observed]:
    return sorted(rows, key=lambda row: row.played_at)


# ---- chains -----------------------------------------------------------------------------------------------------


def _polled_sighting(play: PlayEvent) -> Sighting:
    return Sighting(to_ms(play.played_at), play.duration_ms)


def _exported_sighting(row: ExportEntry) -> Sighting:
    return Sighting(to_ms(row.played_at), row.ms_played)


def _extend(reach: dict[date, tuple[date, date]], rows: Sequence[PlayEvent | ExportEntry]) -> None:
    dates = {utc_day(row.played_at) for row in rows}
    first, last = min(dates), max(dates)
    for dt in dates:
        known = reach.get(dt, (first, last))
        reach[dt] = (min(first, known[0]), max(last, known[1]))


# ---- rows -------------------------------------------------------------------------------------------------------


def _is_within(moment: int, spans: Sequence[Span]) -> bool:
    return any(span.lo <= moment <= span.hi for span in spans)


class _Unheard:
    """What no export tells of a play."""

    media = Media.UNKNOWN
    track_name = artist_name = album_name = None
    ms_played = skipped = reason_start = reason_end = shuffle = platform = offline = incognito = None


def _polled_row(play: PlayEvent, partner: ExportEntry | None, unconfirmed: bool) -> Row:
    heard = partner or _Unheard
    context = play.context
    first = min(play.ingested_at, partner.ingested_at) if partner else play.ingested_at
    return {
        "play_key": play.key,
        "event_id": play.event_id,
        "kind": (heard.media if play.media is Media.UNKNOWN else play.media).value,
        "played_at": format_instant(play.played_at),
        "track_id": play.track_id,
        "track_uri": play.track_uri,
        "track_name": play.track_name or heard.track_name,
        "artist_name": next(iter(play.artist_names), None) or heard.artist_name,
        "album_name": play.album_name or heard.album_name,
        "context_type": context.type if context else None,
        "context_id": context.id if context else None,
        "ms_played": heard.ms_played,
        "duration_ms": play.duration_ms,
        "source": (Source.BOTH if partner else Source.POLL).value,
        "is_unconfirmed": unconfirmed,
        "skipped": heard.skipped,
        "reason_start": heard.reason_start,
        "reason_end": heard.reason_end,
        "shuffle": heard.shuffle,
        "platform": heard.platform,
        "offline": heard.offline,
        "incognito": heard.incognito,
        "first_ingested_at": format_instant(first),
    }


def _exported_row(row: ExportEntry) -> Row:
    named = SPOTIFY_ID.fullmatch(row.track_uri)
    return {
        "play_key": row.key,
        "event_id": None,
        "kind": row.media.value,
        "played_at": format_instant(row.played_at),
        "track_id": named[1] if named else None,
        "track_uri": row.track_uri,
        "track_name": row.track_name,
        "artist_name": row.artist_name,
        "album_name": row.album_name,
        "context_type": None,
        "context_id": None,
        "ms_played": row.ms_played,
        "duration_ms": None,
        "source": Source.EXPORT.value,
        "is_unconfirmed": False,
        "skipped": row.skipped,
        "reason_start": row.reason_start,
        "reason_end": row.reason_end,
        "shuffle": row.shuffle,
        "platform": row.platform,
        "offline": row.offline,
        "incognito": row.incognito,
        "first_ingested_at": format_instant(row.ingested_at),
    }
