"""What every journal promises: in a directory, in S3, and the simulation's in memory."""

import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.journal import LEFTOVER, DirectoryJournal, S3Journal
from playledger.errors import CorruptObject, StoreUnavailable
from playledger.ports import Journal
from tests.support.memory import MemoryJournal

pytestmark = pytest.mark.contract

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 1)


def key(dt: date, number: int = 1, digest: str = "0123456789abcdef") -> str:
    return f"journal/dt={dt}/{1_780_000_000_000 + number}-{number}-{digest}.jsonl.gz"


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws), "memory"])
def journals(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Journal]:
    """Makes one more journal over the same storage, which is empty at first."""
    if request.param == "aws":
        client = request.getfixturevalue("s3")
        return lambda: S3Journal(client, "data")
    if request.param == "memory":
        alone = MemoryJournal()
        return lambda: alone
    return lambda: DirectoryJournal(tmp_path / "home")


@pytest.fixture
def journal(journals: Callable[[], Journal]) -> Journal:
    """Each implementation, empty."""
    return journals()


def test_an_empty_journal_lists_nothing(journal: Journal) -> None:
    assert list(journal.list()) == []
    assert list(journal.list(MAY, JUNE)) == []


def test_what_was_put_is_read_back_byte_by_byte(journal: Journal) -> None:
    body = bytes(range(256)) * 400
    assert journal.put(key(MAY), body) is True
    assert journal.read(key(MAY)) == body


def test_a_key_is_created_once_and_never_replaced(journal: Journal) -> None:
    assert journal.put(key(MAY), b"first") is True
    assert journal.put(key(MAY), b"second") is False
    assert journal.read(key(MAY)) == b"first"
    assert [item.size for item in journal.list()] == [len(b"first")]


def test_another_writer_sees_what_one_has_put(journals: Callable[[], Journal]) -> None:
    one, other = journals(), journals()
    assert one.put(key(MAY), b"one") is True
    assert other.put(key(MAY), b"other") is False
    assert other.read(key(MAY)) == b"one"
    assert list(other.list()) == list(one.list())


def test_the_list_is_sorted_by_key_and_tells_date_and_size(journal: Journal) -> None:
    names = [key(JUNE, 2), key(MAY, 3), key(JUNE, 1), key(MAY, 1)]
    for size, name in enumerate(names, start=1):
        journal.put(name, b"x" * size)
    listed = journal.list()
    assert [item.key for item in listed] == sorted(names)
    assert [item.dt for item in listed] == [MAY, MAY, JUNE, JUNE]
    assert [item.size for item in listed] == [4, 2, 3, 1]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (None, None, [30, 31, 1, 2]),
        (date(2026, 5, 31), None, [31, 1, 2]),
        (None, date(2026, 5, 31), [30, 31]),
        (date(2026, 5, 31), date(2026, 6, 1), [31, 1]),
        (date(2026, 6, 1), date(2026, 6, 1), [1]),
        (date(2026, 6, 3), None, []),
        (date(2026, 6, 2), date(2026, 5, 30), []),
    ],
)
def test_both_bounds_of_a_list_are_inclusive(
    journal: Journal, first: date | None, last: date | None, days: list[int]
) -> None:
    for dt in (date(2026, 5, 30), date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 2)):
        journal.put(key(dt), b"x")
    assert [item.dt.day for item in journal.list(first, last)] == days


def test_reading_what_is_not_there_says_so(journal: Journal) -> None:
    journal.put(key(MAY, 1), b"x")
    with pytest.raises(CorruptObject, match="holds no journal/dt=2026-05-31/"):
        journal.read(key(MAY, 2))
    with pytest.raises(CorruptObject):
        journal.read(key(JUNE))


