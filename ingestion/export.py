"""Account exports ("extended streaming history") into the journal: a zip, a folder, or one file of them.

Every file is read and judged before the first object is put, so that a bad one leaves nothing half-written. Each file
becomes one object per UTC date, oldest first; the last one says that the file was imported whole.
"""

import gzip
import hashlib
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO

from ingestion.export_rows import read_row, set_row_aside
from ingestion.parse import UnreadableError
from playledger.errors import UnreadableExport
from playledger.journal import Batch, encode
from playledger.models import Entry, ExportEntry, ExportSpan, Instant, Model, Quarantined, utc_day
from playledger.ports import Journal

AUDIO = re.compile(r"(streaming_history_audio_.*|endsong.*)\.json(\.gz)?", re.IGNORECASE)
VIDEO = re.compile(r"(streaming_history_video_.*|endvideo.*)\.json(\.gz)?", re.IGNORECASE)
ACCOUNT = re.compile(r"streaminghistory.*\.json(\.gz)?", re.IGNORECASE)
TABLE = re.compile(r".*\.(csv|tsv|txt|xlsx?|parquet)(\.gz)?", re.IGNORECASE)

MOST_ENTRIES = 10_000
MOST_FILE_BYTES = 64 * 2**20
"""Spotify cuts an export into files of about 13 MB."""
MOST_BYTES = 2**30
MOST_RATIO = 200
"""Exports shrink about fifteenfold in a zip. What shrinks more than this is made to fill a disk."""
SMALL_FILE_BYTES = 2**20
"""Up to this size any ratio is harmless."""

PUTS_AT_ONCE = 8
"""Each put waits for a disk or a network; an import of years has thousands."""

REQUEST = 'request the "Extended streaming history" at https://www.spotify.com/account/privacy/'

ACCOUNT_DATA = (
    'is of the short "Account data" (one year, to the minute, without track ids), which cannot tell plays apart;'
    f" {REQUEST}"
)
TABLE_COPY = f"is a table somebody made from an export, and such copies mangle the times; {REQUEST}"


class ImportReport(Model):
    """The receipt: rows = kept + duplicates + quarantined. `kept` counts distinct rows of each file by medium."""

    files: int
    rows: int
    kept: dict[str, int]
    duplicates: int
    quarantined: int
    objects_new: int
    objects_known: int
    first: Instant | None
    last: Instant | None


@dataclass(frozen=True)
class ExportFile:
    """One file of an export, wherever it lies."""

    name: str
    read: Callable[[], bytes]

    @property
    def is_audio(self) -> bool:
        """Its own name says that it is whole audio history: only such a file can heal gaps."""
        return bool(AUDIO.fullmatch(self.name))

    @property
    def is_video(self) -> bool:
        """Its own name says that all of it was video."""
        return bool(VIDEO.fullmatch(self.name))


@dataclass
class Contents:
    """What a file holds."""

    sha256: str
    rows: int = 0
    duplicates: int = 0
    days: dict[date, dict[str, ExportEntry]] = field(default_factory=dict)
    quarantined: dict[str, Quarantined] = field(default_factory=dict)

    @property
    def entries(self) -> Iterator[ExportEntry]:
        """The distinct rows that could be read."""
        return (entry for day in self.days.values() for entry in day.values())

    def add(self, entry: ExportEntry) -> None:
        """One more row that could be read."""
        day = self.days.setdefault(utc_day(entry.played_at), {})
        self.duplicates += entry.key in day
        day.setdefault(entry.key, entry)

    def set_aside(self, record: Quarantined) -> None:
        """One more row that could not."""
        self.duplicates += record.entry_id in self.quarantined
        self.quarantined.setdefault(record.entry_id, record)


