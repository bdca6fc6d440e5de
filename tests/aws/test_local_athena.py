"""The local Athena: what it reads, what it writes, and how it refuses, as its clients see it."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from adapters.athena_reader import AthenaReader
from adapters.query_engine import AthenaQueryEngine
from playledger.errors import Misconfigured, StoreUnavailable, WorldChanged
from tests.support.ledger_in_s3 import BUCKET, DATABASE, REGION, RESULTS, WORKGROUP, LedgerInS3, ledger_in_s3
from tests.support.local_athena_tables import PARQUET_SERDE, Unsupported, duckdb_type

pytestmark = [
    pytest.mark.aws,
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),  # awswrangler's, with pandas 3
]

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
EVERY_DAY = {
    "projection.enabled": "true",
    "projection.dt.type": "date",
    "projection.dt.format": "yyyy-MM-dd",
    "projection.dt.range": "2026-01-01,NOW+1DAYS",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[LedgerInS3]:
    with ledger_in_s3(NOW) as made:
        yield made


@pytest.fixture
def ledger(shared: LedgerInS3) -> LedgerInS3:
    shared.empty()
    shared.athena.slow = 0
    return shared


@pytest.fixture
def client(ledger: LedgerInS3) -> Iterator[Any]:
    """A client that does not try again."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    made = ledger.session.create_client("athena", region_name=REGION, endpoint_url=ledger.url, config=config)
    yield made
    made.close()


def put(ledger: LedgerInS3, key: str, *rows: dict[str, Any]) -> int:
    """An object of these rows; returns its size."""
    body = "".join(json.dumps(row) + "\n" for row in rows).encode()
    packed = gzip.compress(body) if key.endswith(".gz") else body
    ledger.s3.put_object(Bucket=BUCKET, Key=key, Body=packed)
    return len(packed)


def make_table(ledger: LedgerInS3, name: str, columns: dict[str, str], partition: str = "", **how: Any) -> None:
    """A table of its own beside the ledger's."""
    described = [{"Name": column, "Type": kind} for column, kind in columns.items()]
    told = {
        "Name": name,
        "Parameters": how.get("parameters", {}),
        "PartitionKeys": [{"Name": partition, "Type": "string"}] if partition else [],
        "StorageDescriptor": {
            "Columns": described,
            "Location": f"s3://{BUCKET}/{name}/",
            "SerdeInfo": {"SerializationLibrary": how.get("serde", "org.openx.data.jsonserde.JsonSerDe")},
        },
    }
    ledger.glue.create_table(DatabaseName=DATABASE, TableInput=told)


def start(client: Any, text: str, **how: Any) -> str:
    where = {"WorkGroup": WORKGROUP, "QueryExecutionContext": {"Database": DATABASE}}
    return str(client.start_query_execution(QueryString=text, **where | how)["QueryExecutionId"])


def ended(client: Any, text: str, **how: Any) -> dict[str, Any]:
    """The query's execution, once it has ended."""
    told: dict[str, Any] = client.get_query_execution(QueryExecutionId=start(client, text, **how))["QueryExecution"]
    return told


def opened(ledger: LedgerInS3) -> dict[str, int]:
    """What the last query read."""
    return dict(list(ledger.athena.executions.values())[-1].opened)


# ---- what it reads ----------------------------------------------------------------------------------------------


def test_only_the_partitions_asked_for_are_read_and_counted(ledger: LedgerInS3) -> None:
    sizes = {f"tables/plays/dt=2026-03-{day:02d}/plays.jsonl.gz": 0 for day in range(1, 31)}
    for day, key in enumerate(sizes, 1):
        sizes[key] = put(ledger, key, {"play_key": "k" * day})
    engine = ledger.through_reader()
    assert engine.ask("select count(*) as n from plays where dt >= '2026-03-05' and dt < '2026-03-08'").rows == ((3,),)
    asked = {key: size for key, size in sizes.items() if "2026-03-05" <= key[16:26] < "2026-03-08"}
    assert opened(ledger) == asked
    assert engine.ask("select max(play_key) as k from plays").rows == (("k" * 30,),)
    assert opened(ledger) == sizes


def test_hidden_keys_empty_objects_and_what_no_projection_makes_are_not_there(ledger: LedgerInS3) -> None:
    for name in ("dt=2026-03-01/_tmp.jsonl", "dt=2026-03-01/.plays.jsonl", "dt=2005-12-31/a.jsonl", "_dt/x.jsonl"):
        put(ledger, f"tables/plays/{name}", {"play_key": "hidden"})
    for name in ("dt=2026-06-17/a.jsonl", "dt=2026-3-2/a.jsonl", "dt=__HIVE/a.jsonl", "dt=2026-03-02/.tmp/a.jsonl"):
        put(ledger, f"tables/plays/{name}", {"play_key": "hidden"})
    ledger.s3.put_object(Bucket=BUCKET, Key="tables/plays/dt=2026-03-03/", Body=b"")
    put(ledger, "tables/plays/dt=2026-06-16/a.jsonl", {"play_key": "tomorrow"})
    put(ledger, "tables/plays/dt=2006-01-01/deeper/a.jsonl", {"play_key": "first"})
    found = ledger.through_reader().ask("select dt, play_key from plays order by dt").rows
    assert found == (("2006-01-01", "first"), ("2026-06-16", "tomorrow"))


