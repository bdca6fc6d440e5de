"""What a run asks of a store once: objects of the journal, and which tables hold what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from playledger.ports import Derivation, Journal, Stored, TableStore

KEPT_BYTES = 8 << 20
"""Packed objects kept in memory: twice what a month of 30,000 plays has."""


class ReadOnce:
    """A journal in which a run reads an object once: they never change. At most `keep_bytes` of them stay in memory."""

    def __init__(self, journal: Journal, keep_bytes: int = KEPT_BYTES) -> None:
        self._journal = journal
        self._kept: dict[str, bytes] = {}
        self._room = keep_bytes
        self.put, self.list = journal.put, journal.list

    def read(self, key: str) -> bytes:
        """See ports.Journal."""
        if (body := self._kept.get(key)) is None:
            body = self._journal.read(key)
            if len(body) <= self._room:
                self._kept[key], self._room = body, self._room - len(body)
        return body


class ListedOnce:
    """Tables as one run sees them: listed together when first asked for, then kept up with what it writes itself.

    Others may write meanwhile. Whoever relies on an old etag is refused by the store, and a digest made of old etags
    differs on the next night: so an old listing costs another attempt or another night, and never a row.
    """

    def __init__(self, tables: TableStore) -> None:
        self._tables = tables
        self._listed: dict[str, dict[str, Stored]] | None = None

    def list(self, table: str) -> Mapping[str, Stored]:
        """See ports.TableStore."""
        return dict(sorted(self._known()[table].items()))

    def list_all(self) -> Mapping[str, Mapping[str, Stored]]:
        """See ports.TableStore."""
        return {table: self.list(table) for table in self._known()}

    def read(self, table: str, partition: str) -> Sequence[dict[str, Any]]:
        """See ports.TableStore."""
        return self._tables.read(table, partition)

    def write(
        self, table: str, partition: str, rows: Iterable[Mapping[str, Any]], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore."""
        return self._noted(
            table, partition, self._tables.write(table, partition, rows, digest=digest, replaces=replaces)
        )

    def roll_up(
        self, table: str, partition: str, sources: Sequence[str], *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore."""
        return self._noted(
            table, partition, self._tables.roll_up(table, partition, sources, digest=digest, replaces=replaces)
        )

    def derive(
        self, table: str, partition: str, derivation: Derivation, *, digest: str, replaces: Stored | None
    ) -> Stored:
        """See ports.TableStore."""
        return self._noted(
            table, partition, self._tables.derive(table, partition, derivation, digest=digest, replaces=replaces)
        )

    def _known(self) -> dict[str, dict[str, Stored]]:
        if self._listed is None:
            self._listed = {table: dict(listed) for table, listed in self._tables.list_all().items()}
        return self._listed

    def _noted(self, table: str, partition: str, stored: Stored) -> Stored:
        self._known()[table][partition] = stored
        return stored
