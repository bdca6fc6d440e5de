"""The role of the query engine: what holds for DuckDB over a directory and for Athena through awswrangler alike.

Athena's side is a plain function in awswrangler's place. It fills parameters in with awswrangler's own formatter, lets
DuckDB answer, and hands back a data frame with the column types awswrangler gives.
"""

import gzip
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from awswrangler._sql_formatter import _process_sql_params
from awswrangler.exceptions import QueryCancelled, QueryFailed
from botocore.exceptions import ClientError

import sql
from adapters.query_engine import POLLING_DELAY, AthenaQueryEngine, DuckDbQueryEngine
from glue_catalog.tables import TABLES, object_name
from playledger.errors import Misconfigured, StoreUnavailable, WorldChanged
from playledger.journal import encode
from playledger.models import Claim, Context, PlayEvent, parse_instant
from playledger.ports import QueryEngine

pytestmark = pytest.mark.contract

HEADER = "-- answers: a\n-- grain: b\n-- params: {}\n-- feeds: -\n-- version: 1\n"

PANDAS = {"BIGINT": "Int64", "INTEGER": "Int32", "HUGEINT": "Int64", "BOOLEAN": "boolean", "VARCHAR": "string"}


def question(text: str, params: str = "-") -> sql.Query:
    return sql.parse("test", HEADER.format(params) + text)


class LocalReader:
    """Stands where `awswrangler.athena.read_sql_query` stands."""

    def __init__(self, engine: DuckDbQueryEngine) -> None:
        self.engine = engine
        self.calls: list[dict[str, Any]] = []

    def __call__(self, text: str, params: dict[str, Any] | None = None, **how: Any) -> pd.DataFrame:
        self.calls.append(how)
        bound = _process_sql_params(text, params)
        try:
            answer = self.engine.ask(bound)
            described = self.engine.ask(f"describe {bound}").rows
        except WorldChanged as error:
            raise QueryFailed(str(error)) from error
        frame = pd.DataFrame(list(answer.rows), columns=list(answer.columns), dtype=object)
        for name, kind in ((row[0], str(row[1])) for row in described):
            frame[name] = frame[name].astype(PANDAS[kind]) if kind in PANDAS else frame[name]
            frame[name] = pd.to_datetime(frame[name]) if kind == "TIMESTAMP" else frame[name]
        return frame


def write(root: Path, table: str, partition: str, rows: list[dict[str, Any]]) -> Path:
    path = root / "tables" / object_name(TABLES[table], partition)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return path


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[DuckDbQueryEngine]:
    engine = DuckDbQueryEngine(tmp_path)
    yield engine
    engine.close()


@pytest.fixture(params=["duckdb", "athena"])
def engine(request: pytest.FixtureRequest, duck: DuckDbQueryEngine) -> QueryEngine:
    if request.param == "duckdb":
        return duck
    return AthenaQueryEngine(LocalReader(duck), database="ledger", workgroup="nightly", boto3_session=None)


# ---- both -------------------------------------------------------------------------------------------------------


def test_tables_without_a_file_are_empty_and_have_their_columns(engine: QueryEngine) -> None:
    for spec in TABLES.values():
        answer = engine.ask(f"select * from {spec.name}")  # noqa: S608
        partition = (spec.partition,) if spec.partition else ()
        assert (answer.columns, answer.rows) == ((*spec.row.model_fields, *partition), ())
    assert engine.rows(question("select kind, dt from journal")) == []


def test_files_are_seen_as_they_come_change_and_go(engine: QueryEngine, tmp_path: Path) -> None:
    count = question("select day, plays from day_tracks order by day, plays")
    assert engine.rows(count) == []
    first = write(tmp_path, "day_tracks", "2026-01-02", [{"plays": 1}])
    assert engine.rows(count) == [{"day": "2026-01-02", "plays": 1}]
    second = write(tmp_path, "day_tracks", "2026-01-03", [{"plays": 2}])
    write(tmp_path, "day_tracks", "2026-01-02", [{"plays": 5}])
    assert engine.rows(count) == [{"day": "2026-01-02", "plays": 5}, {"day": "2026-01-03", "plays": 2}]
    first.unlink()
    second.unlink()
    assert engine.rows(count) == []


