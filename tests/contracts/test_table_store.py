"""What every store of derived tables promises: in a directory, in S3, and the simulation's in memory."""

import gc
import gzip
import io
import json
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from adapters import table_rollup
from adapters.table_format import DuckDbParquet, decode, encode
from adapters.table_store import DirectoryTableStore, S3TableStore
from glue_catalog.tables import TABLES, TableSpec, object_name
from playledger.errors import CorruptObject, StateConflict, StoreUnavailable
from playledger.models import Gap, GapClass, Instant, SettledDay, canonical_row, parse_instant
from playledger.ports import Stored, TableStore
from tests.support.memory import MemoryTableStore

pytestmark = pytest.mark.contract

DAYS = "settled_days"


class WideRow(BaseModel):
    """One column of each type."""

    name: str
    plays: int
    share: float | None
    heard: bool
    artists: tuple[str, ...]
    first_played_at: Instant
    last_played_at: Instant | None


SPECS = TABLES | {"wide": TableSpec("wide", "every type", WideRow, "month", "parquet")}
WIDE = [
    {
        "name": "Ö, \"x\"\n",
        "plays": 2**40,
        "share": 0.5,
        "heard": True,
        "artists": ["a", "b"],
        "first_played_at": "2026-05-31 23:59:59.999",
        "last_played_at": None,
    },
    {
        "name": "",
        "plays": 0,
        "share": None,
        "heard": False,
        "artists": [],
        "first_played_at": "1970-01-01 00:00:00.000",
        "last_played_at": "2026-06-01 00:00:00.001",
    },
]  # fmt: skip


VERSION = {
    "track_uri": "spotify:track:1",
    "track_id": "1",
    "name": 'Ö, "x"\n',
    "artist_name": None,
    "artist_id": None,
    "artists": ["a", "b"],
    "album": "",
    "album_id": None,
    "release_date": "1999",
    "isrc": None,
    "duration_ms": 2**40,
    "grade_rank": 1,
    "changed_at": "2026-05-31 23:59:59.999",
}
LATER = {"track_uri": "spotify:track:2", "artists": [], "changed_at": None}


def day(plays: int = 0) -> dict[str, Any]:
    """A row of `settled_days`."""
    return canonical_row(SettledDay(**dict.fromkeys(SettledDay.model_fields, 0) | {"entries": plays, "plays": plays}))


REAL = ["laptop", pytest.param("aws", marks=pytest.mark.aws)]


@pytest.fixture(params=REAL)
def real_stores(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], TableStore]:
    """Makes one more store that keeps bytes, over the same storage, which is empty at first."""
    if request.param == "aws":
        client = request.getfixturevalue("s3")
        return lambda: S3TableStore(client, "data", specs=SPECS)
    return lambda: DirectoryTableStore(tmp_path, SPECS)


@pytest.fixture(params=[*REAL, "memory"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], TableStore]:
    """The same, and the store in memory too."""
    if request.param == "aws":
        client = request.getfixturevalue("s3")
        return lambda: S3TableStore(client, "data", specs=SPECS)
    alone = MemoryTableStore() if request.param == "memory" else None
    return lambda: alone or DirectoryTableStore(tmp_path, SPECS)


@pytest.fixture
def store(stores: Callable[[], TableStore]) -> TableStore:
    """Each implementation, empty."""
    return stores()


# ---- every store ------------------------------------------------------------------------------------------------


def test_an_empty_store_lists_nothing_and_reads_no_rows(store: TableStore) -> None:
    assert dict(store.list(DAYS)) == {}
    assert dict(store.list("gaps")) == {}
    assert list(store.read(DAYS, "2026-05-31")) == []


def test_what_was_written_is_read_and_listed_with_its_digest_by_another_store(stores: Callable[[], TableStore]) -> None:
    digest = "v1:2026-05-30:2026-06-01:0123456789abcdef"
    stored = stores().write(DAYS, "2026-05-31", [day(1), day(2)], digest=digest, replaces=None)
    other = stores()
    assert stored.digest == digest
    assert dict(other.list(DAYS)) == {"2026-05-31": stored}
    assert list(other.read(DAYS, "2026-05-31")) == [day(1), day(2)]


