"""Where the site lives: a folder on a laptop, a bucket behind a CDN in AWS. Each file is replaced whole."""

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playledger.errors import Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

_PART = r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*"
_NAME = re.compile(f"{_PART}(/{_PART})*")


def checked(name: str) -> str:
    """The name, if it is plain words with `/` between; else Misconfigured. No `..`, no hidden and no absolute name."""
    if not _NAME.fullmatch(name):
        raise Misconfigured(f"{name!r} is no name of a file of the site")
    return name


# ---- laptop -----------------------------------------------------------------------------------------------------


class DirectoryPublisher:
    """A folder; readers see the old file or the new one, never part of one."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(self, name: str, body: bytes, content_type: str) -> None:  # noqa: ARG002
        """Replaces one file. The content type follows from the name when it is served."""
        target = self._root / checked(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, body)
        except OSError as error:
            raise StoreUnavailable(f"{target} cannot be written: {error.strerror}") from error

    def published(self, name: str) -> bytes | None:
        """What is there now."""
        path = self._root / checked(name)
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be read: {error.strerror}") from error


def _replace(target: Path, body: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".tmp-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(target.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- AWS --------------------------------------------------------------------------------------------------------

CACHE_CONTROL = "no-cache"
"""Kept, but never shown before the server says that it is still the newest: names do not change with their bytes, and
a page whose integrity hashes are newer than its cached scripts would refuse to run them. The rule of
dashboard/headers.json, which the files that Terraform uploads have too."""


class S3Publisher:
    """A bucket; names are keys."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def publish(self, name: str, body: bytes, content_type: str) -> None:
        """Replaces one object, with its Cache-Control."""
        with _answered():
            self._client.put_object(
                Bucket=self._bucket,
                Key=checked(name),
                Body=body,
                ContentType=content_type,
                CacheControl=CACHE_CONTROL,
            )

    def published(self, name: str) -> bytes | None:
        """What is there now."""
        with _answered():
            try:
                return self._client.get_object(Bucket=self._bucket, Key=checked(name))["Body"].read()
            except self._client.exceptions.NoSuchKey:
                return None


@contextmanager
def _answered() -> "Iterator[None]":
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"S3 did not answer: {error}") from error
