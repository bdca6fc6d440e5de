"""Plays as objects of the journal: the rows of an account export, and what polling would have kept.

Millions of exported rows are written without their models, for speed; `verified` decodes and encodes an object again
and compares the bytes, so that the short cut cannot drift from the format. Polls go the product's own way.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from ingestion.capture import due
from ingestion.novelty import Fresh, Poll, batches, next_state
from ingestion.parse import Window, parse_item
from playledger.journal import Batch, decode, encode, key_date
from playledger.models import (
    WINDOW_SIZE,
    ExportSpan,
    IngestionState,
    PlayEvent,
    format_instant,
    from_ms,
    play_key,
    to_ms,
)
from simulator.account import Account
from simulator.bodies import Json, context_body, track_body, zulu
from simulator.catalogue import Episode, Track
from simulator.export import PLATFORMS, ROWS_PER_FILE
from simulator.plays import ListenedPlay

QUARTER = timedelta(minutes=15)
LOOK_BACK = timedelta(days=4)
"""A poll's 50 plays and their latest arrivals are younger than this, or the list is the whole feed."""

FAMILIES = ("ios", "web", "linux")
"""What the import makes of the simulator's PLATFORMS."""
if len(FAMILIES) != len(PLATFORMS):
    raise ImportError("the simulator's platforms have changed")


class ExportedRows:
    """Rows of an export, cut into files as Spotify cuts them; each file becomes one object per UTC date."""

    def __init__(self, imported_at: datetime) -> None:
        self._imported_at = imported_at
        self._tail = f'"ingested_at":"{format_instant(imported_at)}"}}\n'
        self._days: dict[date, dict[str, str]] = {}
        self._rows = 0

    def add(self, dt: date, plays: Iterable[ListenedPlay]) -> Iterator[Batch]:
        """Takes a date's plays, dates ascending; gives the objects of every file that is full."""
        for play in plays:
            key, line = self._line(play)
            self._days.setdefault(dt, {}).setdefault(key, line)
            self._rows += 1
            if self._rows == ROWS_PER_FILE:
                yield from self.close()

    def close(self) -> Iterator[Batch]:
        """The objects of the last file; the last of them says that the file was imported whole."""
        for dt, rows in self._days.items():
            span = self._span() if dt == max(self._days) else None
            yield _exported(dt, rows, span)
        self._days, self._rows = {}, 0

    def _line(self, play: ListenedPlay) -> tuple[str, str]:
        """Key and line of one row: an ExportEntry as JSON. An export tells the end of a play to the second."""
        moment = play.ended_at_ms // 1000 * 1000
        key = f"{moment}#{play.item.uri}#{play.ms_played}"
        told = (
            f'{{"v":1,"kind":"export","key":"{key}","played_at":"{format_instant(from_ms(moment))}",{_named(play.item)},'
            f'"ms_played":{play.ms_played},"reason_start":"{play.reason_start}","reason_end":"{play.reason_end}",'
            f'"shuffle":{_flag(play.shuffle)},"skipped":{_flag(play.skipped)},"offline":{_flag(play.offline)},'
            f'"incognito":{_flag(play.incognito)},"platform":"{FAMILIES[play.device % len(FAMILIES)]}",{self._tail}'
        )
        return key, told

    def _span(self) -> ExportSpan:
        keys = [int(key.partition("#")[0]) for rows in self._days.values() for key in rows]
        name = hashlib.sha256(f"{min(keys)}-{max(keys)}".encode()).hexdigest()
        lo, hi = from_ms(min(keys)), from_ms(max(keys))
        return ExportSpan(file_sha256=name, lo=lo, hi=hi, rows=self._rows, ingested_at=self._imported_at)


def _flag(value: bool) -> str:
    return "true" if value else "false"


@lru_cache(1 << 18)
def _named(item: Track | Episode) -> str:
    """What an ExportEntry says of a recording."""
    if isinstance(item, Track):
        media, artist_name, album_name = "music", item.album.artist.name, item.album.name
    else:
        media, artist_name, album_name = "podcast", item.show, None
    track, artist, album = (json.dumps(name, ensure_ascii=False) for name in (item.name, artist_name, album_name))
    told = f'"track_name":{track},"artist_name":{artist},"album_name":{album}'
    return f'"media":"{media}","track_uri":"{item.uri}",{told}'


def _exported(dt: date, rows: dict[str, str], span: ExportSpan | None) -> Batch:
    """One object: what `playledger.journal.encode` would make of the same entries."""
    keys = sorted(rows)
    ids = [f"export:{key}" for key in keys] + ([span.entry_id] if span else [])
    lines = [rows[key] for key in keys] + ([span.model_dump_json() + "\n"] if span else [])
    named = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
    name = f"journal/dt={dt}/{keys[0].partition('#')[0]}-{len(lines)}-{named}.jsonl.gz"
    return Batch(name, gzip.compress("".join(lines).encode(), mtime=0))


def verified(batch: Batch) -> Batch:
    """The same object, if the product would have written just these bytes under this name."""
    dt = key_date(batch.key)
    made = encode(decode(batch.key, batch.body), dt) if dt else None
    if made != batch:
        raise ValueError(f"{batch.key} is not what the journal would write")
    return batch


# ---- polling ----------------------------------------------------------------------------------------------------


class PolledDays:
    """Hourly polls, and those of the quarter-hour ticks that are due, of the account as it was at each moment."""

    def __init__(self, start: datetime) -> None:
        self.state = IngestionState()
        self._next = start
        self._plays: list[ListenedPlay] = []
        self._read: dict[str, PlayEvent] = {}
        self.polls = 0

    def add(self, plays: Iterable[ListenedPlay]) -> None:
        """More plays of the account, none of them published before the last poll."""
        self._plays += (play for play in plays if play.visible)

    def poll_until(self, end: datetime) -> Iterator[Batch]:
        """Polls up to and at `end`; gives the objects they put."""
        oldest = to_ms(self._next - LOOK_BACK)
        self._plays = [play for play in self._plays if play.played_at_ms >= oldest]
        self._read = {key: play for key, play in self._read.items() if to_ms(play.played_at) >= oldest}
        account = Account(self._plays, liked=())
        while self._next <= end:
            if self._next.minute == 0 or due(self.state, self._next):
                yield from self._poll(account, self._next)
            self._next += QUARTER

    def _poll(self, account: Account, now: datetime) -> Iterator[Batch]:
        self.polls += 1
        shown = account.window(now, WINDOW_SIZE)[::-1]
        read = [self._parsed(play, now) for play in shown]
        window = Window(tuple({play.key: play for play in read}.values()), (), len(shown))
        fresh = Fresh(Poll(window, now, None), self.state)
        if fresh.needs_journal:
            yield from batches(fresh)
            self.state = next_state(fresh, self.state)
        else:
            self.state = self.state.model_copy(update={"last_run_timestamp": now})

    def _parsed(self, play: ListenedPlay, now: datetime) -> PlayEvent:
        """As read when it was first shown: what was seen before is not kept again."""
        key = play_key(from_ms(play.played_at_ms), play.item.uri)
        if key not in self._read:
            newest = self.state.last_seen_played_at
            self._read[key] = parse_item(_item(play, to_ms(now)), ingested_at=now, newest_known=newest)
        return self._read[key]


def _item(play: ListenedPlay, now_ms: int) -> Json:
    """One item of recently-played."""
    context = context_body(play.context_at(now_ms))
    return {"track": _body(play.item), "played_at": zulu(play.played_at_ms), "context": context}


@lru_cache(1 << 12)
def _body(track: Track) -> Json:
    return track_body(track)