def test_a_table_without_partitions_is_one_object(stores: Callable[[], TableStore]) -> None:
    moment = parse_instant("2026-05-31 10:00:00.000")
    gap = Gap(
        after=moment,
        before=moment,
        quiet_until=None,
        gap_class=GapClass.CERTAIN,
        lost_min=0,
        lost_max=3,
        lost_estimate=0.5,
        made_from="d",
    )
    stored = stores().write("gaps", "", [canonical_row(gap)], digest="d", replaces=None)
    assert dict(stores().list("gaps")) == {"": stored}
    assert Gap.model_validate(stores().read("gaps", "")[0]) == gap


@pytest.mark.parametrize("table", [DAYS, "track_versions"])
def test_rows_are_scanned_as_they_are_read_by_the_columns_that_are_wanted(store: Any, table: str) -> None:
    rows, partition = ([day(1), day(2)], "2026-05-01") if table == DAYS else ([VERSION, VERSION | LATER], "2026-05")
    store.write(table, partition, rows, digest="d", replaces=None)
    columns = list(rows[0])[::-2]
    read = [tuple(row[name] for name in columns) for row in store.read(table, partition)]
    assert list(store.scan(table, partition, columns)) == read == [tuple(row[name] for name in columns) for row in rows]
    assert list(store.scan(table, "2026-06" if table != DAYS else "2026-06-01", columns)) == []


def test_no_rows_are_something_else_than_no_object(store: TableStore) -> None:
    stored = store.write(DAYS, "2026-05-31", [], digest="d", replaces=None)
    assert dict(store.list(DAYS)) == {"2026-05-31": stored}
    assert list(store.read(DAYS, "2026-05-31")) == []


def test_a_table_lists_its_own_partitions_only(store: TableStore) -> None:
    days = ("2026-05-31", "2026-06-01")
    written = {partition: store.write(DAYS, partition, [day()], digest=partition, replaces=None) for partition in days}
    alone = store.write("gaps", "", [], digest="g", replaces=None)
    assert dict(store.list(DAYS)) == written
    assert dict(store.list("gaps")) == {"": alone}


def test_all_tables_are_listed_together_as_each_is_alone(stores: Callable[[], TableStore]) -> None:
    for partition in ("2026-06-01", "2026-05-31"):
        stores().write(DAYS, partition, [day()], digest=partition, replaces=None)
    stores().write("gaps", "", [], digest="g", replaces=None)
    listed = stores().list_all()
    assert set(TABLES) <= set(listed)
    assert {table: dict(found) for table, found in listed.items()} == {
        table: dict(stores().list(table)) for table in listed
    }
    assert list(listed[DAYS]) == ["2026-05-31", "2026-06-01"]
    assert list(listed["gaps"]) == [""]


def test_a_partition_is_replaced_by_whoever_read_what_it_holds(stores: Callable[[], TableStore]) -> None:
    first = stores().write(DAYS, "2026-05-31", [day(1)], digest="one", replaces=None)
    second = stores().write(DAYS, "2026-05-31", [day(2)], digest="two", replaces=first)
    assert second.etag != first.etag
    assert dict(stores().list(DAYS)) == {"2026-05-31": second}
    assert list(stores().read(DAYS, "2026-05-31")) == [day(2)]


def test_equal_rows_of_other_inputs_are_another_content(store: TableStore) -> None:
    first = store.write(DAYS, "2026-05-31", [day(1)], digest="one", replaces=None)
    second = store.write(DAYS, "2026-05-31", [day(1)], digest="two", replaces=first)
    assert second.etag != first.etag
    with pytest.raises(StateConflict):
        store.write(DAYS, "2026-05-31", [day(1)], digest="three", replaces=first)


def test_a_new_object_never_replaces_one_that_is_there(store: TableStore) -> None:
    stored = store.write(DAYS, "2026-05-31", [day(1)], digest="one", replaces=None)
    with pytest.raises(StateConflict):
        store.write(DAYS, "2026-05-31", [day(2)], digest="two", replaces=None)
    assert dict(store.list(DAYS)) == {"2026-05-31": stored}
    assert list(store.read(DAYS, "2026-05-31")) == [day(1)]