def test_a_partition_lies_where_the_template_says(ledger: LedgerInS3) -> None:
    template = {"storage.location.template": f"s3://{BUCKET}/odd/of-${{dt}}-x/"}
    make_table(ledger, "odd", {"n": "bigint"}, "dt", parameters=EVERY_DAY | template)
    put(ledger, "odd/of-2026-01-02-x/a.jsonl", {"n": 1})
    put(ledger, "odd/of-2026-01-03-x/a.jsonl", {"n": 2})
    put(ledger, "odd/dt=2026-01-03/a.jsonl", {"n": 4})
    engine = ledger.through_reader()
    assert engine.ask("select dt, n from odd where dt = '2026-01-03'").rows == (("2026-01-03", 2),)
    assert list(opened(ledger)) == ["odd/of-2026-01-03-x/a.jsonl"]


def test_of_parquet_only_the_columns_asked_for_are_read(ledger: LedgerInS3, tmp_path: Path) -> None:
    months = {
        "projection.enabled": "true",
        "projection.month.type": "date",
        "projection.month.format": "yyyy-MM",
        "projection.month.range": "2026-01,NOW+1MONTHS",
    }
    columns = {"n": "bigint", "name": "string"}
    make_table(ledger, "months", columns, "month", serde=PARQUET_SERDE, parameters=months)
    path = tmp_path / "m.parquet"
    rows = "select range as n, sha256(cast(range as varchar)) as name from range(20000)"
    duckdb.connect().execute(f"copy ({rows}) to '{path}' (format parquet)")
    for month in ("2025-12", "2026-02", "2026-03"):
        ledger.s3.put_object(Bucket=BUCKET, Key=f"months/month={month}/m.parquet", Body=path.read_bytes())
    engine, size = ledger.through_reader(), path.stat().st_size
    assert engine.ask("select cast(sum(n) as bigint) as n from months").rows == ((2 * 199_990_000,),)
    both = opened(ledger)
    assert engine.ask("select count(distinct name) as n from months where month = '2026-03'").rows == ((20_000,),)
    names = opened(ledger)
    assert list(both) == ["months/month=2026-02/m.parquet", "months/month=2026-03/m.parquet"]
    assert list(names) == ["months/month=2026-03/m.parquet"]
    assert 0 < max(both.values()) < size / 3 < min(names.values()) < size


def test_the_serde_takes_no_other_spelling_of_a_moment(ledger: LedgerInS3) -> None:
    put(ledger, "tables/plays/dt=2026-03-01/a.jsonl", {"played_at": "2026-03-01T01:02:03.004Z"})
    with pytest.raises(WorldChanged, match="HIVE_BAD_DATA"):
        ledger.through_reader().ask("select played_at from plays")


def test_an_object_that_is_no_gzip_fails_the_query(ledger: LedgerInS3) -> None:
    ledger.s3.put_object(Bucket=BUCKET, Key="tables/plays/dt=2026-03-01/a.jsonl.gz", Body=b"no gzip at all")
    with pytest.raises(WorldChanged, match="HIVE_"):
        ledger.through_reader().ask("select play_key from plays")


@pytest.mark.parametrize(
    ("glue", "duck"),
    [
        ("array<string>", "VARCHAR[]"),
        ("struct<type:string,ids:array<bigint>>", 'STRUCT("type" VARCHAR, "ids" BIGINT[])'),
        (
            "array<struct<a:struct<b:string,c:date>,d:double>>",
            'STRUCT("a" STRUCT("b" VARCHAR, "c" DATE), "d" DOUBLE)[]',
        ),
    ],
)
def test_nested_types_are_read(glue: str, duck: str) -> None:
    assert duckdb_type(glue) == duck


def test_a_type_that_is_not_imitated_is_named() -> None:
    with pytest.raises(Unsupported, match="map<string,string>"):
        duckdb_type("map<string,string>")


# ---- what it writes ---------------------------------------------------------------------------------------------

ROWS = """select a, b, cast(c as date) as c, cast(d as timestamp) as d, e, a = 1 as f from (values
    (1, 'x "y", z', '2026-01-02', '2026-01-02 03:04:05.678', 1.5E0), (cast(null as integer), '', null, null, null)
    ) as t (a, b, c, d, e) order by a"""