def test_values_come_back_plain(engine: QueryEngine, tmp_path: Path) -> None:
    row = {"plays": 3, "incognito": True, "track_name": "Å", "first_played_at": "2026-01-02 03:04:05.678"}
    write(tmp_path, "day_tracks", "2026-01-02", [row, {"plays": None}])
    text = """select plays, incognito, track_name, first_played_at, cast(plays as double) / 2 as half,
        cast(day as date) as on_day, sum(plays) over () as huge from day_tracks order by plays nulls last"""
    found, missing = engine.rows(question(text))
    assert found == {
        "plays": 3,
        "incognito": True,
        "track_name": "Å",
        "first_played_at": datetime(2026, 1, 2, 3, 4, 5, 678000),  # noqa: DTZ001  TIMESTAMP is naive UTC
        "half": 1.5,
        "on_day": date(2026, 1, 2),
        "huge": 3,
    }
    assert [type(value) for value in found.values()] == [int, bool, str, datetime, float, date, int]
    assert (missing["plays"], missing["incognito"], missing["track_name"], missing["half"]) == (None,) * 4
    assert missing["first_played_at"] is None


def test_partition_values_are_text(engine: QueryEngine, tmp_path: Path) -> None:
    write(tmp_path, "plays", "2026-01-02", [{"play_key": "k"}])
    assert engine.rows(question("select dt || '!' as dt from plays")) == [{"dt": "2026-01-02!"}]


@pytest.mark.parametrize(
    "value", ["it's", "a;--", "spotify:track:p_x", "\\", "ü🎧", "", 0, -7, True, date(2026, 2, 28), None]
)
def test_parameters_arrive_as_given(engine: QueryEngine, value: object) -> None:
    assert engine.rows(question("select :p_value as v", "p_value"), p_value=value) == [{"v": value}]


def test_a_moment_arrives_to_the_millisecond(engine: QueryEngine) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678999)  # noqa: DTZ001
    cut = moment.replace(microsecond=678000)
    assert engine.rows(question("select :p_at as v", "p_at"), p_at=moment) == [{"v": cut}]


@pytest.mark.parametrize("given", [{}, {"p_to": 1, "p_from": 2}, {"p_from": 1}])
def test_other_parameters_than_the_questions_own_are_a_mistake(engine: QueryEngine, given: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="test takes"):
        engine.rows(question("select :p_to as a", "p_to"), **given)


@pytest.mark.parametrize("text", ["selec 1", "select * from nowhere", "select nothing_such from day_tracks", ""])
def test_a_text_the_engine_refuses_is_told_in_its_own_words(engine: QueryEngine, text: str) -> None:
    with pytest.raises(WorldChanged) as refused:
        engine.ask(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) > 20


def test_a_local_hour_and_day_come_from_the_zone(engine: QueryEngine) -> None:
    text = """select hour(local_at) as h, cast(cast(local_at as date) as varchar) as d from (
        select cast(timestamp '2026-03-29 01:30:00' as timestamp with time zone) at time zone :p_tz as local_at) as x"""
    query = question(text, "p_tz")
    assert engine.rows(query, p_tz="Europe/Stockholm") == [{"h": 3, "d": "2026-03-29"}]
    assert engine.rows(query, p_tz="Asia/Kathmandu") == [{"h": 7, "d": "2026-03-29"}]
    assert engine.rows(query, p_tz="America/New_York") == [{"h": 21, "d": "2026-03-28"}]


# ---- DuckDB -----------------------------------------------------------------------------------------------------