def test_what_is_gone_cannot_be_replaced(store: TableStore) -> None:
    with pytest.raises(StateConflict):
        store.write(DAYS, "2026-05-31", [day(1)], digest="one", replaces=Stored('"0"', "zero"))
    assert dict(store.list(DAYS)) == {}


def test_of_writers_who_read_the_same_one_wins(stores: Callable[[], TableStore]) -> None:
    before = stores().write(DAYS, "2026-05-31", [], digest="before", replaces=None)
    start = threading.Barrier(4)

    def write(number: int) -> bool:
        mine = stores()
        start.wait(timeout=10)
        try:
            mine.write(DAYS, "2026-05-31", [day(number)], digest=str(number), replaces=before)
        except StateConflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(write, range(4)))
    assert won.count(True) == 1
    assert stores().list(DAYS)["2026-05-31"].digest == str(won.index(True))


# ---- both real stores -------------------------------------------------------------------------------------------


def test_parquet_gives_back_every_type(real_stores: Callable[[], TableStore]) -> None:
    stored = real_stores().write("wide", "2026-05", WIDE, digest="d:1", replaces=None)
    assert dict(real_stores().list("wide")) == {"2026-05": stored}
    assert list(real_stores().read("wide", "2026-05")) == WIDE
    again = real_stores().write("wide", "2026-05", [], digest="d:2", replaces=stored)
    assert dict(real_stores().list("wide")) == {"2026-05": again}
    assert list(real_stores().read("wide", "2026-05")) == []


def test_parquet_is_packed_by_what_the_pandas_layer_can_read_and_write() -> None:
    import pyarrow.parquet as pq

    packed = pq.ParquetFile(io.BytesIO(encode(SPECS["wide"], WIDE, "d").body)).metadata.row_group(0)
    assert {packed.column(index).compression for index in range(packed.num_columns)} <= {"GZIP", "SNAPPY"}


def test_a_row_with_other_columns_is_refused(real_stores: Callable[[], TableStore]) -> None:
    wrong = [day() | {"surprise": 1}, {"entries": 1}, {**day(), "plays": 1, "entires": 2}]
    for row in wrong:
        with pytest.raises(ValueError, match="columns"):
            real_stores().write(DAYS, "2026-05-31", [row], digest="d", replaces=None)


@pytest.mark.parametrize(("table", "partition"), [(DAYS, "../x"), (DAYS, ""), ("gaps", "2026-05"), (DAYS, "a/b")])
def test_a_partition_that_is_none_gets_no_path(
    real_stores: Callable[[], TableStore], table: str, partition: str
) -> None:
    with pytest.raises(ValueError, match="no partition"):
        real_stores().read(table, partition)


# ---- the objects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [DAYS, "wide"])
def test_the_same_rows_make_the_same_bytes_and_other_inputs_other_ones(table: str) -> None:
    rows = WIDE if table == "wide" else [day(1)]
    turned = [dict(reversed(row.items())) for row in rows]
    assert encode(SPECS[table], rows, "d").body == encode(SPECS[table], turned, "d").body
    assert encode(SPECS[table], rows, "d").body != encode(SPECS[table], rows, "e").body


def test_columns_stand_in_the_models_order_as_plain_gzipped_lines() -> None:
    body = encode(SPECS[DAYS], [dict(reversed(day(1).items()))], "d").body
    lines = gzip.decompress(body).decode().splitlines()
    assert list(json.loads(lines[0])) == list(SettledDay.model_fields)


def test_duckdb_reads_both_formats_with_their_types(tmp_path: Path) -> None:
    import duckdb

    store = DirectoryTableStore(tmp_path, SPECS)
    store.write(DAYS, "2026-05-31", [day(7)], digest="v1:a b/c", replaces=None)
    store.write(DAYS, "2026-06-01", [], digest="v1", replaces=None)
    store.write("wide", "2026-05", WIDE, digest="v1", replaces=None)
    with duckdb.connect() as engine:
        lines = engine.read_json(f"{tmp_path}/tables/{DAYS}/dt=*/*.jsonl.gz", columns={"plays": "BIGINT"}).project(
            "plays"
        )
        assert lines.fetchall() == [(7,)]
        columns = engine.read_parquet(f"{tmp_path}/tables/wide/month=2026-05/wide.parquet", hive_partitioning=False)
        types = ["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR[]", "TIMESTAMP", "TIMESTAMP"]
        assert [str(kind) for kind in columns.types] == types


