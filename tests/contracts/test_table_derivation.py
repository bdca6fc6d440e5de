"""What SQL makes of tables comes out the same in every store: DuckDB on the laptop, SQLite in AWS and in memory."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from adapters import table_format
from adapters.table_format import DuckDbParquet
from adapters.table_store import DirectoryTableStore, S3TableStore
from glue_catalog.tables import TABLES, TableSpec, object_name
from playledger.errors import CorruptObject, StateConflict, StoreUnavailable
from playledger.models import Instant
from playledger.ports import LIST_SEPARATOR, Computed, Derivation, Given, Source, TableStore
from tests.support.memory import MemoryTableStore

pytestmark = pytest.mark.contract


class HeardRow(BaseModel):
    """What is read: one column of each kind."""

    name: str | None
    plays: int
    tags: tuple[str, ...]
    moment: Instant


class MadeRow(BaseModel):
    """What comes of it."""

    no: int
    name: str | None
    plays: int | None
    is_loud: bool
    more: str | None


SPECS = TABLES | {
    "heard": TableSpec("heard", "read", HeardRow, "month", "parquet"),
    "told": TableSpec("told", "read too", HeardRow, "month", "jsonl"),
    "made": TableSpec("made", "derived", MadeRow, "", "parquet"),
}
MORNING, NIGHT = "2026-05-01 06:00:00.000", "2026-05-01 22:00:00.001"
ROWS = {
    "2026-05": [
        {"name": "B", "plays": 2, "tags": ["x", "y", "x"], "moment": NIGHT},
        {"name": None, "plays": 1, "tags": [], "moment": MORNING},
    ],
    "2026-06": [{"name": "\u0130'\"\n", "plays": 2**40, "tags": ["z"], "moment": MORNING}],
}


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws), "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TableStore:
    """Each implementation, with something to read."""
    if request.param == "aws":
        return filled(S3TableStore(request.getfixturevalue("s3"), "data", specs=SPECS))
    return filled(MemoryTableStore(SPECS) if request.param == "memory" else DirectoryTableStore(tmp_path, SPECS))


def filled(store: Any) -> TableStore:
    for table in ("heard", "told"):
        for month, rows in ROWS.items():
            store.write(table, month, rows, digest="", replaces=None)
    return store  # type: ignore[no-any-return]


def reading(table: str = "heard", months: tuple[str, ...] = ("2026-05", "2026-06"), **more: Any) -> Derivation:
    """Rows as they are read, in their order."""
    columns = ("name", "plays", "tags", "moment")
    selected = "select row_no as no, name, plays, plays > 1 as is_loud, tags as more from source order by no"
    return replace(Derivation({"source": Source(table, months, columns)}, {}, (), selected), **more)


def derived(store: TableStore, derivation: Derivation) -> list[tuple[Any, ...]]:
    """Values of the rows that are made."""
    store.derive("made", "", derivation, digest="d", replaces=store.list("made").get(""))
    return [tuple(row.values()) for row in store.read("made", "")]


# ---- every store ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["heard", "told"])
def test_sources_are_read_with_lists_as_one_text_and_numbers_that_go_up(store: TableStore, table: str) -> None:
    found = derived(store, reading(table))
    numbers = [number for number, *_ in found]
    assert numbers == sorted(set(numbers))
    assert [values for _, *values in found] == [
        ["B", 2, True, f"x{LIST_SEPARATOR}y"],
        [None, 1, False, ""],
        ["\u0130'\"\n", 2**40, True, "z"],
    ]


def test_a_source_without_partitions_has_no_rows(store: TableStore) -> None:
    assert derived(store, reading(months=())) == []


def test_moments_sort_as_they_follow_each_other(store: TableStore) -> None:
    ordered = "select row_number() over (order by moment desc, plays) as no, name, plays, true as is_loud, null as more"
    found = derived(store, reading(selected=f"{ordered} from source order by no"))
    assert [plays for _, _, plays, *_ in found] == [2, 1, 2**40]


def test_what_is_given_can_be_asked_like_a_source(store: TableStore) -> None:
    rows = [(1, "a'b", None), (2, None, "\U0001f3b5"), (2**40, "", "x\n")]
    given = {"given": Given({"no": int, "name": str, "more": str}, rows)}
    selected = "select no, name, 0 as plays, false as is_loud, more from given order by no"
    found = derived(store, reading(given=given, selected=selected))
    assert [(no, name, more) for no, name, _, _, more in found] == rows


def test_nothing_given_is_a_table_without_rows(store: TableStore) -> None:
    given = {"given": Given({"name": str}, [])}
    counted = "select count(*) as no, max(name) as name, 0 as plays, false as is_loud, null as more from given"
    assert derived(store, reading(given=given, selected=counted)) == [(0, None, 0, False, None)]


def test_steps_make_tables_one_after_another(store: TableStore) -> None:
    steps = (
        "create table loud as select plays from source where plays > 1",
        "create table summed as select sum(plays) as plays from loud",
        "drop table loud",
    )
    selected = "select 1 as no, 'all' as name, plays, true as is_loud, null as more from summed"
    assert derived(store, reading(steps=steps, selected=selected)) == [(1, "all", 2**40 + 2, True, None)]


def test_what_a_function_computes_is_a_table_for_more_rows_than_are_read_at_a_time(store: TableStore) -> None:
    rows = [(number, f"{number}" if number % 2 else None) for number in range(5000)]
    asked = "select no, name, 'x' from given"
    step = Computed("worded", {"no": int, "word": str}, asked, lambda name, x: f"{name}{x}\n")
    selected = "select no, word as name, 0 as plays, false as is_loud, null as more from worded order by no"
    derivation = reading(given={"given": Given({"no": int, "name": str}, rows)}, steps=(step,), selected=selected)
    assert [(no, name) for no, name, *_ in derived(store, derivation)] == [(no, f"{name}x\n") for no, name in rows]


def test_small_letters_are_those_of_both_query_engines(store: TableStore) -> None:
    given = {"given": Given({"no": int, "name": str}, [(1, "\u0130 ÅÉ"), (2, "ẞ Σ"), (3, None), (4, "ABC")])}
    selected = "select no, lower(name) as name, 0 as plays, false as is_loud, null as more from given order by no"
    assert [name for _, name, *_ in derived(store, reading(given=given, selected=selected))] == [
        "i \u00e5\u00e9", "\u00df \u03c3", None, "abc",
    ]  # fmt: skip


def test_what_somebody_else_replaced_meanwhile_stays(store: TableStore) -> None:
    before = store.derive("made", "", reading(), digest="1", replaces=None)
    store.derive("made", "", reading(months=()), digest="2", replaces=before)
    with pytest.raises(StateConflict):
        store.derive("made", "", reading(), digest="3", replaces=before)
    assert store.list("made")[""].digest == "2"
    assert store.read("made", "") == []


# ---- laptop -----------------------------------------------------------------------------------------------------


def made(root: Path, derivation: Derivation) -> bytes:
    store = filled(DirectoryTableStore(root, SPECS))
    store.derive("made", "", derivation, digest="d", replaces=None)
    return (root / "tables" / object_name(SPECS["made"], "")).read_bytes()


def test_the_same_derivation_is_the_same_bytes(tmp_path: Path) -> None:
    assert made(tmp_path / "a", reading()) == made(tmp_path / "b", reading())


def test_what_does_not_fit_in_the_first_limit_is_derived_with_more(tmp_path: Path, monkeypatch: Any) -> None:
    tried: list[str] = []
    session = DuckDbParquet._session

    def noted(self: DuckDbParquet, limit: str) -> Any:
        tried.append(limit)
        return session(self, limit)

    monkeypatch.setattr(DuckDbParquet, "_session", noted)
    monkeypatch.setattr(table_format, "MEMORY_LIMITS", ("1MB", "1MB", "1GB"))
    big = "create table big as select range as number from range(1000000)"
    assert made(tmp_path, reading(steps=(big,)))
    assert tried[-3:] == ["1MB", "1MB", "1GB"]


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda _: b"", lambda _: b"no object"])
def test_a_damaged_source_is_named_as_such(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    store = filled(DirectoryTableStore(tmp_path, SPECS))
    path = tmp_path / "tables" / object_name(SPECS["heard"], "2026-05")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptObject, match=r"made cannot be derived.*month=2026-05"):
        store.derive("made", "", reading(), digest="d", replaces=None)


def test_where_nothing_can_be_written_on_the_way_the_store_is_unavailable(tmp_path: Path) -> None:
    store: Any = filled(DirectoryTableStore(tmp_path, SPECS))
    Path(store._parquet.folder).rmdir()
    with pytest.raises(StoreUnavailable):
        store.derive("made", "", reading(), digest="d", replaces=None)
