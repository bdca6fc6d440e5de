"""Objects of tables as they lie in the bucket, byte for byte: for whoever wants to read them with another engine.

Only AWS has it: a laptop's objects are files already.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glue_catalog.tables import TABLES
from playledger.errors import StoreUnavailable


@dataclass(frozen=True)
class TableObject:
    """One object: its key in the bucket, size in bytes, and the etag that changes with its bytes."""

    key: str
    partition: str
    size: int
    etag: str


class S3TableObjects:
    """Lists and fetches; changes nothing."""

    def __init__(self, client: Any, bucket: str, prefix: str = "tables/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def list(self, table: str) -> Sequence[TableObject]:
        """The table's objects by key."""
        spec = TABLES[table]
        folder = f"{self._prefix}{spec.name}/"
        pages = self._client.get_paginator("list_objects_v2")
        with _answered(table):
            found = [
                item for page in pages.paginate(Bucket=self._bucket, Prefix=folder) for item in page.get("Contents", [])
            ]
        return [
            TableObject(item["Key"], item["Key"].removeprefix(folder).partition("/")[0].partition("=")[2], *_size(item))
            for item in found
        ]

    def fetch(self, item: TableObject, root: Path) -> None:
        """Writes the object below `root`, under its key."""
        target = root / item.key
        target.parent.mkdir(parents=True, exist_ok=True)
        with _answered(item.key):
            got = self._client.get_object(Bucket=self._bucket, Key=item.key)
            with closing(got["Body"]) as body:
                target.write_bytes(body.read())


def _size(item: dict[str, Any]) -> tuple[int, str]:
    return item["Size"], item["ETag"]


@contextmanager
def _answered(what: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"S3 did not serve {what}: {error}") from error