@pytest.mark.parametrize("table", [DAYS, "wide"])
def test_a_damaged_object_is_named_as_such(table: str) -> None:
    body = encode(SPECS[table], WIDE if table == "wide" else [day(1)], "d").body
    for damaged in (body[:-9], b"", b"no object"):
        with pytest.raises(CorruptObject, match=table):
            list(decode(SPECS[table], damaged))


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda _: b"", lambda _: b"no object"])
def test_a_damaged_file_of_the_laptop_is_named_as_such(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    store = DirectoryTableStore(tmp_path, SPECS)
    store.write("wide", "2026-05", WIDE, digest="d", replaces=None)
    path = tmp_path / "tables" / object_name(SPECS["wide"], "2026-05")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptObject, match="wide"):
        store.read("wide", "2026-05")


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda _: b"", lambda _: b"no object"])
def test_a_damaged_part_of_a_rollup_is_named_as_such(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    store = DirectoryTableStore(tmp_path, SPECS)
    store.write(DAYS, "2026-05-31", [day(1)], digest="d", replaces=None)
    path = tmp_path / "tables" / object_name(SPECS[DAYS], "2026-05-31")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptObject, match="month_accounts cannot be made of settled_days"):
        store.roll_up("month_accounts", "2026-05", ["2026-05-31"], digest="d", replaces=None)


@pytest.mark.parametrize("slice_rows", [1, 3, 100_000])
def test_all_time_has_each_track_once_however_few_rows_are_grouped_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slice_rows: int
) -> None:
    monkeypatch.setattr(table_rollup, "SLICE_ROWS", slice_rows)
    heard = {"kind": "music", "is_done": True, "heard_seconds": None, "incognito": False, "ms": 5, "ms_estimated": 1}
    plain = dict.fromkeys(TABLES["month_tracks"].row.model_fields) | heard
    months = {
        f"2026-0{month}": [
            plain | {"track_uri": uri, "day": f"2026-0{month}-0{month}", "plays": month, "artist_name": f"Band {month}"}
            for uri in (f"new in {month}", "each month")
        ]
        for month in range(1, 5)
    }
    found = []
    for store in (MemoryTableStore(), DirectoryTableStore(tmp_path)):
        for month, rows in months.items():
            store.write("month_tracks", month, rows, digest="d", replaces=None)
        store.roll_up("all_time", "", list(months), digest="d", replaces=None)
        found.append(store.read("all_time", ""))
    assert found[0] == found[1]
    assert [row["track_uri"] for row in found[0]] == ["each month", *(f"new in {month}" for month in range(1, 5))]
    told = {name: found[0][0][name] for name in ("plays", "ms", "artist_name", "first_day", "last_day")}
    assert told == {"plays": 10, "ms": 20, "artist_name": "Band 4", "first_day": "2026-01-01", "last_day": "2026-04-04"}


def test_where_nothing_can_be_written_on_the_way_the_store_is_unavailable(tmp_path: Path) -> None:
    store = DirectoryTableStore(tmp_path, SPECS)
    store.write("wide", "2026-05", [], digest="d", replaces=None)
    shutil.rmtree(store._parquet.folder)
    with pytest.raises(StoreUnavailable):
        store.write("wide", "2026-06", WIDE, digest="d", replaces=None)
    with pytest.raises(StoreUnavailable):
        store.roll_up("month_accounts", "2026-05", [], digest="d", replaces=None)


def test_a_digest_that_fits_no_header_is_refused() -> None:
    for digest in ("a\x00b", "ö", "x" * 201):
        with pytest.raises(ValueError, match="gzip header"):
            encode(SPECS[DAYS], [], digest)