def test_the_journal_is_a_table_whatever_kinds_of_entry_are_in_it(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    at = parse_instant("2026-01-02T03:04:05.678Z")
    play = PlayEvent(
        event_id="e",
        key="k",
        played_at=at,
        track_id="t",
        track_uri="spotify:track:t",
        artist_names=("A", "B"),
        context=Context(type="album", uri="spotify:album:x"),
        ingested_at=at,
    )
    batch = encode([play, Claim(lo=at, hi=at, n=1, limit=50, server_now=at)], at.date())
    path = tmp_path / batch.key
    path.parent.mkdir(parents=True)
    path.write_bytes(batch.body)
    (path.parent / ".tmp-123.jsonl.gz").write_bytes(b"half a file")
    answer = duck.ask('select kind, artist_names, context.type, n, "limit", played_at, dt from journal order by kind')
    assert answer.rows == (
        ("claim", None, None, 1, 50, None, "2026-01-02"),
        ("play", '["A", "B"]', "album", None, None, at.replace(tzinfo=None), "2026-01-02"),
    )


def test_unfinished_files_are_passed_over(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    path = write(tmp_path, "day_tracks", "2026-01-02", [{"plays": 1}])
    path.with_name(".tmp-1").write_bytes(b"half a file")
    (tmp_path / "tables/day_tracks/.tmp-day").mkdir()
    assert duck.ask("select plays from day_tracks").rows == ((1,),)


@pytest.mark.parametrize("name", ["it's", "[a]*?{0}", "ü 🎧"])
def test_a_home_with_an_odd_name_is_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "day_tracks", "2026-01-02", [{"plays": 1}])
    write(tmp_path / name, "gaps", "", [{"lost_min": 2}])
    engine = DuckDbQueryEngine(tmp_path / name)
    assert engine.ask("select plays, lost_min from day_tracks cross join gaps").rows == ((1, 2),)
    engine.close()


def test_a_home_given_relative_is_read(tmp_path: Path) -> None:
    relative = Path(os.path.relpath(tmp_path))
    write(relative, "gaps", "", [{"lost_min": 2}])
    engine = DuckDbQueryEngine(relative)
    assert engine.ask("select lost_min from gaps").rows == ((2,),)
    engine.close()


READS = [
    "select 1",
    "with a as (select 1) select * from a;",
    "describe plays",
    "show tables",
    "from gaps",
    "values (1)",
]


@pytest.mark.parametrize("text", READS)
def test_one_reading_statement_is_answered(duck: DuckDbQueryEngine, text: str) -> None:
    assert duck.ask(text).columns


NOT_READS = [
    "select 1; select 2",
    "create table x as select 1",
    "create or replace view plays as select 1",
    "drop view plays",
    "copy (select 1) to '{root}/tables/x.csv'",
    "attach '{root}/x.db'",
    "install httpfs",
    "load httpfs",
    "set memory_limit = '10GB'",
    "reset enable_external_access",
    "pragma database_list",
    "call pragma_version()",
    "explain analyze create table x as select 1",
    "insert into gaps select * from gaps",
    "-- nothing",
]

OTHER_FILES = [
    "select * from read_text('/etc/hostname')",
    "select * from read_csv('{root}/token.json')",
    "select * from '{root}/token.json'",
    "select * from read_text('{root}/tables/../token.json')",
    "select * from glob('{root}/*')",
    "select * from read_json('https://example.com/x.json')",
    "with x as (insert into gaps select * from gaps returning 1) select * from x",
    'with x as (insert into "kept plays" select * from plays returning 1) select * from x',
    "select * from secrets",
]


@pytest.mark.parametrize("text", NOT_READS)
def test_anything_but_one_reading_statement_is_refused(duck: DuckDbQueryEngine, tmp_path: Path, text: str) -> None:
    with pytest.raises(WorldChanged, match="must be a SELECT"):
        duck.ask(text.format(root=tmp_path))
    assert duck.ask("select count(*) from plays").rows == ((0,),)


@pytest.mark.parametrize("text", OTHER_FILES)
def test_no_file_beside_tables_and_journal_can_be_read(duck: DuckDbQueryEngine, tmp_path: Path, text: str) -> None:
    (tmp_path / "token.json").write_text('{"refresh_token": "secret"}')
    secrets = [{"refresh_token": "secret"}]  # noqa: F841  DuckDB must not find it by name
    with pytest.raises(WorldChanged):
        duck.ask(text.format(root=tmp_path))


def test_values_without_a_plain_form_come_as_text(duck: DuckDbQueryEngine) -> None:
    text = "select timestamptz '2026-01-02 03:04:05+00' as at, 1 as n, 1 as n, [1, 2] as l, {'a': 'ü'} as s, 2.0 as d"
    answer = duck.ask(f"{text} -- and a comment")
    assert answer.columns == ("at", "n", "n", "l", "s", "d")
    assert answer.rows == (("2026-01-02 03:04:05+00", 1, 1, "[1, 2]", '{"a": "ü"}', 2),)


def test_rows_keep_their_order_where_a_moment_has_a_zone(duck: DuckDbQueryEngine) -> None:
    text = """select cast(range as timestamp with time zone) as at, hour(range) as h
        from range(timestamp '2026-01-01', timestamp '2026-01-03', interval 1 hour) order by 2 desc, 1"""
    hours = [row[1] for row in duck.ask(text).rows]
    assert hours == sorted(hours, reverse=True)


def test_a_damaged_file_is_named(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    write(tmp_path, "day_tracks", "2026-01-02", [{"plays": 1}]).write_bytes(b"no gzip at all")
    with pytest.raises(WorldChanged, match=r"day=2026-01-02/day_tracks\.jsonl\.gz"):
        duck.ask("select plays from day_tracks")


def scanned(engine: DuckDbQueryEngine, text: str) -> str:
    found = engine._connection.execute(f"explain analyze {text}").fetchall()
    line = next(line for line in str(found[0][1]).splitlines() if "Scanning Files" in line)
    return line.split("Scanning Files:")[1].strip(" │")


def test_a_literal_bound_on_the_partition_opens_only_these_files(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    for day in range(1, 21):
        write(tmp_path, "day_tracks", f"2026-01-{day:02d}", [{"plays": day}])
    duck.ask("select 1 from day_tracks")
    assert scanned(duck, "select sum(plays) from day_tracks where day >= '2026-01-04' and day < '2026-01-07'") == "3/20"


def kept(engine: DuckDbQueryEngine) -> set[str]:
    found = engine._connection.execute("select table_name from duckdb_tables()").fetchall()
    return {name.removeprefix("kept ") for (name,) in found}


def test_a_table_read_in_full_twice_is_kept_until_a_file_changes(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    text = "select cast(sum(plays) as bigint) from day_tracks"
    first = write(tmp_path, "day_tracks", "2026-01-02", [{"plays": 1}])
    answers, memory = [], []
    for change in (
        lambda: None,
        lambda: None,
        lambda: None,
        lambda: write(tmp_path, "day_tracks", "2026-01-03", [{"plays": 10}]),
        lambda: None,
        lambda: write(tmp_path, "day_tracks", "2026-01-03", [{"plays": 20}]),
        lambda: None,
        first.unlink,
        lambda: None,
    ):
        change()
        answers.append(duck.ask(text).rows[0][0])
        memory.append(kept(duck) == {"day_tracks"})
    assert answers == [1, 1, 1, 11, 11, 21, 21, 20, 20]
    assert memory == [False, True, True, False, True, False, True, False, True]


def test_a_kept_table_is_fresh_however_it_is_named(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    for day in (2, 3, 4):
        write(tmp_path, "day_tracks", f"2026-01-0{day}", [{"plays": day}])
        duck.ask("select plays from day_tracks")
        duck.ask("select plays from day_tracks")
        assert kept(duck) == {"day_tracks"}
        write(tmp_path, "day_tracks", "2026-01-01", [{"plays": 100 * day}])
        text = "select max(t.plays) from (values (1)) as v, day_tracks as t"
        assert duck.ask(text).rows == ((100 * day,),)


def test_a_table_of_one_file_is_kept_from_the_first_time_on_until_the_file_changes(
    duck: DuckDbQueryEngine, tmp_path: Path
) -> None:
    for lost in (1, 2):
        write(tmp_path, "gaps", "", [{"lost_min": lost}])
        assert duck.ask("select lost_min from gaps").rows == ((lost,),)
        assert kept(duck) == {"gaps"}
    (tmp_path / "tables" / "gaps" / "gaps.jsonl.gz").unlink()
    assert duck.ask("select lost_min from gaps").rows == ()


def asking(text: str) -> sql.Query:
    """A question of the project's own with this text."""
    return sql.parse("own", f"-- answers: a\n-- grain: one row\n-- params: -\n-- feeds: -\n-- version: 1\n{text}")


BOUND = "select plays from day_tracks where day >= '2026-01-03'"
THIRD = f"{BOUND} and day < '2026-01-04'"
ASKED = [
    (f"{BOUND} and day < '2026-01-05'", [3, 4], [4, 30]),
    (f"{BOUND} and day in ('2026-01-04', '2026-01-09', '2025-01-01')", [4, 9], [4, 9]),
    (f"{BOUND} and plays > 0", [3, 4, 5, 6, 7, 8, 9], [4, 5, 6, 7, 8, 9, 10, 30]),
    (f"{BOUND} and day < '2026-01-03'", [], []),
    (f"{THIRD} union all {BOUND} and day in ('2026-01-10')", [3], [10, 30]),
    (f"{THIRD} union all select plays from day_tracks as t where plays < 3", [1, 2, 3], [1, 2, 30]),  # noqa: S608
    (f"select plays from ({BOUND} and day < '2026-01-05') as t where plays > 3", [4], [4, 30]),  # noqa: S608
]
"""A text, the plays it is answered with, and those after the file of the third changed and the tenth came."""


@pytest.mark.parametrize(("text", "plays", "later"), ASKED)
def test_a_question_of_ours_sees_all_that_it_asks_for_whatever_was_asked_before(
    duck: DuckDbQueryEngine, tmp_path: Path, text: str, plays: list[int], later: list[int]
) -> None:
    for day in range(1, 10):
        write(tmp_path, "day_tracks", f"2026-01-{day:02d}", [{"plays": day}])
    for before in (THIRD, text, f"{BOUND} and day in ('2026-01-06')"):
        duck.rows(asking(before))
        assert sorted(row["plays"] for row in duck.rows(asking(text))) == plays
    write(tmp_path, "day_tracks", "2026-01-03", [{"plays": 30}])
    write(tmp_path, "day_tracks", "2026-01-10", [{"plays": 10}])
    (tmp_path / "tables" / "day_tracks" / "day=2026-01-11").mkdir()
    assert sorted(row["plays"] for row in duck.rows(asking(text))) == later


def test_a_question_of_ours_opens_only_the_files_that_it_asks_for(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    for day in range(1, 10):
        write(tmp_path, "day_tracks", f"2026-01-{day:02d}", [{"plays": day}])
    duck.rows(asking(f"{BOUND} and day < '2026-01-05'"))
    [(view,)] = duck._connection.execute("select sql from duckdb_views() where view_name = 'day_tracks'").fetchall()
    assert re.findall(r"day=([^/]*)/", view) == ["2026-01-03", "2026-01-04"]


def test_what_needs_more_memory_gets_it_and_the_next_question_begins_again_with_little(tmp_path: Path) -> None:
    engine = DuckDbQueryEngine(tmp_path)
    little = duckdb_setting(engine, "memory_limit")
    assert engine.ask("select len(array_agg(i)) from range(6000000) as t (i)").rows == ((6_000_000,),)
    assert duckdb_setting(engine, "memory_limit") == little == "61.0 MiB"
    engine.close()


def test_what_is_bounded_or_the_journal_is_not_kept(duck: DuckDbQueryEngine, tmp_path: Path) -> None:
    write(tmp_path, "plays", "2026-01-02", [{"play_key": "k"}])
    write(tmp_path, "day_quarters", "2026-01-02", [{"plays": 1}])
    for _ in range(3):
        duck.ask("select play_key from plays where dt >= '2026-01-01'")
        duck.ask("select plays from day_quarters where day = '2026-01-02'")
        duck.ask("select count(*) from journal")
    assert kept(duck) == set()


def test_what_is_larger_than_allowed_is_not_kept(tmp_path: Path) -> None:
    size = write(tmp_path, "day_tracks", "2026-01-02", [{"plays": 1}]).stat().st_size
    for keep_bytes, wanted in ((size, {"day_tracks"}), (size - 1, set())):
        engine = DuckDbQueryEngine(tmp_path, keep_bytes=keep_bytes)
        assert [engine.ask("select plays from day_tracks").rows for _ in range(3)] == [((1,),)] * 3
        assert kept(engine) == wanted
        engine.close()


def test_the_folder_for_what_does_not_fit_in_memory_goes_with_the_session(tmp_path: Path) -> None:
    engine = DuckDbQueryEngine(tmp_path)
    folder = Path(engine._temporary.name)
    assert duckdb_setting(engine, "temp_directory") == str(folder)
    engine.close()
    assert not folder.exists()


def duckdb_setting(engine: DuckDbQueryEngine, name: str) -> str:
    return str(engine.ask(f"select current_setting('{name}')").rows[0][0])


def test_the_session_is_closed_to_the_world(duck: DuckDbQueryEngine) -> None:
    closed = ("autoinstall_known_extensions", "autoload_known_extensions", "enable_external_access")
    assert [duckdb_setting(duck, name) for name in closed] == ["False"] * 3
    assert duckdb_setting(duck, "TimeZone") == "UTC"
    assert duckdb_setting(duck, "lock_configuration") == "True"


# ---- Athena -----------------------------------------------------------------------------------------------------


def athena(read: Callable[..., Any]) -> AthenaQueryEngine:
    return AthenaQueryEngine(read, database="ledger", workgroup="nightly", boto3_session="session")


def test_athena_gets_the_text_of_the_file_and_how_to_run_it(duck: DuckDbQueryEngine) -> None:
    reader = LocalReader(duck)
    athena(reader).rows(question("select :p_a as a", "p_a"), p_a=1)
    assert reader.calls == [
        {
            "ctas_approach": False,
            "athena_query_wait_polling_delay": POLLING_DELAY,
            "database": "ledger",
            "workgroup": "nightly",
            "boto3_session": "session",
            "paramstyle": "named",
        }
    ]


@pytest.mark.parametrize(
    ("code", "error"), [("InvalidRequestException", WorldChanged), ("ThrottlingException", StoreUnavailable)]
)
def test_what_athena_answers_is_told_apart(code: str, error: type[Exception]) -> None:
    def read(_text: str, **_how: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "StartQueryExecution")

    with pytest.raises(error, match="Athena"):
        athena(read).ask("select 1")


@pytest.mark.parametrize(
    ("reason", "error"), [("Bytes scanned limit was exceeded", Misconfigured), ("Query cancelled", StoreUnavailable)]
)
def test_a_query_that_was_given_up_says_whether_to_try_again(reason: str, error: type[Exception]) -> None:
    def read(_text: str, **_how: Any) -> Any:
        raise QueryCancelled(reason)

    with pytest.raises(error, match="gave the question up"):
        athena(read).ask("select 1")


def test_no_engine_loads_what_the_other_one_needs() -> None:
    assert "duckdb" not in vars(sys.modules["adapters.query_engine"])
    assert "awswrangler" not in vars(sys.modules["adapters.query_engine"])
    assert duckdb.__name__ == "duckdb"
