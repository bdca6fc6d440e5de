"""Account exports ("Extended streaming history") to the journal. Every row is kept; personal fields stop here.

All files are read and checked before the first object is put. Objects are named by their content, so an import that was
stopped is simply run again, and importing a file twice puts nothing new.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from playledger.errors import UnreadableExport
from playledger.journal import encode
from playledger.models import (
    Entry,
    ExportEntry,
    ExportSpan,
    Instant,
    Media,
    Model,
    Quarantined,
    names_uri,
    parse_instant,
    to_ms,
    utc_day,
)
from playledger.ports import Journal

EXTENDED = re.compile(r"^(endsong_\d+|endvideo|Streaming_History_(Audio|Video)_[^/\\]*)\.json(\.gz)?$", re.IGNORECASE)
ACCOUNT_DATA = re.compile(r"^StreamingHistory(_music|_podcast|_audiobook)?_?\d*\.json$", re.IGNORECASE)
LARGEST_FILE = 256 * 2**20
LARGEST_RATIO = 300
MOST_FILES = 2_000

WHICH = 'request "Extended streaming history" on Spotify\'s account privacy page'
FAMILIES = (
    ("ios", ("ios", "iphone", "ipad")),
    ("android", ("android",)),
    ("windows", ("windows",)),
    ("macos", ("os x", "osx", "macos")),
    ("web", ("web_player", "webplayer", "web player")),
    ("linux", ("linux",)),
)

Row = Mapping[str, Any]
Moved = Callable[[int, int], None]


class ImportReport(Model):
    """What an import did with every row: rows = kept + duplicates + quarantined. Times are UTC."""

    files: int
    rows: int
    kept: dict[str, int]
    duplicates: int
    quarantined: int
    objects_new: int
    objects_known: int
    first_played_at: Instant | None
    last_played_at: Instant | None


@dataclass(frozen=True)
class ExportFile:
    """One file of an export, read when asked."""

    name: str
    read: Callable[[], bytes]

    @property
    def is_audio(self) -> bool:
        """Whether it lists everything that was listened to in its span; a video file does not."""
        return "video" not in self.name.lower()

    def rows(self) -> tuple[list[Row], str]:
        """Its rows and the SHA-256 of its text. Raises UnreadableExport, naming the file, where it is no export."""
        text = self.read()
        if not text.strip():
            raise UnreadableExport(f"{self.name} is empty")
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UnreadableExport(
                f"{self.name} is no complete JSON file: {error}; download the export again"
            ) from error
        _check_shape(self.name, rows)
        return rows, hashlib.sha256(text).hexdigest()


def import_export(path: Path, journal: Journal, *, now: datetime, progress: Moved | None = None) -> ImportReport:
    """Adds a zip, a folder or one file. Raises UnreadableExport before anything is put where any file is damaged."""
    files = export_files(path)
    total = sum(len(file.rows()[0]) for file in files)
    tally = _Tally()
    for file in files:
        rows, digest = file.rows()
        _import_file(_FileEntries.of(file, rows, digest, now), journal, tally)
        if progress:
            progress(tally.rows, total)
    return tally.report(len(files))


def export_files(path: Path) -> list[ExportFile]:
    """The history files in a zip, a folder or a single file, by name. Raises UnreadableExport where there are none."""
    if path.is_dir():
        files = [_on_disk(found) for found in sorted(path.rglob("*.json*")) if found.is_file()]
    elif zipfile.is_zipfile(path):
        files = _in_zip(path)
    else:
        return [_on_disk(path)]
    extended = [file for file in files if EXTENDED.match(file.name)]
    if extended:
        return extended
    if any(ACCOUNT_DATA.match(file.name) for file in files):
        raise UnreadableExport(f"{path.name} holds the short account data, without ids or seconds; {WHICH}")
    raise UnreadableExport(f"{path.name} holds no streaming history (Streaming_History_Audio_*.json); {WHICH}")


def _on_disk(path: Path) -> ExportFile:
    def read() -> bytes:
        data = path.read_bytes()
        return _unzipped(path.name, data) if data[:2] == b"\x1f\x8b" else data

    return ExportFile(path.name, read)


def _unzipped(name: str, data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, LARGEST_FILE)
    except zlib.error as error:
        raise UnreadableExport(f"{name} is a damaged gzip file: {error}") from error
    if unpacker.unconsumed_tail:
        raise UnreadableExport(f"{name} unpacks to more than {LARGEST_FILE // 2**20} MB; that is no Spotify export")
    if not unpacker.eof:
        raise UnreadableExport(f"{name} ends in the middle: a damaged gzip file; download the export again")
    return text


def _in_zip(path: Path) -> list[ExportFile]:
    """Only the last part of a member's name is used, and nothing is unpacked to disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableExport(f"{path.name} is a damaged zip file: {error}") from error
    if len(members) > MOST_FILES:
        raise UnreadableExport(f"{path.name} holds {len(members)} files; that is no Spotify export")
    return [_member(path, member) for member in sorted(members, key=lambda member: member.filename)]