# ---- laptop -----------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_ours_is_listed_without_digest_and_can_be_replaced(tmp_path: Path) -> None:
    store = DirectoryTableStore(tmp_path, SPECS)
    for table, partition in ((DAYS, "2026-05-31"), ("wide", "2026-05")):
        path = tmp_path / "tables" / object_name(SPECS[table], partition)
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(b"{}"))
        found = store.list(table)[partition]
        assert found.digest == ""
        path.write_bytes(b"other")
        with pytest.raises(StateConflict):
            store.write(table, partition, [], digest="d", replaces=found)
        store.write(table, partition, [], digest="d", replaces=store.list(table)[partition])
        assert store.list(table)[partition].digest == "d"


def test_a_file_cut_off_with_the_power_is_listed_without_digest(tmp_path: Path) -> None:
    store = DirectoryTableStore(tmp_path, SPECS)
    store.write(DAYS, "2026-05-31", [], digest="d", replaces=None)
    path = tmp_path / "tables" / object_name(SPECS[DAYS], "2026-05-31")
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert store.list(DAYS)["2026-05-31"].digest == ""


def test_leftovers_of_a_killed_writer_are_passed_over_and_used_up(tmp_path: Path) -> None:
    store = DirectoryTableStore(tmp_path)
    leftover = tmp_path / "tables" / DAYS / "dt=2026-05-31" / ".tmp-settled_days.jsonl.gz"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    assert dict(store.list(DAYS)) == {}
    store.write(DAYS, "2026-05-31", [day(1)], digest="d", replaces=None)
    assert [path.name for path in leftover.parent.iterdir()] == ["settled_days.jsonl.gz"]


def test_a_folder_that_cannot_be_used_is_a_passing_fault_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("a file is in the way")
    with pytest.raises(StoreUnavailable, match="tables"):
        DirectoryTableStore(tmp_path).write(DAYS, "2026-05-31", [], digest="d", replaces=None)


def test_listing_reads_the_first_bytes_only(tmp_path: Path) -> None:
    store = DirectoryTableStore(tmp_path)
    stored = store.write(DAYS, "2026-05-31", [day(number) for number in range(500)], digest="d", replaces=None)
    path = tmp_path / "tables" / object_name(TABLES[DAYS], "2026-05-31")
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + bytes(len(whole) - 200))
    assert dict(store.list(DAYS)) == {"2026-05-31": stored}


def test_a_file_is_made_with_as_much_memory_as_it_takes(tmp_path: Path) -> None:
    import duckdb

    made = DuckDbParquet().copied("select array_agg(i) as numbers from range(6000000) as t (i)", Stored("e", "d"))
    (tmp_path / "made.parquet").write_bytes(made.body)
    with duckdb.connect() as engine:
        found = engine.read_parquet(f"{tmp_path}/made.parquet").project("len(numbers)").fetchall()
    assert (found, made.stamp) == ([(6_000_000,)], Stored("e", "d"))


def test_stores_leave_no_file_open(tmp_path: Path) -> None:
    store = DirectoryTableStore(tmp_path, SPECS)
    store.write("wide", "2026-05", WIDE, digest="d", replaces=None)
    store.write(DAYS, "2026-05-31", [day(1)], digest="d", replaces=None)
    assert store.list("wide")
    assert store.list(DAYS)
    gc.collect()


def noted(tmp_path: Path, days: int) -> dict[str, Stored]:
    """So many days of May, with their notes."""
    writer = DirectoryTableStore(tmp_path)
    names = [f"2026-05-{number:02d}" for number in range(1, days + 1)]
    stored = {name: writer.write(DAYS, name, [day()], digest=name, replaces=None) for name in names}
    assert dict(writer.list(DAYS)) == stored
    return stored


def file_of(tmp_path: Path, day_name: str) -> Path:
    return tmp_path / "tables" / DAYS / f"dt={day_name}" / f"{DAYS}.jsonl.gz"


def test_a_file_with_a_note_is_not_opened_again(tmp_path: Path) -> None:
    stored, file = noted(tmp_path, 6), file_of(tmp_path, "2026-05-02")
    about, size = file.stat(), file.stat().st_size
    file.write_bytes(b"x" * size)
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert dict(DirectoryTableStore(tmp_path).list(DAYS)) == stored
    file.touch()
    assert DirectoryTableStore(tmp_path).list(DAYS)["2026-05-02"].digest == ""


