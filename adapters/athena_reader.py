"""Reads one Athena query by three calls of the API, for functions without awswrangler: start, wait, take the rows."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from playledger.errors import Misconfigured, PlayledgerError, StoreUnavailable, WorldChanged
from playledger.ports import Rows
from sql import bind

FIRST_WAIT = 0.25
LONGEST_WAIT = 1.0
PATIENCE = 40.0
"""Seconds for one query: the functions have 60. One that takes longer goes on by itself and is paid for, at most up to
the workgroup's limit."""

USER_ERROR = 2
"""Athena's category for what is the text's own fault."""

OVER_THE_LIMIT = "Bytes scanned limit"
"""How the reason begins where a query would have read more than its workgroup allows."""


class AthenaReader:
    """Stands where `awswrangler.athena.read_sql_query` stands in AthenaQueryEngine, and gives Rows, no frame."""

    def __init__(
        self,
        client: Any,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._pause = pause
        self._clock = clock

    def __call__(
        self, text: str, *, database: str, workgroup: str, params: Mapping[str, object] | None = None, **_: Any
    ) -> Rows:
        """The answer. Raises WorldChanged where Athena refuses the text, StoreUnavailable where it fails by itself."""
        with _answered():
            started = self._client.start_query_execution(
                QueryString=bind(text, params or {}),
                QueryExecutionContext={"Database": database},
                WorkGroup=workgroup,
            )
            name = started["QueryExecutionId"]
            return self._rows(name, has_header=self._ended(name).get("StatementType") == "DML")

    def _ended(self, name: str) -> Mapping[str, Any]:
        """The execution, once it has succeeded."""
        until, wait = self._clock() + PATIENCE, FIRST_WAIT
        while True:
            execution: Mapping[str, Any] = self._client.get_query_execution(QueryExecutionId=name)["QueryExecution"]
            status = execution["Status"]
            if status["State"] == "SUCCEEDED":
                return execution
            if status["State"] in ("FAILED", "CANCELLED"):
                raise _failure(status)
            if self._clock() >= until:
                raise StoreUnavailable(f"Athena did not answer in {PATIENCE:.0f} s")
            self._pause(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _rows(self, name: str, *, has_header: bool) -> Rows:
        columns: list[Mapping[str, Any]] = []
        rows: list[tuple[Any, ...]] = []
        for page in self._client.get_paginator("get_query_results").paginate(QueryExecutionId=name):
            columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            kinds = [column["Type"] for column in columns]
            rows += [_values(row["Data"], kinds) for row in page["ResultSet"]["Rows"][has_header:]]
            has_header = False
        return Rows(tuple(str(column["Name"]) for column in columns), tuple(rows))


def _failure(status: Mapping[str, Any]) -> PlayledgerError:
    """Whether the text is at fault, or Athena: only then will trying again help."""
    told, reason = status.get("AthenaError", {}), str(status.get("StateChangeReason", "no reason given"))
    is_users = told.get("ErrorCategory", USER_ERROR) == USER_ERROR and not told.get("Retryable")
    if status["State"] == "FAILED" and is_users:
        return WorldChanged(f"Athena refused the question: {_one_line(reason)}")
    return given_up(reason)


def given_up(reason: str) -> PlayledgerError:
    """What became of a query that Athena did not bring to its end, though nothing is wrong with its text."""
    if OVER_THE_LIMIT in reason:
        return Misconfigured(
            f"Athena gave the question up, for it reads more than the workgroup allows ({_one_line(reason)}): "
            "raise athena_scan_cutoff_bytes in terraform.tfvars and deploy again"
        )
    return StoreUnavailable(f"Athena gave the question up: {_one_line(reason)}")


def _one_line(reason: str) -> str:
    return " ".join(reason.split())


def _values(cells: list[Mapping[str, str]], kinds: list[str]) -> tuple[Any, ...]:
    return tuple(_plain(cell.get("VarCharValue"), kind) for cell, kind in zip(cells, kinds, strict=True))


def _plain(text: str | None, kind: str) -> Any:
    """A value as awswrangler's side gives it; a cell without text is null. What has no plain form stays text."""
    read = READERS.get(kind)
    return text if text is None or read is None else read(text)


def _decimal(text: str) -> int | float:
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)


READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("float", "real", "double"), float),
    "decimal": _decimal,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}


@contextmanager
def _answered() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidRequestException":
            raise WorldChanged(f"Athena refused the question: {error}") from error
        raise StoreUnavailable(f"Athena did not answer: {error}") from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"Athena did not answer: {error}") from error
