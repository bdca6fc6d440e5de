"""The journal: create-only objects, in a directory (temporary file, fsync, exclusive link) or in S3 (If-None-Match)."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playledger.errors import CorruptObject, StoreUnavailable
from playledger.journal import key_date
from playledger.ports import JournalObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "journal/dt="
LEFTOVER = ".tmp-"
"""How a file begins that is still being written, or never was finished; readers pass it over."""


def _named(key: str) -> date:
    """The date in a key; what is no key of the journal gets no further, least of all to a path."""
    dt = key_date(key)
    if dt is None:
        raise CorruptObject(f"{key!r} is no name of a journal object")
    return dt


def _is_within(dt: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= dt) and (last is None or dt <= last)


# ---- laptop -----------------------------------------------------------------------------------------------------


class DirectoryJournal:
    """Objects are files below `root`, at the path their key says."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, body: bytes) -> bool:
        """Creates the file, whole and durable; False where it exists already."""
        _named(key)
        target = self._root / key
        with _written(key):
            _make_folder(target.parent)
            created = not target.exists() and _link(target, body)
            _sync_folder(target.parent)
        return created

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        """The files with first <= dt <= last, by key."""
        with _written("the journal"):
            return sorted(self._files(first, last), key=lambda item: item.key)

    def read(self, key: str) -> bytes:
        """The file's bytes. Raises CorruptObject where there is no such file."""
        _named(key)
        with _written(key):
            try:
                return (self._root / key).read_bytes()
            except FileNotFoundError as error:
                raise CorruptObject(f"the journal holds no {key}") from error

    def _files(self, first: date | None, last: date | None) -> Iterator[JournalObject]:
        for folder in self._folders(first, last):
            with os.scandir(self._root / "journal" / folder) as files:
                for file in files:
                    key = f"journal/{folder}/{file.name}"
                    dt = key_date(key)
                    if dt and _is_within(dt, first, last):
                        yield JournalObject(key, dt, file.stat().st_size)

    def _folders(self, first: date | None, last: date | None) -> Sequence[str]:
        """Names of the folders of these dates: what is in the others need not be looked at."""
        least, most = f"dt={first or ''}", f"dt={last or '~'}"
        try:
            names = os.listdir(self._root / "journal")  # noqa: PTH208  of thousands of folders Paths cost most
        except FileNotFoundError:
            return []
        return [name for name in names if least <= name <= most]


def _make_folder(folder: Path) -> None:
    """Creates the folder and those above it, each durable in the one it lies in."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _link(target: Path, body: bytes) -> bool:
    """Gives the written bytes their name; False where somebody else was first."""
    handle, name = tempfile.mkstemp(prefix=LEFTOVER, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, target)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    return True


def _sync_folder(folder: Path) -> None:
    """Makes names in the folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _written(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"{what}: {error.strerror or error} ({error.filename})") from error


# ---- AWS --------------------------------------------------------------------------------------------------------

CONFLICTS = 4
"""How often a put is tried while S3 says that another put of the same key is under way."""


class S3Journal:
    """Objects of a bucket. The bucket's policy may demand what `put` does anyway: creation only."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes) -> bool:
        """Creates the object; False where it exists already."""
        _named(key)
        for _ in range(CONFLICTS):
            with _answered(key):
                status = self._try_put(key, body)
            if status != "ConditionalRequestConflict":
                return status == ""
        raise StoreUnavailable(f"S3 saw {CONFLICTS} conflicting puts of {key}")

    def list(self, first: date | None = None, last: date | None = None) -> Sequence[JournalObject]:
        """The objects with first <= dt <= last, by key; asks for no page outside of these dates."""
        with _answered("the journal"):
            return sorted(self._objects(first, last), key=lambda item: item.key)

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises CorruptObject where there is no such object."""
        _named(key)
        with _answered(key):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=key)
            except self._client.exceptions.NoSuchKey as error:
                raise CorruptObject(f"the journal holds no {key}") from error
            with closing(found["Body"]) as body:
                return body.read()

    def _try_put(self, key: str, body: bytes) -> str:
        """'' where the object was created, else which of the two conditional refusals S3 gave."""
        from botocore.exceptions import ClientError

        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            if code in ("PreconditionFailed", "ConditionalRequestConflict"):
                return code
            raise
        return ""

    def _objects(self, first: date | None, last: date | None) -> Iterator[JournalObject]:
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": PREFIX}
        if first:
            request["StartAfter"] = f"{PREFIX}{first}"
        for page in self._client.get_paginator("list_objects_v2").paginate(**request):
            for item in page.get("Contents", []):
                dt = key_date(item["Key"])
                if dt and last and dt > last:
                    return
                if dt and _is_within(dt, first, last):
                    yield JournalObject(item["Key"], dt, item["Size"])


@contextmanager
def _answered(what: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"S3 did not serve {what}: {error}") from error
