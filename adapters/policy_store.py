"""Where policy.toml is kept: in the home on a laptop, in the data bucket in AWS. Replaced only by who has seen it."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playledger.errors import Misconfigured, StateConflict, StoreUnavailable
from playledger.policy import FILE, Policy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHANGED = "policy.toml was changed by somebody else meanwhile: look at it, then try again"


def _decoded(raw: bytes, place: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{place} is not written in UTF-8: {error}") from error


# ---- laptop ---------------------------------------------------------------------------------------------------------


class FilePolicies:
    """One file, replaced whole; the version is the hash of its bytes. A lock on its folder keeps savers apart."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> tuple[Policy, str | None]:
        """See ports.Policies."""
        text, version = self.text()
        return Policy.parse(text, place=str(self._path)), version

    def text(self) -> tuple[str, str | None]:
        """See ports.Policies."""
        raw = self._raw()
        return ("", None) if raw is None else (_decoded(raw, str(self._path)), _version(raw))

    def save(self, text: str, version: str | None) -> str:
        """See ports.Policies."""
        Policy.parse(text, place=str(self._path))
        raw = text.encode()
        try:
            with self._alone():
                stored = self._raw()
                if version != (None if stored is None else _version(stored)):
                    raise StateConflict(CHANGED)
                self._replace(raw)
        except OSError as error:
            raise Misconfigured(f"{self._path} cannot be written: {error.strerror}") from error
        return _version(raw)

    def _raw(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Misconfigured(f"{self._path} cannot be read: {error.strerror}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _replace(self, raw: bytes) -> None:
        descriptor, name = tempfile.mkstemp(prefix=".tmp-", dir=self._path.parent)
        written = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            written.replace(self._path)
        finally:
            written.unlink(missing_ok=True)


def _version(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]


# ---- AWS ------------------------------------------------------------------------------------------------------------

REFUSALS = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
"""S3's words where the object is not the one that was read."""


class S3Policies:
    """One object of the data bucket; the version is its etag."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def load(self) -> tuple[Policy, str | None]:
        """See ports.Policies."""
        text, version = self.text()
        return Policy.parse(text, place=self._place), version

    def text(self) -> tuple[str, str | None]:
        """See ports.Policies."""
        with _answered():
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=FILE)
            except self._client.exceptions.NoSuchKey:
                return "", None
            with closing(found["Body"]) as body:
                return _decoded(body.read(), self._place), found["ETag"]

    def save(self, text: str, version: str | None) -> str:
        """See ports.Policies."""
        Policy.parse(text, place=self._place)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        with _answered():
            answer = self._client.put_object(
                Bucket=self._bucket, Key=FILE, Body=text.encode(), ContentType="application/toml", **condition
            )
            return answer["ETag"]

    @property
    def _place(self) -> str:
        return f"s3://{self._bucket}/{FILE}"


@contextmanager
def _answered() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in REFUSALS:
            raise StateConflict(CHANGED) from error
        if code == "AccessDenied":
            raise Misconfigured(f"{FILE} may not be read or written there: {error}") from error
        raise StoreUnavailable(f"S3 refused {FILE} ({code})") from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"S3 did not answer ({type(error).__name__})") from error
