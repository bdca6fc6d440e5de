"""The reader of Athena's own API: what it asks for, how it waits, what it makes of cells and of failures."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from adapters.athena_reader import PATIENCE, AthenaReader
from adapters.query_engine import AthenaQueryEngine
from playledger.errors import Misconfigured, StoreUnavailable, WorldChanged
from tests.contracts.test_query_engine import question

pytestmark = [pytest.mark.contract, pytest.mark.aws]

WHERE = {"database": "ledger", "workgroup": "nightly"}
ID = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def athena() -> Iterator[Stubber]:
    """An Athena that gives what it was told to, in that order, and checks requests and answers by the API's model."""
    with closing(boto3.client("athena", region_name="eu-north-1")) as client, Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def starts(athena: Stubber, text: str) -> None:
    wanted = {"QueryString": text, "QueryExecutionContext": {"Database": "ledger"}, "WorkGroup": "nightly"}
    athena.add_response("start_query_execution", {"QueryExecutionId": ID}, wanted)


def is_in(athena: Stubber, state: str, **status: Any) -> None:
    execution = {"StatementType": "DML", "Status": {"State": state, **status}}
    athena.add_response("get_query_execution", {"QueryExecution": execution}, {"QueryExecutionId": ID})


def gives(
    athena: Stubber, columns: dict[str, str], rows: list[list[str | None]], after: str = "", then: str = ""
) -> None:
    told = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
    described = [{"Name": name, "Type": kind} for name, kind in columns.items()]
    answer: dict[str, Any] = {"ResultSet": {"Rows": told, "ResultSetMetadata": {"ColumnInfo": described}}}
    wanted = {"QueryExecutionId": ID} | ({"NextToken": after} if after else {})
    athena.add_response("get_query_results", answer | ({"NextToken": then} if then else {}), wanted)


def engine(athena: Stubber, pause: Callable[[float], None] = lambda _: None, **more: Any) -> AthenaQueryEngine:
    return AthenaQueryEngine(AthenaReader(athena.client, pause, **more), **WHERE)


def test_parameters_are_in_the_text_and_rows_come_page_by_page_without_the_header(athena: Stubber) -> None:
    starts(athena, "select a from t where b = 'it''s'")
    is_in(athena, "SUCCEEDED")
    gives(athena, {"a": "varchar"}, [["a"], ["1"]], then="more")
    gives(athena, {"a": "varchar"}, [["a"], [None]], after="more")
    found = engine(athena).rows(question("select a from t where b = :p_b", "p_b"), p_b="it's")
    assert found == [{"a": "1"}, {"a": "a"}, {"a": None}]


def test_cells_become_plain_values(athena: Stubber) -> None:
    kinds = {
        "n": "bigint",
        "i": "integer",
        "x": "double",
        "b": "boolean",
        "c": "boolean",
        "d": "date",
        "t": "timestamp",
        "whole": "decimal",
        "part": "decimal",
        "s": "varchar",
        "l": "array",
        "none": "bigint",
        "empty": "varchar",
    }
    cells = ["12", "-3", "1.5", "true", "false", "2026-03-20", "2026-03-20 01:02:03.456", "7", "7.5", "ü", "[1, 2]"]
    starts(athena, "select *")
    is_in(athena, "SUCCEEDED")
    gives(athena, kinds, [list(kinds), [*cells, None, ""]])
    answer = engine(athena).ask("select *;")
    moment = datetime(2026, 3, 20, 1, 2, 3, 456_000)  # noqa: DTZ001  TIMESTAMP is naive UTC
    expected = (12, -3, 1.5, True, False, date(2026, 3, 20), moment, 7, 7.5, "ü", "[1, 2]", None, "")
    assert answer.columns == tuple(kinds)
    assert answer.rows == (expected,)
    assert [type(value) for value in answer.rows[0]] == [type(value) for value in expected]


def test_it_waits_longer_and_longer_while_the_query_runs(athena: Stubber) -> None:
    waits: list[float] = []
    starts(athena, "select 1")
    for state in ("QUEUED", "RUNNING", "RUNNING", "RUNNING", "SUCCEEDED"):
        is_in(athena, state)
    gives(athena, {"a": "integer"}, [["a"]])
    assert engine(athena, waits.append).ask("select 1").rows == ()
    assert waits == [0.25, 0.5, 1.0, 1.0]


def test_a_query_without_end_is_given_up(athena: Stubber) -> None:
    starts(athena, "select 1")
    is_in(athena, "RUNNING")
    is_in(athena, "RUNNING")
    moments = iter([0.0, PATIENCE - 0.1, PATIENCE])
    with pytest.raises(StoreUnavailable, match="did not answer"):
        engine(athena, clock=lambda: next(moments)).ask("select 1")


@pytest.mark.parametrize(
    ("state", "status", "error"),
    [
        ("FAILED", {"StateChangeReason": "SYNTAX_ERROR:\n no such column"}, WorldChanged),
        ("FAILED", {"StateChangeReason": "x", "AthenaError": {"ErrorCategory": 2, "Retryable": False}}, WorldChanged),
        ("FAILED", {"StateChangeReason": "x", "AthenaError": {"ErrorCategory": 1}}, StoreUnavailable),
        (
            "FAILED",
            {"StateChangeReason": "x", "AthenaError": {"ErrorCategory": 2, "Retryable": True}},
            StoreUnavailable,
        ),
        ("CANCELLED", {}, StoreUnavailable),
        ("CANCELLED", {"StateChangeReason": "Bytes scanned limit\n was exceeded"}, Misconfigured),
    ],
)
def test_a_failed_query_says_whether_to_try_again(athena: Stubber, state: str, status: Any, error: type) -> None:
    starts(athena, "select 1")
    is_in(athena, state, **status)
    with pytest.raises(error) as told:
        engine(athena).ask("select 1")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("code", "error"), [("InvalidRequestException", WorldChanged), ("TooManyRequestsException", StoreUnavailable)]
)
def test_a_refused_call_says_whether_to_try_again(athena: Stubber, code: str, error: type) -> None:
    athena.add_client_error("start_query_execution", code, "no")
    with pytest.raises(error):
        engine(athena).ask("select 1")
