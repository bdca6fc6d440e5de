"""Every question as Athena gets it: verbatim, through unchanged awswrangler and through our reader, pruned."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

import sql
from adapters.query_engine import DuckDbQueryEngine
from aggregation.reading import ALWAYS
from tests.sql import given
from tests.sql.test_cases import cases, documents, parameters
from tests.support.ledger_in_s3 import BUCKET, CATALOG, LedgerInS3, ledger_in_s3
from tests.support.local_athena import Execution
from tests.support.local_athena_engine import tables_read
from tests.support.local_athena_tables import duckdb_type

pytestmark = [
    pytest.mark.aws,
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),  # awswrangler's, with pandas 3
]

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LONG_AGO = {"yyyy-MM-dd": "2006-02-03", "yyyy-MM": "2006-02", "yyyy": "2006"}
LAST = {"yyyy-MM-dd": "2029-12-31", "yyyy-MM": "2029-12", "yyyy": "2029"}
"""Partitions that no case asks for, by the format of their dates: before all, and after all."""


@pytest.fixture(scope="module")
def shared() -> Iterator[LedgerInS3]:
    """One AWS for all questions."""
    with ledger_in_s3(NOW) as made:
        yield made


@pytest.fixture
def ledger(shared: LedgerInS3) -> LedgerInS3:
    """A ledger with nothing in it."""
    shared.empty()
    return shared


def typed(rows: Any) -> list[list[tuple[str, type, object]]]:
    """Rows whose equality is also one of types: 1, 1.0 and True are different."""
    return [[(name, type(value), value) for name, value in row.items()] for row in rows]


@pytest.mark.parametrize(("name", "case"), list(cases()))
def test_a_question_answers_the_same(name: str, case: dict[str, Any], tmp_path: Path, ledger: LedgerInS3) -> None:
    given.write(tmp_path, case["given"])
    ledger.fill(tmp_path)
    question, params = sql.load(name), parameters(case)
    engine = DuckDbQueryEngine(tmp_path)
    try:
        wanted = typed(engine.rows(question, **params))
    finally:
        engine.close()
    assert typed(ledger.through_reader().rows(question, **params)) == wanted
    assert typed(ledger.through_wrangler().rows(question, **params)) == wanted
    assert [execution.text for execution in ledger.athena.executions.values()] == [sql.bind(question.text, params)] * 2


# ---- pruning ----------------------------------------------------------------------------------------------------


@cache
def case_with_most(name: str) -> dict[str, Any]:
    """The case of a question that is given the most rows, where nothing is left out: else it reads all months."""
    usual = [case for case in documents(name) if str(ALWAYS) not in map(str, case["params"].values())]
    return max(usual, key=lambda case: len(str(case["given"])))


def partitioned(name: str) -> list[str]:
    """Tables with partitions that the question reads and does not excuse."""
    return [table for table in tables_of(name) if CATALOG[table]["partition_keys"] and not excused(name, table)]


@cache
def tables_of(name: str) -> tuple[str, ...]:
    """Tables that the question reads."""
    return tuple(sorted(tables_read(sql.bind(sql.load(name).text, parameters(case_with_most(name))))))


def excused(name: str, table: str) -> bool:
    """Whether the header says why this table is read whole: `-- whole: a, b, because ...`."""
    return table in sql.load(name).whole.replace(":", ",").replace(" ", "").split(",")


def decoy(table: Mapping[str, Any], partition: str, value: str, folder: Path) -> tuple[str, bytes]:
    """Key and bytes of an object with one row of nothing."""
    is_parquet = table["parameters"]["classification"] == "parquet"
    key = table["location_template"].replace(f"${{{partition}}}", value)
    key += "decoy.parquet" if is_parquet else "decoy.jsonl"
    if not is_parquet:
        return key, b"{}\n"
    nothing = ", ".join(f'cast(null as {duckdb_type(told["type"])}) as "{told["name"]}"' for told in table["columns"])
    path = folder / "decoy.parquet"
    duckdb.connect().execute(f"copy (select {nothing}) to '{path}' (format parquet)")
    return key, path.read_bytes()


def asked_among_decoys(ledger: LedgerInS3, name: str, folder: Path) -> tuple[Execution, dict[str, str]]:
    """The question, asked where every table it reads has a partition long ago and one at the end; their keys."""
    case, decoys = case_with_most(name), {}
    given.write(folder, case["given"])
    ledger.fill(folder)
    for table in partitioned(name):
        [partition] = [told["name"] for told in CATALOG[table]["partition_keys"]]
        spelling = CATALOG[table]["parameters"][f"projection.{partition}.format"]
        for when, value in (("before", LONG_AGO[spelling]), ("after", LAST[spelling])):
            key, body = decoy(CATALOG[table], partition, value, folder)
            ledger.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            decoys[key] = when
    ledger.through_reader().rows(sql.load(name), **parameters(case))
    [execution] = ledger.athena.executions.values()
    return execution, decoys


def ends(name: str) -> bool:
    """Whether the question is told where to end; if not, and in months, it goes on to the newest partition."""
    is_monthly = any(table.startswith("month_") for table in partitioned(name))
    return not is_monthly and any("to" in param.split("_") or param == "p_week" for param in sql.load(name).params)


@pytest.mark.parametrize("name", [name for name in sql.names() if partitioned(name)])
def test_a_question_opens_no_partition_outside_what_it_asks_for(name: str, tmp_path: Path, ledger: LedgerInS3) -> None:
    execution, decoys = asked_among_decoys(ledger, name, tmp_path)
    opened = {decoys[key] for key in execution.opened if key in decoys}
    assert opened <= (set() if ends(name) else {"after"})
    assert len(decoys) == 2 * len(partitioned(name))


@pytest.mark.parametrize("name", sql.names())
def test_what_a_question_is_billed_for_is_what_it_opened(name: str, tmp_path: Path, ledger: LedgerInS3) -> None:
    execution, _ = asked_among_decoys(ledger, name, tmp_path)
    sizes = {item["Key"]: item["Size"] for item in ledger.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}
    packed = {key: size for key, size in execution.opened.items() if not key.endswith(".parquet")}
    assert packed == {key: sizes[key] for key in packed}
    assert all(0 < size <= sizes[key] for key, size in execution.opened.items())
    assert execution.told()["Statistics"]["DataScannedInBytes"] == sum(execution.opened.values())


@pytest.mark.parametrize("name", [name for name in sql.names() if sql.load(name).whole])
def test_an_excuse_names_a_table_that_the_question_reads(name: str) -> None:
    assert [table for table in tables_of(name) if excused(name, table)]


def test_a_question_that_forgets_its_bound_would_be_found(ledger: LedgerInS3, tmp_path: Path) -> None:
    execution, decoys = asked_among_decoys(ledger, "playlist/played_since", tmp_path)
    ledger.through_reader().ask(execution.text.replace("month >= '", "'2999' >= '"))
    forgetful = list(ledger.athena.executions.values())[-1]
    assert [decoys[key] for key in execution.opened if key in decoys] == ["after"]
    assert [decoys[key] for key in forgetful.opened if key in decoys] == ["before", "after"]
    assert forgetful.scanned > execution.scanned
