"""Where the login is kept: a private file on a laptop, an SSM SecureString in AWS. Both hold the token as JSON."""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from playledger.errors import Misconfigured, NeedsReauth, StateConflict, StoreUnavailable
from playledger.models import Token

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import ParameterTypeDef

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def _token(text: str | bytes) -> Token:
    """Raises NeedsReauth, without a word of what was read: pydantic's message would quote it."""
    try:
        return Token.model_validate_json(text)
    except ValidationError:
        raise NeedsReauth("the stored login cannot be read: log in again") from None


# ---- laptop ---------------------------------------------------------------------------------------------------------


class FileTokenStore:
    """One file, mode 0600, replaced whole; its folder is made private. The version is the hash of its bytes.

    Savers exclude each other by a lock on the folder, so that of two with the same version exactly one succeeds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> tuple[Token, str]:
        """The token and its version. Raises NeedsReauth where there is none."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            raise NeedsReauth("there is no login yet: log in first") from None
        except OSError as error:
            raise Misconfigured(f"{self._path} cannot be read: {error.strerror}") from error
        return _token(raw), _version(raw)

    def save(self, token: Token, version: str | None) -> str:
        """Stores the token if `version` is stored now (None: whatever is). Raises StateConflict otherwise."""
        raw = token.model_dump_json().encode()
        try:
            with self._alone():
                if version is not None and version != self._stored_version():
                    raise StateConflict("the login was changed by somebody else")
                self._replace(raw)
        except OSError as error:
            raise Misconfigured(f"{self._path} cannot be written: {error.strerror}") from error
        return _version(raw)

    def _stored_version(self) -> str | None:
        return _version(self._path.read_bytes()) if self._path.exists() else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds the lock of the folder, which is private from here on."""
        folder = self._path.parent
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _make_private(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _replace(self, raw: bytes) -> None:
        """mkstemp makes a file that only its owner may read."""
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
        _sync(self._path.parent)


def _version(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]


def _make_private(folder: int) -> None:
    """Closes the folder to others. One shared on purpose (sticky, like /tmp) or not ours is left as it is."""
    status = os.fstat(folder)
    is_ours = status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX
    if is_ours and stat.S_IMODE(status.st_mode) & 0o077:
        os.fchmod(folder, PRIVATE_FOLDER)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---- AWS ------------------------------------------------------------------------------------------------------------


class ParameterTokenStore:
    """One SSM SecureString; the version is the parameter's own, which SSM counts up by one with every put.

    SSM has no compare-and-swap. What is guaranteed: the value is always one that somebody saved, whole. A save that
    finds another version before its put writes nothing and raises StateConflict. If another put slips in between
    comparing and putting, the version number that comes back betrays it; if one follows at once, reading again does.
    Both raise StateConflict, and the last put stays, which may be ours. So whoever gets StateConflict must load what is
    stored and use that. Whoever does not was alone, or the first of two so close that the other one noticed.
    """

    def __init__(self, client: "SSMClient", name: str) -> None:
        self._client = client
        self._name = name

    def load(self) -> tuple[Token, str]:
        """The token and its version. Raises NeedsReauth where there is none."""
        parameter = self._read()
        if parameter is None:
            raise NeedsReauth("there is no login yet: log in first")
        return _token(parameter["Value"]), str(parameter["Version"])

    def save(self, token: Token, version: str | None) -> str:
        """Stores the token if `version` is stored now (None: whatever is). Raises StateConflict otherwise."""
        if version is None:
            return str(self._put(token))
        stored = self._read()
        if stored is None or str(stored["Version"]) != version:
            raise StateConflict("the login was changed by somebody else")
        put = self._put(token)
        after = self._read()
        if put != int(version) + 1 or after is None or after["Version"] != put:
            raise StateConflict("the login was changed by somebody else at the same moment")
        return str(put)

    def _read(self) -> "ParameterTypeDef | None":
        """The parameter; None where there is none."""
        with _translated():
            try:
                return self._client.get_parameter(Name=self._name, WithDecryption=True)["Parameter"]
            except self._client.exceptions.ParameterNotFound:
                return None

    def _put(self, token: Token) -> int:
        """The version that our value got."""
        value = token.model_dump_json()
        with _translated():
            answer = self._client.put_parameter(Name=self._name, Value=value, Type="SecureString", Overwrite=True)
            return answer["Version"]


@contextmanager
def _translated() -> Iterator[None]:
    """Turns AWS's errors into ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "AccessDeniedException":
            raise Misconfigured("the role may not use the parameter of the login") from error
        raise StoreUnavailable(f"the parameter store refused ({code})") from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"the parameter store did not answer ({type(error).__name__})") from error