def import_export(
    path: Path, journal: Journal, *, now: datetime, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> ImportReport:
    """Puts every row of the export into the journal; `progress` gets objects put and objects in all.

    Importing the same again puts nothing. Raises UnreadableExport before anything was put.
    """
    with _opened(path) as files:
        total = sum(len(_contents(file, now).days) for file in files)
        if not total:
            raise UnreadableExport(f"{path.name} holds no plays")
        tally: Counter[str] = Counter()
        kept: Counter[str] = Counter()
        times: list[datetime] = []
        for file in files:
            contents = _contents(file, now)
            for is_new in _put_all(_batches(file, contents, now), journal):
                tally["objects_new" if is_new else "objects_known"] += 1
                progress(tally["objects_new"] + tally["objects_known"], total)
            tally.update(rows=contents.rows, duplicates=contents.duplicates, quarantined=len(contents.quarantined))
            kept.update(entry.media.value for entry in contents.entries)
            times += _ends(contents)
    return ImportReport(
        files=len(files),
        kept=dict(sorted(kept.items())),
        first=min(times),
        last=max(times),
        **{name: tally[name] for name in ("rows", "duplicates", "quarantined", "objects_new", "objects_known")},
    )


def _put_all(batches: Sequence[Batch], journal: Journal) -> Iterator[bool]:
    """Whether each was new. The last one, which says that all are there, is put when they are."""
    with ThreadPoolExecutor(PUTS_AT_ONCE) as pool:
        yield from pool.map(lambda batch: journal.put(batch.key, batch.body), batches[:-1])
    for batch in batches[-1:]:
        yield journal.put(batch.key, batch.body)


def _batches(file: ExportFile, contents: Contents, now: datetime) -> list[Batch]:
    """One object per date, oldest first. The last one carries what was set aside, and the span of an audio file."""
    days: dict[date, list[Entry]] = {dt: [*entries.values()] for dt, entries in sorted(contents.days.items())}
    tail: list[Entry] = [*contents.quarantined.values()]
    if days and file.is_audio:
        tail.append(_span(contents, now))
    if tail:
        days.setdefault(max(days, default=utc_day(now)), []).extend(tail)
    return [encode(entries, dt) for dt, entries in days.items()]


def _span(contents: Contents, now: datetime) -> ExportSpan:
    lo, hi = _ends(contents)
    return ExportSpan(file_sha256=contents.sha256, lo=lo, hi=hi, rows=contents.rows, ingested_at=now)


def _ends(contents: Contents) -> list[datetime]:
    """The first and the last moment; none where there is no row."""
    times = [entry.played_at for entry in contents.entries]
    return [min(times), max(times)] if times else []


# ---- what is in a file ------------------------------------------------------------------------------------------


def _contents(file: ExportFile, now: datetime) -> Contents:
    """All rows of a file. Raises UnreadableExport where the file as a whole is not what it should be."""
    raw = file.read()
    contents = Contents(hashlib.sha256(raw).hexdigest())
    reason = ""
    for row in _rows(file.name, raw):
        contents.rows += 1
        try:
            contents.add(read_row(row, is_video=file.is_video, ingested_at=now))
        except UnreadableError as error:
            reason = str(error)
            contents.set_aside(set_row_aside(row, reason, is_video=file.is_video, ingested_at=now))
    if sum(1 for _ in contents.entries) < len(contents.quarantined):
        raise UnreadableExport(f"{file.name} is no extended streaming history: of most rows {reason}")
    return contents


def _rows(name: str, raw: bytes) -> Sequence[object]:
    if not raw.strip():
        raise UnreadableExport(f"{name} is empty")
    try:
        text = raw.decode("utf-8-sig")
        rows = json.loads(text)
    except UnicodeDecodeError as error:
        raise UnreadableExport(f"{name} is no UTF-8 text") from error
    except RecursionError as error:
        raise UnreadableExport(f"{name} is nested too deeply to be an export") from error
    except ValueError as error:
        raise UnreadableExport(f"{name} {_why_no_json(text)}") from error
    if not isinstance(rows, list):
        raise UnreadableExport(f"{name} holds no list of plays, so it is no extended streaming history")
    if any(isinstance(row, dict) and "endTime" in row and "ts" not in row for row in rows):
        raise UnreadableExport(f"{name} {ACCOUNT_DATA}")
    return rows


def _why_no_json(text: str) -> str:
    """Half a download, a table, or something else."""
    begins, ends = text.lstrip()[:1], text.rstrip()[-1:]
    if begins == "[" and ends != "]":
        return "breaks off in the middle; download or unpack it again"
    first_line = text.lstrip().splitlines()[0]
    if begins not in "[{" and any(sign in first_line for sign in ",;\t"):
        return TABLE_COPY
    return "is no JSON"


# ---- where files lie --------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[list[ExportFile]]:
    """The files of the export at `path`, in order of their names. Damage and refusals become UnreadableExport."""
    try:
        if path.is_dir():
            yield _recognised(path, [_on_disk(file) for file in path.rglob("*") if file.is_file()])
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield _recognised(path, [_in_zip(archive, info) for info in _harmless(path, archive)])
        else:
            yield [_single(path)]
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise UnreadableExport(f"{path.name} cannot be read: {error}") from error


def _recognised(path: Path, files: Sequence[ExportFile]) -> list[ExportFile]:
    """Of all that lies there the files of an extended history; other files are left alone."""
    wanted = [file for file in files if file.is_audio or file.is_video]
    if not wanted:
        is_account_data = any(ACCOUNT.fullmatch(file.name) for file in files)
        raise UnreadableExport(
            f"{path.name} {ACCOUNT_DATA}"
            if is_account_data
            else f"{path.name} holds no Streaming_History_Audio_*.json or endsong_*.json; {REQUEST}"
        )
    return sorted(wanted, key=lambda file: file.name)


def _single(path: Path) -> ExportFile:
    """One file under whatever name, where it is not plainly something else."""
    if ACCOUNT.fullmatch(path.name):
        raise UnreadableExport(f"{path.name} {ACCOUNT_DATA}")
    if TABLE.fullmatch(path.name):
        raise UnreadableExport(f"{path.name} {TABLE_COPY}")
    if path.suffix.lower() == ".zip":
        raise UnreadableExport(f"{path.name} is no zip, or only a part of one; download it again")
    return _on_disk(path)


def _on_disk(path: Path) -> ExportFile:
    def read() -> bytes:
        with path.open("rb") as file:
            return _whole(path.name, file)

    return ExportFile(path.name, read)


def _in_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> ExportFile:
    """A member is read in memory under its bare name; nothing is ever unpacked to a path."""
    name = re.split(r"[/\\]", info.filename)[-1]

    def read() -> bytes:
        if info.flag_bits & 1:
            raise UnreadableExport(f"{name} is encrypted; unpack the zip first")
        with archive.open(info) as member:
            return _whole(name, member)

    return ExportFile(name, read)


def _whole(name: str, file: IO[bytes]) -> bytes:
    """All bytes, unzipped where the name says so, if they are not too many."""
    with gzip.open(file) if name.lower().endswith(".gz") else nullcontext(file) as plain:
        raw = plain.read(MOST_FILE_BYTES + 1)
    if len(raw) > MOST_FILE_BYTES:
        raise UnreadableExport(f"{name} is larger than any file of an export")
    return raw


def _harmless(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members, if together they are no bomb."""
    members = [info for info in archive.infolist() if not info.is_dir()]
    too_dense = [
        info
        for info in members
        if info.file_size > SMALL_FILE_BYTES and info.file_size > MOST_RATIO * max(info.compress_size, 1)
    ]
    if len(members) > MOST_ENTRIES or sum(info.file_size for info in members) > MOST_BYTES or too_dense:
        raise UnreadableExport(f"{path.name} unpacks to more than any export does; it was not opened")
    return members
