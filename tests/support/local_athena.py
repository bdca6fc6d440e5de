"""A local Athena: an HTTP endpoint that speaks its protocol and answers from the objects of another local AWS.

boto3, awswrangler and everything over them find it by `AWS_ENDPOINT_URL_ATHENA`. A query's text is run as it stands, by
the Glue table's own definition and partition projection. It is DuckDB beneath: what DuckDB takes and Trino does not is
for the lint in `tests/house` to find. All that is not about running queries (workgroups, named queries) the other AWS
answers.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import Session, get_session

from tests.support import local_athena_results as results
from tests.support.local_athena_engine import Answer, Engine, LimitExceeded, QueryFailed, QueryRefused
from tests.support.local_athena_tables import GlueTable, StoredObject

REGION = "eu-north-1"
LONGEST_TEXT = 262_144
"""Bytes of a query."""

MOST_ROWS = 1000
"""Of one page."""

FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
USER, SYSTEM = 2, 1


class Refused(Exception):
    """An answer with an error: its code, words, and further fields."""

    def __init__(self, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.code = code
        self.body = {"__type": code, "message": message, "Message": message, **more}


def invalid(message: str, code: str = "INVALID_INPUT") -> Refused:
    """What Athena calls most things it does not like."""
    return Refused("InvalidRequestException", message, AthenaErrorCode=code)


@dataclass
class Execution:
    """One query: what was asked, how it stands, and what came of it. `opened` is key -> bytes of what it read."""

    id: str
    text: str
    database: str
    workgroup: str
    output: str
    limit: int | None
    statement: str
    polls_left: int
    submitted: datetime
    state: str = "QUEUED"
    reason: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)
    answer: Answer | None = None
    opened: Mapping[str, int] = field(default_factory=dict)

    @property
    def scanned(self) -> int:
        """Bytes."""
        return sum(self.opened.values())

    def told(self) -> dict[str, Any]:
        """As GetQueryExecution tells it."""
        status = {"State": self.state, "SubmissionDateTime": self.submitted.timestamp()}
        status |= {"StateChangeReason": self.reason} if self.reason else {}
        status |= {"AthenaError": self.error} if self.error else {}
        return {
            "QueryExecutionId": self.id,
            "Query": self.text,
            "StatementType": "UTILITY" if self.statement == "EXPLAIN" else "DML",
            "SubstatementType": self.statement,
            "ResultConfiguration": {"OutputLocation": self.output},
            "QueryExecutionContext": {"Database": self.database},
            "WorkGroup": self.workgroup,
            "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 3"},
            "Statistics": {"DataScannedInBytes": self.scanned, "EngineExecutionTimeInMillis": 1},
            "Status": status,
        }


class LocalAthena:
    """Queries and their answers. `executions` holds all, in order; `throttle` and `slow` make it unkind.

    `url` is that of the AWS that has bucket, catalog and workgroups; None means the one moto keeps in this process.
    Its calls are made through `session`, so whoever listens there sees what Athena does with the rights of the caller.
    """

    def __init__(self, url: str | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.session: Session = get_session()
        self.now = now
        self.executions: dict[str, Execution] = {}
        self.slow = 0
        self._url = url
        self._tokens: dict[str, str] = {}
        self._definitions: dict[tuple[str, ...], Mapping[str, Any]] = {}
        self._throttled: dict[str, int] = {}
        self._lock = threading.RLock()
        self._opened = ExitStack()
        self._engine = self._opened.enter_context(closing(Engine()))
        self._clients = {name: self._client(name) for name in ("s3", "glue", "athena")}

    def _client(self, service: str) -> Any:
        # said outright: the variable that leads others here would lead us here too
        url = self._url or (f"https://athena.{REGION}.amazonaws.com" if service == "athena" else None)
        client = self.session.create_client(service, region_name=REGION, endpoint_url=url)
        return self._opened.enter_context(closing(client))

    def close(self) -> None:
        """Closes what it opened."""
        self._opened.close()

    def throttle(self, operation: str, times: int) -> None:
        """The next calls of this operation are too many."""
        self._throttled[operation] = times

    def call(self, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """One call of the API. Raises Refused."""
        with self._lock:
            if self._throttled.get(operation, 0):
                self._throttled[operation] -= 1
                raise Refused("TooManyRequestsException", "Rate exceeded", Reason="CONCURRENT_QUERY_LIMIT_EXCEEDED")
            own: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None
            own = getattr(self, f"_{xform_name(operation)}", None)
            return own(given) if own else self._forwarded(operation, given)

    def _forwarded(self, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._clients["athena"], xform_name(operation))(**given)
        except ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        del answer["ResponseMetadata"]
        return answer

    # ---- operations -------------------------------------------------------------------------------------------------

    def _get_work_group(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._known_to_be("athena", "GetWorkGroup", WorkGroup=given["WorkGroup"])
        if "WorkGroup" not in found:
            raise invalid(f"WorkGroup {given['WorkGroup']} is not found.", "WORKGROUP_NOT_FOUND")
        return found

    def _start_query_execution(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        token = str(given.get("ClientRequestToken", ""))
        if token in self._tokens:
            return {"QueryExecutionId": self._tokens[token]}
        started = self._started(given)
        self.executions[started.id] = started
        if token:
            self._tokens[token] = started.id
        return {"QueryExecutionId": started.id}

    def _started(self, given: Mapping[str, Any]) -> Execution:
        text, name = given["QueryString"], given.get("WorkGroup", "primary")
        configured = self._get_work_group({"WorkGroup": name})["WorkGroup"]["Configuration"]
        if len(text.encode()) > LONGEST_TEXT:
            raise invalid(f"Your query has exceeded the maximum query length of {LONGEST_TEXT} bytes.")
        try:
            statement = self._engine.statement_of(text)
        except QueryRefused as error:
            raise invalid(str(error), "MALFORMED_QUERY") from error
        number = str(uuid.uuid5(uuid.NAMESPACE_OID, f"query {len(self.executions)}"))
        return Execution(
            id=number,
            text=text,
            database=given.get("QueryExecutionContext", {}).get("Database", "default"),
            workgroup=name,
            output=f"{self._output(configured, given)}{number}.{'txt' if statement == 'EXPLAIN' else 'csv'}",
            limit=configured.get("BytesScannedCutoffPerQuery"),
            statement=statement,
            polls_left=self.slow,
            submitted=self.now(),
        )

    def _output(self, configured: Mapping[str, Any], given: Mapping[str, Any]) -> str:
        """Where the answer goes: the workgroup says, unless it leaves it to the client."""
        of_group = configured.get("ResultConfiguration", {}).get("OutputLocation", "")
        of_client = given.get("ResultConfiguration", {}).get("OutputLocation", "")
        is_enforced = configured.get("EnforceWorkGroupConfiguration", True)
        where = of_group if is_enforced and of_group else of_client or of_group
        if not where:
            raise invalid("No output location provided. Set one for the workgroup or the query.")
        return f"{where.rstrip('/')}/"

    def _get_query_execution(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"QueryExecution": self._advanced(given["QueryExecutionId"]).told()}

    def _batch_get_query_execution(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        known = [name for name in given["QueryExecutionIds"] if name in self.executions]
        unknown = [name for name in given["QueryExecutionIds"] if name not in self.executions]
        return {
            "QueryExecutions": [self._advanced(name).told() for name in known],
            "UnprocessedQueryExecutionIds": [{"QueryExecutionId": name} for name in unknown],
        }

    def _list_query_executions(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        group = given.get("WorkGroup", "primary")
        return {"QueryExecutionIds": [item.id for item in self.executions.values() if item.workgroup == group][::-1]}

    def _stop_query_execution(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        execution = self._known(given["QueryExecutionId"])
        if execution.state not in FINAL:
            execution.state, execution.reason = "CANCELLED", "Query cancelled by user"
        return {}

    def _get_query_results(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        execution = self._known(given["QueryExecutionId"])
        if execution.answer is None:
            raise invalid(f"Query has not yet finished. Current state: {execution.state}")
        size, page = int(given.get("MaxResults", MOST_ROWS)), int(given.get("NextToken", 0))
        if not 1 <= size <= MOST_ROWS:
            raise invalid(f"MaxResults is more than maximum allowed length {MOST_ROWS}.")
        found = list(results.pages(execution.answer, size))
        described = {"ColumnInfo": results.described(execution.answer)}
        more = {"NextToken": str(page + 1)} if page + 1 < len(found) else {}
        return {"UpdateCount": 0, "ResultSet": {"Rows": found[page], "ResultSetMetadata": described}, **more}

    # ---- running ----------------------------------------------------------------------------------------------------

    def _known(self, name: str) -> Execution:
        if name not in self.executions:
            raise invalid(f"QueryExecution {name} was not found")
        return self.executions[name]

    def _advanced(self, name: str) -> Execution:
        """The query, which runs as it is asked for: at once, or after `slow` questions how it stands."""
        execution = self._known(name)
        if execution.state not in FINAL:
            if execution.polls_left:
                execution.state, execution.polls_left = "RUNNING", execution.polls_left - 1
            else:
                self._run(execution)
        return execution

    def _run(self, execution: Execution) -> None:
        try:
            tables = self._tables(execution)
            answer = self._engine.run(execution.text, tables, self._clients["s3"], execution.limit)
            self._write(execution, answer)
        except QueryFailed as error:
            self._fail(execution, str(error), USER)
        except LimitExceeded:
            execution.state, execution.reason = "CANCELLED", "Bytes scanned limit was exceeded"
        except ClientError as error:
            told = error.response["Error"]
            self._fail(execution, f"{told['Code']}: {told['Message']} ({error.operation_name})", USER)
        else:
            execution.state, execution.answer, execution.opened = "SUCCEEDED", answer, answer.taken

    def _fail(self, execution: Execution, reason: str, category: int) -> None:
        execution.state, execution.reason = "FAILED", reason
        execution.error = {
            "ErrorCategory": category,
            "ErrorType": 1000 if category == USER else 100,
            "Retryable": category != USER,
            "ErrorMessage": reason,
        }

    def _tables(self, execution: Execution) -> dict[GlueTable, list[StoredObject]]:
        """The tables that the text names, with their objects."""
        self._known_to_be("glue", "GetDatabase", Name=execution.database)
        found = {}
        for name in sorted(self._engine.tables_in(execution.text)):
            if told := self._table(execution.database, name):
                table = GlueTable.read(told)
                found[table] = list(table.objects(self._clients["s3"], self.now()))
        return found

    def _table(self, database: str, name: str) -> Mapping[str, Any] | None:
        try:
            found = self._known_to_be("glue", "GetTable", DatabaseName=database, Name=name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        table: Mapping[str, Any] = found["Table"]
        return table

    def _known_to_be(self, service: str, operation: str, **given: str) -> Mapping[str, Any]:
        """What the other AWS said of this once: definitions stay. Whoever listens is told of every time."""
        client, known = self._clients[service], (operation, *given.values())
        if known in self._definitions:
            model = client.meta.service_model.operation_model(operation)
            client.meta.events.emit(f"provide-client-params.{service}.{operation}", params=given, model=model)
        else:
            self._definitions[known] = getattr(client, xform_name(operation))(**given)
        return self._definitions[known]

    def _write(self, execution: Execution, answer: Answer) -> None:
        """The answer's two objects, as Athena leaves them; what is in the second is not for people, and ours."""
        where, s3 = urlsplit(execution.output), self._clients["s3"]
        s3.get_bucket_location(Bucket=where.netloc)
        described = json.dumps(results.described(answer)).encode()
        for key, body in ((where.path[1:], results.csv(answer)), (f"{where.path[1:]}.metadata", described)):
            s3.put_object(Bucket=where.netloc, Key=key, Body=body)


# ---- HTTP -------------------------------------------------------------------------------------------------------


class _Requests(BaseHTTPRequestHandler):
    """JSON 1.1: the operation is a header, the rest the body."""

    protocol_version = "HTTP/1.1"
    athena: LocalAthena

    def do_POST(self) -> None:
        """One call."""
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        try:
            self._answer(200, self.athena.call(operation, given))
        except Refused as error:
            self._answer(400, error.body)
        except Exception as error:  # noqa: BLE001  the caller must not wait for an answer
            self._answer(500, {"__type": "InternalServerException", "message": f"{type(error).__name__}: {error}"})

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        packed = json.dumps(body, default=_jsonable).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(packed)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.wfile.write(packed)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def _jsonable(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else str(value)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32


@contextmanager
def serving(athena: LocalAthena) -> Iterator[str]:
    """The endpoint's address, on loopback."""
    handler = type("Requests", (_Requests,), {"athena": athena})
    with _Server(("127.0.0.1", 0), handler) as server, closing(athena):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
