"""A whole night over laptop adapters in a temporary home, for the tests of the aggregation."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from adapters.hot_store import SqliteHotStore
from adapters.journal import DirectoryJournal
from adapters.publisher import DirectoryPublisher
from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from adapters.token_store import FileTokenStore
from aggregation.job import NightReport, aggregate
from playledger.journal import encode
from playledger.models import Entry, utc_day
from playledger.ports import Question, Rows
from playledger.settings import Settings

STOCKHOLM = "Europe/Stockholm"


class Watched:
    """An engine that remembers what it was asked; after `fails_after` questions it fails."""

    def __init__(self, engine: DuckDbQueryEngine, fails_after: int = 10**9) -> None:
        self.engine = engine
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.fails_after = fails_after

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        if len(self.asked) >= self.fails_after:
            raise ConnectionAbortedError("killed here")
        self.asked.append((question.name, params))
        return self.engine.rows(question, **params)

    def ask(self, text: str) -> Rows:
        return self.engine.ask(text)

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for name, _ in self.asked)


class Home:
    """All roles below one folder; a context manager that closes them."""

    def __init__(self, root: Path, tz: str = STOCKHOLM) -> None:
        self.root = root
        self.journal = DirectoryJournal(root)
        self.tables = DirectoryTableStore(root)
        self.hot = SqliteHotStore(root / "state.sqlite", 30)
        self.tokens = FileTokenStore(root / "login" / "token.json")
        self.publisher = DirectoryPublisher(root / "site")
        self.engine = DuckDbQueryEngine(root)
        self.watched = Watched(self.engine)
        self.settings = Settings(time_zone=tz)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.close()
        self.hot.close()

    def keep(self, entries: Iterable[Entry]) -> None:
        """Puts entries into the journal, one object per UTC date."""
        by_dt: dict[date, list[Entry]] = {}
        for entry in entries:
            by_dt.setdefault(utc_day(entry.at), []).append(entry)
        for dt, found in by_dt.items():
            batch = encode(found, dt)
            self.journal.put(batch.key, batch.body)

    def night(self, now: datetime, **changes: Any) -> NightReport:
        """One night."""
        self.watched.asked.clear()
        return aggregate(
            self.journal,
            self.tables,
            self.hot,
            self.tokens,
            self.watched,
            self.publisher,
            now=now,
            settings=self.settings,
            **changes,
        )

    def published(self) -> bytes:
        """The document as it is published."""
        return self.publisher.published("dashboard_data.json") or b""


def utc(text: str) -> datetime:
    """`2026-01-02 03:04` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