def test_a_result_is_an_object_in_which_null_is_nothing_and_all_else_in_quotes(ledger: LedgerInS3, client: Any) -> None:
    told = ended(client, ROWS)
    key = told["ResultConfiguration"]["OutputLocation"].removeprefix(f"s3://{BUCKET}/")
    assert key == f"{RESULTS}{told['QueryExecutionId']}.csv"
    body = ledger.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    assert body.splitlines() == [
        '"a","b","c","d","e","f"',
        '"1","x ""y"", z","2026-01-02","2026-01-02 03:04:05.678","1.5","true"',
        ',"",,,,',
    ]
    assert ledger.s3.head_object(Bucket=BUCKET, Key=f"{key}.metadata")["ContentLength"] > 0
    assert (told["StatementType"], told["WorkGroup"]) == ("DML", WORKGROUP)


def test_both_readers_give_its_values_their_types(ledger: LedgerInS3) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678000)  # noqa: DTZ001  TIMESTAMP is naive UTC
    whole = (1, 'x "y", z', date(2026, 1, 2), moment, 1.5, True)
    assert ledger.through_reader().ask(ROWS).rows == (whole, (None, "", None, None, None, None))
    # awswrangler cannot tell an empty text from null: no answer of ours may need the difference
    assert ledger.through_wrangler().ask(ROWS).rows == (whole, (None,) * 6)


def test_rows_come_in_pages_behind_one_header(ledger: LedgerInS3, client: Any) -> None:
    text = "select range as n from range(2500)"
    pages = list(
        client.get_paginator("get_query_results").paginate(QueryExecutionId=ended(client, text)["QueryExecutionId"])
    )
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [1000, 1000, 501]
    assert pages[0]["ResultSet"]["Rows"][0] == {"Data": [{"VarCharValue": "n"}]}
    assert [row for (row,) in ledger.through_reader().ask(text).rows] == list(range(2500))


def test_nested_values_are_printed_as_trino_prints_them(client: Any) -> None:
    name = ended(client, "select [1, null] as l, {'type': 'album', 'id': 'x'} as s")["QueryExecutionId"]
    found = client.get_query_results(QueryExecutionId=name)["ResultSet"]
    assert found["Rows"][1]["Data"] == [{"VarCharValue": "[1, null]"}, {"VarCharValue": "{type=album, id=x}"}]
    assert [column["Type"] for column in found["ResultSetMetadata"]["ColumnInfo"]] == ["array", "row"]


def test_a_query_can_be_explained_without_reading_anything(ledger: LedgerInS3) -> None:
    put(ledger, "tables/plays/dt=2026-03-01/a.jsonl", {"play_key": "k"})
    answer = ledger.through_reader().ask("explain select play_key from plays where dt = '2026-03-01'")
    assert answer.columns == ("Query Plan",)
    assert "play_key" in answer.rows[0][0]
    assert opened(ledger) == {}


# ---- how it refuses ---------------------------------------------------------------------------------------------


def refused(call: Any, **given: Any) -> tuple[str, str]:
    """Code and words of a refusal."""
    with pytest.raises(ClientError) as told:
        call(**given)
    return told.value.response["Error"]["Code"], told.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "text", ["selec 1", "", "select 1; select 2", "drop table plays", "select '" + "x" * 262_144 + "'"]
)
def test_what_is_no_query_does_not_start(ledger: LedgerInS3, client: Any, text: str) -> None:
    code, _ = refused(client.start_query_execution, QueryString=text or " ", WorkGroup=WORKGROUP)
    assert code == "InvalidRequestException"
    assert ledger.athena.executions == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select nothing_such from plays", "COLUMN_NOT_FOUND: line 1:1: Column 'nothing_such'"),
        ("select p.nothing_such from plays p", "COLUMN_NOT_FOUND: line 1:1: Column 'nothing_such'"),
        ("select 1 from nowhere", "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.nowhere'"),
        ("select no_function(1)", "FUNCTION_NOT_FOUND: line 1:1: Function 'no_function'"),
        ("select range, sum(range) as n from range(3)", "SYNTAX_ERROR: "),
        ("select cast('x' || range as bigint) as n from range(3)", "INVALID_CAST_ARGUMENT: "),
    ],
)
def test_a_query_that_is_wrong_fails_in_athenas_words(ledger: LedgerInS3, client: Any, text: str, words: str) -> None:
    status = ended(client, text)["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(words)
    assert (status["AthenaError"]["ErrorCategory"], status["AthenaError"]["Retryable"]) == (2, False)
    for engine in (ledger.through_reader(), ledger.through_wrangler()):
        with pytest.raises(WorldChanged, match=words.split(":")[0]):
            engine.ask(text)


def test_what_is_not_known_is_said_to_be_so(client: Any) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    assert refused(client.get_work_group, WorkGroup="nobody")[1] == "WorkGroup nobody is not found."
    assert (
        refused(client.start_query_execution, QueryString="select 1", WorkGroup="nobody")[0]
        == "InvalidRequestException"
    )
    assert refused(client.get_query_execution, QueryExecutionId=nobody)[0] == "InvalidRequestException"
    assert refused(client.get_query_results, QueryExecutionId=nobody)[0] == "InvalidRequestException"
    assert refused(
        client.get_query_results, QueryExecutionId=ended(client, "select 1")["QueryExecutionId"], MaxResults=1001
    )


def test_a_query_over_its_workgroups_limit_is_given_up(ledger: LedgerInS3, client: Any) -> None:
    sizes = [put(ledger, f"tables/plays/dt=2026-03-0{day}/a.jsonl", {"play_key": "k" * 100}) for day in (1, 2)]
    configuration = {
        "BytesScannedCutoffPerQuery": 10_000_000,
        "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/{RESULTS}"},
    }
    ledger.workgroups.create_work_group(Name="small", Configuration=configuration)
    for limit, state in ((sum(sizes), "SUCCEEDED"), (sum(sizes) - 1, "CANCELLED")):
        name = start(client, "select play_key from plays", WorkGroup="small")
        ledger.athena.executions[name].limit = limit  # Athena takes none below 10 MB
        status = client.get_query_execution(QueryExecutionId=name)["QueryExecution"]["Status"]
        assert status["State"] == state
    assert status["StateChangeReason"] == "Bytes scanned limit was exceeded"