@pytest.mark.parametrize("table", [DAYS, "month_tracks"])
def test_a_file_that_goes_while_it_is_looked_at_is_not_there(tmp_path: Path, table: str) -> None:
    class Vanishing(DirectoryTableStore):
        def _told(self, spec: TableSpec, path: Path, size: int) -> Stored:
            path.unlink()
            return super()._told(spec, path, size)

    file = tmp_path / "tables" / object_name(TABLES[table], "2026-05")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"anything")
    assert dict(Vanishing(tmp_path).list(table)) == {}


def test_notes_may_lag_or_be_lost_or_lie_broken(tmp_path: Path) -> None:
    stored, notes = noted(tmp_path, 6), tmp_path / ".stamps" / f"{DAYS}.json"
    new = DirectoryTableStore(tmp_path).write(DAYS, "2026-05-01", [], digest="d2", replaces=stored["2026-05-01"])
    stored["2026-05-01"] = new
    assert dict(DirectoryTableStore(tmp_path).list(DAYS)) == stored
    for broken in (b"", b"{", b"[1]", b'{"2026-05-01": 7}', b'{"2026-05-01": [[1, 2, 3], ["a"]]}', b"\xff"):
        notes.write_bytes(broken)
        assert dict(DirectoryTableStore(tmp_path).list(DAYS)) == stored
    notes.unlink()
    file_of(tmp_path, "2026-05-01").unlink()
    del stored["2026-05-01"]
    assert dict(DirectoryTableStore(tmp_path).list(DAYS)) == stored


def test_notes_are_written_again_when_too_many_of_them_are_old(tmp_path: Path) -> None:
    stored, notes = noted(tmp_path, 6), tmp_path / ".stamps" / f"{DAYS}.json"
    was = []
    for number in range(1, 7):
        day_name, before = f"2026-05-0{number}", notes.read_bytes()
        DirectoryTableStore(tmp_path).write(DAYS, day_name, [], digest="new", replaces=stored[day_name])
        DirectoryTableStore(tmp_path).list(DAYS)
        was.append(notes.read_bytes() != before)
    assert was == [False, False, False, False, True, False]


def test_a_folder_in_which_no_note_can_be_left_is_listed_all_the_same(tmp_path: Path) -> None:
    stored = noted(tmp_path, 6)
    shutil.rmtree(tmp_path / ".stamps")
    (tmp_path / ".stamps").write_bytes(b"in the way")
    assert dict(DirectoryTableStore(tmp_path).list(DAYS)) == stored


# ---- AWS --------------------------------------------------------------------------------------------------------


class Counting:
    """An S3 client that counts the calls by operation."""

    def __init__(self, client: Any) -> None:
        self.calls: list[str] = []
        client.meta.events.register("before-call.s3.*", lambda model, **_: self.calls.append(model.name))

    def of(self, run: Callable[[], object]) -> dict[str, int]:
        """Calls made by `run`."""
        self.calls.clear()
        run()
        return {name: self.calls.count(name) for name in sorted(set(self.calls))}


def filled(client: Any, days: int) -> dict[str, Stored]:
    """So many days of May, with their manifest."""
    writer = S3TableStore(client, "data")
    stored = {
        f"2026-05-{number:02d}": writer.write(DAYS, f"2026-05-{number:02d}", [day()], digest=str(number), replaces=None)
        for number in range(1, days + 1)
    }
    assert dict(writer.list(DAYS)) == stored
    return stored


@pytest.mark.aws
def test_a_settled_store_is_listed_with_one_listing_and_one_manifest(s3: Any) -> None:
    writer = S3TableStore(s3, "data")
    for number in range(1, 6):
        writer.write(DAYS, f"2026-05-0{number}", [day(number)], digest=f"d{number}", replaces=None)
    count = Counting(s3)
    assert count.of(lambda: writer.list(DAYS)) == {"GetObject": 1, "ListObjectsV2": 1, "PutObject": 1}
    assert count.of(lambda: S3TableStore(s3, "data").list(DAYS)) == {"GetObject": 1, "ListObjectsV2": 1}