def _member(path: Path, member: zipfile.ZipInfo) -> ExportFile:
    name = re.split(r"[/\\]", member.filename)[-1]

    def read() -> bytes:
        if member.file_size > LARGEST_FILE or member.file_size > LARGEST_RATIO * max(member.compress_size, 1):
            raise UnreadableExport(f"{name} in {path.name} unpacks to an absurd size; that is no Spotify export")
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            raise UnreadableExport(f"{name} in {path.name} is damaged: {error}") from error

    return ExportFile(name, read)


def _check_shape(name: str, rows: Any) -> None:
    if not isinstance(rows, list):
        raise UnreadableExport(f"{name} is no streaming history: a list of plays was expected; {WHICH}")
    if not rows:
        raise UnreadableExport(f"{name} has no rows")
    known = [row for row in rows if isinstance(row, dict)]
    if any("ts" in row and "ms_played" in row for row in known):
        return
    if any("endTime" in row for row in known):
        raise UnreadableExport(f"{name} is the short account data, without ids or seconds; {WHICH}")
    raise UnreadableExport(f"{name} is no extended streaming history: no row has ts and ms_played; {WHICH}")


@dataclass
class _Tally:
    """Counts over all files."""

    rows: int = 0
    duplicates: int = 0
    quarantined: int = 0
    objects_new: int = 0
    objects_known: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def __post_init__(self) -> None:
        self.kept: Counter[str] = Counter()

    def report(self, files: int) -> ImportReport:
        return ImportReport(
            files=files,
            rows=self.rows,
            kept=dict(sorted(self.kept.items())),
            duplicates=self.duplicates,
            quarantined=self.quarantined,
            objects_new=self.objects_new,
            objects_known=self.objects_known,
            first_played_at=self.first,
            last_played_at=self.last,
        )


@dataclass(frozen=True)
class _FileEntries:
    """A file's rows as entries."""

    rows: int
    plays: Sequence[ExportEntry]
    unreadable: Sequence[Quarantined]
    span: ExportSpan | None

    @classmethod
    def of(cls, file: ExportFile, rows: Sequence[Row], digest: str, now: datetime) -> "_FileEntries":
        entries = [read_row(row, is_video=not file.is_audio, now=now) for row in rows]
        plays = [entry for entry in entries if isinstance(entry, ExportEntry)]
        unreadable = [entry for entry in entries if isinstance(entry, Quarantined)]
        moments = [play.played_at for play in plays]
        span = None
        if file.is_audio and moments:
            lo, hi = min(moments), max(moments)
            span = ExportSpan(file_sha256=digest, lo=lo, hi=hi, rows=len(rows), ingested_at=now)
        return cls(len(rows), plays, unreadable, span)

    def distinct(self) -> dict[str, ExportEntry]:
        """One entry per key: rows alike in moment, URI and time heard are one."""
        return {play.key: play for play in reversed(self.plays)}

    def objects(self) -> Iterator[tuple[date, list[Entry]]]:
        """What to put, date by date; the span and the unreadable rows come last, so that a crash claims nothing."""
        days: dict[date, list[Entry]] = {}
        for play in self.distinct().values():
            days.setdefault(utc_day(play.played_at), []).append(play)
        tail: list[Entry] = [*{entry.entry_id: entry for entry in self.unreadable}.values()]
        tail += [self.span] if self.span else []
        if tail:
            days.setdefault(max(days, default=utc_day(tail[0].at)), []).extend(tail)
        yield from sorted(days.items())


