"""Random histories, summarised, asked, checked and built by Athena: the document is DuckDB's, byte for byte."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore, S3TableStore
from aggregation.calendar import Calendar
from aggregation.doubts import doubts, wrong_rows
from aggregation.payload import serialise
from aggregation.summaries import summarise
from playledger.policy import Policy
from playledger.ports import QueryEngine, TableStore
from tests.sql.test_against_oracle import History, asked, evenings
from tests.support.ledger_in_s3 import LedgerInS3, ledger_in_s3

pytestmark = [
    pytest.mark.aws,
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),  # awswrangler's, with pandas 3
]

SEEDS = (36, 31, 44)
"""One history in each zone, with many plays in several months."""


@pytest.fixture(scope="module")
def ledger() -> Iterator[LedgerInS3]:
    with ledger_in_s3(datetime(2030, 1, 1, tzinfo=UTC)) as made:
        yield made


def copied(source: DirectoryTableStore, target: S3TableStore, tables: Sequence[str]) -> None:
    for table in tables:
        for partition, stored in source.list(table).items():
            target.write(table, partition, source.read(table, partition), digest=stored.digest, replaces=None)


def document(engine: QueryEngine, tables: TableStore, history: History, now: datetime) -> bytes:
    """What the page would get; every check on the way found nothing."""
    calendar = Calendar.at(now, history.tz)
    summarise(tables, engine, tz=history.tz)
    made = serialise(asked(tables, engine, calendar, now, Policy()))
    assert wrong_rows(engine, calendar, doubts(tables, calendar)) == []
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_athena_makes_the_same_document(seed: int, ledger: LedgerInS3, tmp_path: Path) -> None:
    history = History(seed)
    assert len(history.plays) >= 40
    ledger.empty()
    local, stored, now = history.write(tmp_path), ledger.tables, evenings(history)[1]
    copied(local, stored, ("plays", "settled_days", "tracks", "gaps"))
    engine = DuckDbQueryEngine(tmp_path)
    try:
        wanted = document(engine, local, history, now)
    finally:
        engine.close()
    assert document(ledger.through_wrangler(), stored, history, now) == wanted


def test_every_zone_has_its_history() -> None:
    assert len({History(seed).tz for seed in SEEDS}) == 3