@pytest.mark.aws
def test_all_tables_are_listed_with_one_listing(s3: Any) -> None:
    filled(s3, 5)
    S3TableStore(s3, "data").write("gaps", "", [], digest="g", replaces=None)
    s3.put_object(Bucket="data", Key="tables/plays", Body=b"no partition")
    s3.put_object(Bucket="data", Key="tables/strange/dt=2026-05-01/strange.jsonl.gz", Body=b"no table")
    count = Counting(s3)
    assert count.of(S3TableStore(s3, "data").list_all) == {"GetObject": 1, "HeadObject": 1, "ListObjectsV2": 1}


@pytest.mark.aws
def test_the_manifest_may_lag_or_be_lost_or_lie_broken(s3: Any) -> None:
    manifest = "tables/_manifest/settled_days.json"
    stored = filled(s3, 6)
    assert s3.get_object(Bucket="data", Key=manifest)["Body"].read()
    new = S3TableStore(s3, "data").write(DAYS, "2026-05-01", [day(2)], digest="d2", replaces=stored["2026-05-01"])
    stored["2026-05-01"] = new
    assert dict(S3TableStore(s3, "data").list(DAYS)) == stored
    s3.delete_object(Bucket="data", Key=manifest)
    assert dict(S3TableStore(s3, "data").list(DAYS)) == stored
    for broken in (b"{", b"[1]", b'{"2026-05-01": 7}', b'{"2026-05-01": ["a", "b", "c"]}'):
        s3.put_object(Bucket="data", Key=manifest, Body=broken)
        assert dict(S3TableStore(s3, "data").list(DAYS)) == stored
    s3.delete_object(Bucket="data", Key="tables/settled_days/dt=2026-05-01/settled_days.jsonl.gz")
    del stored["2026-05-01"]
    assert dict(S3TableStore(s3, "data").list(DAYS)) == stored


@pytest.mark.aws
def test_only_what_is_new_since_the_manifest_is_asked_for(s3: Any) -> None:
    stored = filled(s3, 6)
    S3TableStore(s3, "data").write(DAYS, "2026-05-02", [], digest="new", replaces=stored["2026-05-02"])
    count = Counting(s3)
    reader = S3TableStore(s3, "data")
    assert count.of(lambda: reader.list(DAYS)) == {"GetObject": 1, "HeadObject": 1, "ListObjectsV2": 1}
    assert reader.list(DAYS)["2026-05-02"].digest == "new"


@pytest.mark.aws
def test_the_manifest_is_written_again_when_too_much_of_it_is_old(s3: Any) -> None:
    stored = filled(s3, 6)
    count, puts = Counting(s3), []
    for number in range(1, 7):
        day_name = f"2026-05-0{number}"
        S3TableStore(s3, "data").write(DAYS, day_name, [], digest="new", replaces=stored[day_name])
        calls = count.of(lambda: S3TableStore(s3, "data").list(DAYS))
        puts.append((calls["HeadObject"], calls.get("PutObject", 0)))
    assert puts == [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (1, 0)]


@pytest.mark.aws
def test_the_manifest_lies_outside_the_tables_own_prefix(s3: Any) -> None:
    store = S3TableStore(s3, "data", prefix="elsewhere/")
    for number in range(1, 6):
        store.write(DAYS, f"2026-05-0{number}", [], digest="d", replaces=None)
    store.list(DAYS)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="data")["Contents"]]
    days = [f"elsewhere/settled_days/dt=2026-05-0{number}/settled_days.jsonl.gz" for number in range(1, 6)]
    assert keys == ["elsewhere/_manifest/settled_days.json", *days]


@pytest.mark.aws
def test_a_store_that_does_not_answer_is_a_passing_fault(s3: Any) -> None:
    store = S3TableStore(s3, "no-such-bucket")
    with pytest.raises(StoreUnavailable):
        store.list(DAYS)
    with pytest.raises(StoreUnavailable):
        store.write(DAYS, "2026-05-01", [], digest="d", replaces=None)