FOREIGN = [
    "",
    "state.sqlite",
    "journal/dt=2026-05-31/../../../etc/1-1-0123456789abcdef.jsonl.gz",
    "/journal/dt=2026-05-31/1-1-0123456789abcdef.jsonl.gz",
    "journal/dt=2026-05-31/1-1-0123456789abcdef.jsonl.gz\n/x",
    f"journal/dt=2026-05-31/{LEFTOVER}1",
    "tables/plays/dt=2026-05-31/plays.jsonl.gz",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_only_names_of_journal_objects_are_taken(journal: Journal, name: str) -> None:
    with pytest.raises(CorruptObject):
        journal.put(name, b"x")
    with pytest.raises(CorruptObject):
        journal.read(name)
    assert list(journal.list()) == []


# ---- laptop -----------------------------------------------------------------------------------------------------


def test_of_many_writers_of_one_key_just_one_created_it(tmp_path: Path) -> None:
    start, writers = threading.Barrier(8, timeout=30), range(8)

    def write(number: int) -> list[bool]:
        journal = DirectoryJournal(tmp_path)
        start.wait()
        return [journal.put(key(MAY, turn), f"{number} {turn}".encode() * 1000) for turn in range(1, 21)]

    with ThreadPoolExecutor(len(writers)) as pool:
        created = list(pool.map(write, writers))
    assert [sum(column) for column in zip(*created, strict=True)] == [1] * 20
    for turn in range(1, 21):
        winner = [row[turn - 1] for row in created].index(True)
        assert DirectoryJournal(tmp_path).read(key(MAY, turn)) == f"{winner} {turn}".encode() * 1000


def test_leftovers_of_a_crash_and_foreign_files_are_passed_over(tmp_path: Path) -> None:
    journal = DirectoryJournal(tmp_path)
    journal.put(key(MAY), b"x")
    folder = tmp_path / "journal" / f"dt={MAY}"
    (folder / f"{LEFTOVER}abc").write_bytes(b"torn")
    (folder / "notes.txt").write_bytes(b"mine")
    (tmp_path / "journal" / "dt=someday").mkdir()
    assert [item.key for item in journal.list()] == [key(MAY)]
    assert journal.put(key(MAY, 2), b"y") is True


def test_nothing_but_the_object_is_left_behind(tmp_path: Path) -> None:
    journal = DirectoryJournal(tmp_path)
    journal.put(key(MAY), b"x")
    journal.put(key(MAY), b"x")
    assert [path.name for path in (tmp_path / "journal" / f"dt={MAY}").iterdir()] == [key(MAY).rsplit("/", 1)[1]]


def test_no_reader_ever_meets_half_an_object(tmp_path: Path) -> None:
    body = os.urandom(300_000)
    done = threading.Event()

    def read() -> set[bytes]:
        found: set[bytes] = set()
        while not done.is_set():
            found |= {journal.read(item.key) for item in journal.list()}
        return found

    journal = DirectoryJournal(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        for number in range(1, 21):
            journal.put(key(MAY, number), body)
        done.set()
        assert reading.result() <= {body}


def test_a_disk_that_refuses_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where a folder should be")
    journal = DirectoryJournal(tmp_path)
    with pytest.raises(StoreUnavailable, match="journal"):
        journal.put(key(MAY), b"x")
    with pytest.raises(StoreUnavailable):
        journal.read(key(MAY))


def open_files() -> int:
    """How many files this process holds open, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_no_file_stays_open(tmp_path: Path) -> None:
    journal = DirectoryJournal(tmp_path)
    before = open_files()
    for _ in range(3):
        journal.put(key(MAY), b"x")
        journal.read(key(MAY))
        journal.list()
    gc.collect()
    assert open_files() == before


# ---- AWS --------------------------------------------------------------------------------------------------------


class Refusals:
    """Lets S3 refuse the next calls of one operation with an error code, then serve again."""

    def __init__(self, client: Any, operation: str, *codes: tuple[str, int]) -> None:
        self.codes = list(codes)
        client.meta.events.register(f"before-call.s3.{operation}", self)

    def __call__(self, **_: Any) -> Any:
        if not self.codes:
            return None
        from botocore.awsrequest import AWSResponse

        code, status = self.codes.pop(0)
        return AWSResponse("", status, {}, None), {
            "Error": {"Code": code, "Message": "simulated"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }


@pytest.mark.aws
def test_a_put_asks_s3_to_create_only(s3: Any) -> None:
    sent: list[dict[str, Any]] = []
    s3.meta.events.register("before-parameter-build.s3.PutObject", lambda params, **_: sent.append(dict(params)))
    S3Journal(s3, "data").put(key(MAY), b"x")
    assert [(call["Key"], call["IfNoneMatch"]) for call in sent] == [(key(MAY), "*")]


@pytest.mark.aws
def test_a_put_is_tried_again_while_another_one_of_the_same_key_is_under_way(s3: Any) -> None:
    refusals = Refusals(s3, "PutObject", *[("ConditionalRequestConflict", 409)] * 2)
    assert S3Journal(s3, "data").put(key(MAY), b"x") is True
    assert refusals.codes == []


@pytest.mark.aws
def test_a_conflict_that_does_not_end_is_an_unavailable_store(s3: Any) -> None:
    Refusals(s3, "PutObject", *[("ConditionalRequestConflict", 409)] * 9)
    with pytest.raises(StoreUnavailable, match="conflicting"):
        S3Journal(s3, "data").put(key(MAY), b"x")


@pytest.mark.aws
@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("InternalError", 500), ("AccessDenied", 403)])
def test_every_other_refusal_of_s3_is_an_unavailable_store(s3: Any, code: str, status: int) -> None:
    journal = S3Journal(s3, "data")
    for operation in ("PutObject", "ListObjectsV2", "GetObject"):
        Refusals(s3, operation, (code, status))
    with pytest.raises(StoreUnavailable, match=code):
        journal.put(key(MAY), b"x")
    with pytest.raises(StoreUnavailable, match=code):
        journal.list()
    with pytest.raises(StoreUnavailable, match=code):
        journal.read(key(MAY))


@pytest.mark.aws
def test_a_list_asks_only_for_pages_it_needs(s3: Any) -> None:
    journal = S3Journal(s3, "data")
    for day in range(1, 5):
        journal.put(key(date(2026, 5, day)), b"x")
    asked: list[dict[str, Any]] = []
    s3.meta.events.register("before-parameter-build.s3.ListObjectsV2", lambda params, **_: asked.append(dict(params)))
    assert [item.dt.day for item in journal.list(date(2026, 5, 3))] == [3, 4]
    assert asked[0]["StartAfter"] == "journal/dt=2026-05-03"
    assert len(asked) == 1