def test_both_engines_say_what_to_do_about_the_limit(ledger: LedgerInS3, monkeypatch: pytest.MonkeyPatch) -> None:
    put(ledger, "tables/plays/dt=2026-03-01/a.jsonl", {"play_key": "k"})
    started = ledger.athena._started
    monkeypatch.setattr(ledger.athena, "_started", lambda given: limited(started(given)))
    for engine in (ledger.through_reader(), ledger.through_wrangler()):
        with pytest.raises(Misconfigured, match="raise athena_scan_cutoff_bytes"):
            engine.ask("select play_key from plays")


def limited(execution: Any) -> Any:
    execution.limit = 1
    return execution


def test_a_query_can_be_stopped(ledger: LedgerInS3, client: Any) -> None:
    ledger.athena.slow = 2
    name = start(client, "select 1 as one")
    states = [client.get_query_execution(QueryExecutionId=name)["QueryExecution"]["Status"]["State"] for _ in range(2)]
    assert refused(client.get_query_results, QueryExecutionId=name)[0] == "InvalidRequestException"
    client.stop_query_execution(QueryExecutionId=name)
    [told] = client.batch_get_query_execution(QueryExecutionIds=[name])["QueryExecutions"]
    assert (states, told["Status"]["State"]) == (["RUNNING", "RUNNING"], "CANCELLED")
    assert client.list_query_executions(WorkGroup=WORKGROUP)["QueryExecutionIds"] == [name]


def test_a_query_that_takes_long_is_waited_for(ledger: LedgerInS3) -> None:
    ledger.athena.slow, waits = 3, []
    assert ledger.through_reader(pause=waits.append).ask("select 1 as one").rows == ((1,),)
    assert waits == [0.25, 0.5, 1.0]


def test_too_many_calls_are_refused_for_as_long_as_they_should(ledger: LedgerInS3, client: Any) -> None:
    ledger.athena.throttle("StartQueryExecution", 1)
    engine = AthenaQueryEngine(AthenaReader(client), database=DATABASE, workgroup=WORKGROUP)
    with pytest.raises(StoreUnavailable, match="TooManyRequestsException"):
        engine.ask("select 1 as one")
    assert engine.ask("select 1 as one").rows == ((1,),)


def test_a_start_that_is_repeated_starts_nothing_new(ledger: LedgerInS3, client: Any) -> None:
    token = "the same thirty-two letters or more"
    names = {start(client, "select 1", ClientRequestToken=token) for _ in range(2)}
    assert len(names) == len(ledger.athena.executions) == 1


def test_what_is_not_about_running_queries_the_other_aws_answers(client: Any) -> None:
    made = client.create_named_query(Name="n", Database=DATABASE, QueryString="select 1", WorkGroup=WORKGROUP)
    assert client.get_named_query(NamedQueryId=made["NamedQueryId"])["NamedQuery"]["QueryString"] == "select 1"
    assert made["NamedQueryId"] in client.list_named_queries(WorkGroup=WORKGROUP)["NamedQueryIds"]
    assert client.get_work_group(WorkGroup=WORKGROUP)["WorkGroup"]["Configuration"]["EnforceWorkGroupConfiguration"]