def _import_file(entries: _FileEntries, journal: Journal, tally: _Tally) -> None:
    for dt, group in entries.objects():
        batch = encode(group, dt)
        if journal.put(batch.key, batch.body):
            tally.objects_new += 1
        else:
            tally.objects_known += 1
    distinct = entries.distinct().values()
    tally.rows += entries.rows
    tally.kept.update(play.media.value for play in distinct)
    tally.duplicates += len(entries.plays) - len(distinct)
    tally.quarantined += len(entries.unreadable)
    moments = [play.played_at for play in distinct]
    tally.first = min([*moments, *([tally.first] if tally.first else [])], default=None)
    tally.last = max([*moments, *([tally.last] if tally.last else [])], default=None)


def read_row(row: Any, *, is_video: bool, now: datetime) -> ExportEntry | Quarantined:
    """One row as an entry; one that cannot be read is kept with the reason and its text, less the personal fields."""
    try:
        return _entry(row, is_video=is_video, now=now)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ValidationError) as error:
        raw = json.dumps(_impersonal(row), ensure_ascii=True, sort_keys=True)
        reason = f"missing {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        return Quarantined(reason=readable(reason) or "", raw=raw, origin="export", ingested_at=now)


def _entry(row: Row, *, is_video: bool, now: datetime) -> ExportEntry:
    played_at, ms_played = parse_instant(_text(row["ts"])), row["ms_played"]
    if isinstance(ms_played, bool) or not isinstance(ms_played, int) or ms_played < 0:
        raise ValueError(f"ms_played is {ms_played!r}, no number of milliseconds")
    media, uri, names = _what(row)
    uri = uri or names_uri(*names)
    return ExportEntry(
        key=f"{to_ms(played_at)}#{uri}#{ms_played}",
        played_at=played_at,
        media=Media.VIDEO if is_video else media,
        track_uri=uri,
        track_name=names[0],
        artist_name=names[1],
        album_name=names[2],
        ms_played=ms_played,
        reason_start=readable(row.get("reason_start")),
        reason_end=readable(row.get("reason_end")),
        shuffle=row.get("shuffle"),
        skipped=row.get("skipped"),
        offline=row.get("offline"),
        incognito=row.get("incognito_mode"),
        platform=family(row.get("platform")),
        ingested_at=now,
    )


def _what(row: Row) -> tuple[Media, str | None, tuple[str | None, str | None, str | None]]:
    """Kind, URI and (title, artist, album) of what a row plays: a track, an episode or a chapter."""
    kinds = (
        (Media.PODCAST, "spotify_episode_uri", ("episode_name", "episode_show_name", "episode_show_name")),
        (Media.AUDIOBOOK, "audiobook_chapter_uri", ("audiobook_chapter_title", "audiobook_title", "audiobook_title")),
        (Media.AUDIOBOOK, "audiobook_uri", ("audiobook_title", "audiobook_title", "audiobook_title")),
    )
    track = tuple(readable(row.get(f"master_metadata_{part}")) for part in _TRACK_PARTS)
    if row.get("spotify_track_uri") or any(track):
        return Media.MUSIC, readable(row.get("spotify_track_uri")), (track[0], track[1], track[2])
    for media, uri, (title, artist, album) in kinds:
        if row.get(uri) or row.get(title):
            names = (readable(row.get(title)), readable(row.get(artist)), readable(row.get(album)))
            return media, readable(row.get(uri)), names
    return Media.UNKNOWN, None, (None, None, None)


_TRACK_PARTS = ("track_name", "album_artist_name", "album_album_name")
_PERSONAL = re.compile(r"ip_addr|user_agent|username|country", re.IGNORECASE)


def _impersonal(row: Any) -> Any:
    return {name: value for name, value in row.items() if not _PERSONAL.search(name)} if isinstance(row, dict) else row


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def readable(value: Any) -> str | None:
    """Text that can be written as UTF-8: a lone surrogate becomes the replacement character."""
    if value is None:
        return None
    return _text(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def family(platform: Any) -> str | None:
    """The family of a player; the rest of Spotify's text can name the device."""
    if platform is None:
        return None
    words = _text(platform).lower()
    return next((name for name, marks in FAMILIES if any(mark in words for mark in marks)), "other")
