"""What every hot store promises: in SQLite, in DynamoDB, and the simulation's in memory."""

import gc
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.hot_store import STATE_BYTES, STATE_KEY, TTL_ATTRIBUTE, DynamoHotStore, SqliteHotStore
from playledger.errors import CorruptObject, PlaysAlreadyStored, StateConflict, StoreUnavailable
from playledger.models import SEEN_LIMIT, Context, IngestionState, format_instant, seen_hash
from playledger.ports import HotStore
from tests.support.builders import NOON, a_claim, a_play, minutes
from tests.support.memory import MemoryHotStore

pytestmark = pytest.mark.contract

DAY = timedelta(days=1)
TTL_DAYS = 30
EXPIRED = NOON - TTL_DAYS * DAY
"""A play that ended at this moment is over at noon, to the millisecond."""


def state(version: int, last_run: datetime | None = NOON, **fields: Any) -> IngestionState:
    return IngestionState(version=version, last_run_timestamp=last_run, **fields)


@pytest.fixture
def dynamo() -> Iterator[Any]:
    """A DynamoDB client with the tables `plays` and `state`."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-north-1")
        create(client, "plays", pk="HASH", sk="RANGE")
        create(client, "state", **{STATE_KEY: "HASH"})
        yield client
        client.close()


def create(client: Any, table: str, **keys: str) -> None:
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws), "memory"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], HotStore]]:
    """Opens one more store over the same data, which is empty at first."""
    if request.param == "aws":
        client = request.getfixturevalue("dynamo")
        yield lambda: DynamoHotStore(client, "plays", "state", TTL_DAYS)
    elif request.param == "memory":
        alone = MemoryHotStore(TTL_DAYS)
        yield lambda: alone
    else:
        with ExitStack() as opened:
            yield lambda: opened.enter_context(closing(SqliteHotStore(tmp_path / "state.sqlite", TTL_DAYS)))


@pytest.fixture
def hot(stores: Callable[[], HotStore]) -> HotStore:
    """Each implementation, empty."""
    return stores()


def keys(plays: Any) -> list[str]:
    return [play.key for play in plays]


# ---- state and commit -------------------------------------------------------------------------------------------


def test_there_is_no_state_before_the_first_commit(hot: HotStore) -> None:
    assert hot.load_state() is None
    assert list(hot.plays(NOON)) == []
    assert list(hot.spooled_claims()) == []


def test_a_committed_state_comes_back_unchanged(stores: Callable[[], HotStore]) -> None:
    full = state(
        1,
        last_cursor_unix_ms=1_773_144_000_123,
        last_seen_played_at=NOON - minutes(1),
        seen=tuple(f"{number:016x}" for number in range(200)),
        coverage_from=NOON - DAY,
        window_max=50,
        last_new=7,
        blocked_until=NOON + minutes(15),
        block_count=2,
        needs_reauth=True,
        account_hash="ab12",
    )
    stores().commit([], full)
    assert stores().load_state() == full


def test_plays_and_state_are_committed_together(stores: Callable[[], HotStore]) -> None:
    plays = [a_play(NOON - minutes(count), count) for count in range(50)]
    stores().commit(plays, state(1))
    other = stores()
    assert other.load_state() == state(1)
    assert keys(other.plays(NOON)) == keys(reversed(plays))


def test_a_play_comes_back_unchanged(hot: HotStore) -> None:
    context = Context(type="playlist", id="x", uri="spotify:user:ö:playlist:x")
    play = a_play(
        track_name='"\\\u0000\u001f\u2028 ö \U0001f3b5', artist_ids=(None, "A"), context=context, is_late=True
    )
    bare = a_play(NOON - minutes(1), 2, track_id=None, track_name=None, artist_names=(), duration_ms=None)
    hot.commit([play, bare], state(1))
    assert list(hot.plays(NOON)) == [bare, play]


@pytest.mark.parametrize("version", [1, 2, 4, 9])
def test_only_the_next_version_is_accepted(hot: HotStore, version: int) -> None:
    for number in (1, 2):
        hot.commit([], state(number))
    with pytest.raises(StateConflict):
        hot.commit([a_play()], state(version))
    assert hot.load_state() == state(2)
    assert list(hot.plays(NOON)) == []
    hot.commit([a_play()], state(3))
    assert hot.load_state() == state(3)


def test_the_first_version_is_one(hot: HotStore) -> None:
    with pytest.raises(StateConflict):
        hot.commit([a_play()], state(2))
    assert hot.load_state() is None
    assert list(hot.plays(NOON)) == []


def test_of_two_writers_that_read_the_same_state_one_commits(stores: Callable[[], HotStore]) -> None:
    one, other = stores(), stores()
    one.commit([a_play()], state(1))
    with pytest.raises(StateConflict):
        other.commit([a_play(NOON - minutes(3), 2)], state(1, needs_reauth=True))
    assert other.load_state() == state(1)
    assert keys(other.plays(NOON)) == [a_play().key]


def test_a_stored_play_refuses_the_commit_and_is_named(hot: HotStore) -> None:
    known, also_known, new = a_play(), a_play(NOON - minutes(2), 2), a_play(NOON - minutes(4), 3)
    hot.commit([known, also_known], state(1))
    with pytest.raises(PlaysAlreadyStored) as refused:
        hot.commit([known, new, also_known], state(2))
    assert sorted(refused.value.keys) == sorted([known.key, also_known.key])
    assert hot.load_state() == state(1)
    assert keys(hot.plays(NOON)) == [also_known.key, known.key]
    hot.commit([new], state(2))
    assert len(list(hot.plays(NOON))) == 3


def test_a_lost_version_weighs_more_than_stored_plays(hot: HotStore) -> None:
    hot.commit([a_play()], state(1))
    with pytest.raises(StateConflict):
        hot.commit([a_play()], state(1))


def test_plays_whose_time_is_over_are_left_out_of_a_commit(hot: HotStore) -> None:
    over, barely = a_play(EXPIRED, 1), a_play(EXPIRED + timedelta(milliseconds=1), 2)
    hot.commit([over, barely], state(1))
    assert keys(hot.plays(NOON - DAY)) == [barely.key]
    hot.commit([over], state(2))
    assert hot.load_state() == state(2)


def test_without_a_last_run_nothing_counts_as_over(hot: HotStore) -> None:
    hot.commit([a_play(EXPIRED)], state(1, None))
    assert keys(hot.plays(NOON - DAY)) == [a_play(EXPIRED).key]


# ---- touch ------------------------------------------------------------------------------------------------------


def test_touch_moves_the_last_run_forward_only_and_leaves_the_version(hot: HotStore) -> None:
    hot.commit([], state(1, NOON, needs_reauth=True, seen=("a",)))
    hot.touch(NOON + minutes(60))
    assert hot.load_state() == state(1, NOON + minutes(60), needs_reauth=True, seen=("a",))
    hot.touch(NOON - minutes(60))
    hot.touch(NOON + minutes(60))
    assert hot.load_state() == state(1, NOON + minutes(60), needs_reauth=True, seen=("a",))
    hot.commit([], state(2, NOON + minutes(120)))
    assert hot.load_state() == state(2, NOON + minutes(120))


def test_touch_sets_a_last_run_where_there_was_none(hot: HotStore) -> None:
    hot.commit([], state(1, None))
    hot.touch(NOON)
    assert hot.load_state() == state(1, NOON)


def test_touch_without_a_state_does_nothing(hot: HotStore) -> None:
    hot.touch(NOON)
    assert hot.load_state() is None
    hot.commit([], state(1))
    assert hot.load_state() == state(1)


def test_a_spool_is_no_state_to_touch(hot: HotStore) -> None:
    hot.spool([], a_claim(NOON, NOON))
    hot.touch(NOON)
    assert hot.load_state() is None


def test_a_commit_that_would_move_the_last_run_back_has_to_read_again(hot: HotStore) -> None:
    hot.commit([], state(1, NOON))
    hot.touch(NOON + minutes(1))
    with pytest.raises(StateConflict):
        hot.commit([], state(2, NOON))
    hot.commit([], state(2, NOON + minutes(1)))
    assert hot.load_state() == state(2, NOON + minutes(1))


# ---- spool ------------------------------------------------------------------------------------------------------


def test_the_spool_keeps_plays_and_claim_and_leaves_the_state(stores: Callable[[], HotStore]) -> None:
    stores().commit([a_play()], state(1))
    claim = a_claim(NOON - minutes(9), NOON, previous_poll=NOON - minutes(60))
    stores().spool([a_play(NOON - minutes(9), 2), a_play()], claim)
    hot = stores()
    assert list(hot.spooled_claims()) == [claim]
    assert keys(hot.plays(NOON)) == [a_play(NOON - minutes(9), 2).key, a_play().key]
    assert hot.load_state() == state(1)


def test_a_spooled_play_that_is_known_keeps_its_first_form(hot: HotStore) -> None:
    first = a_play(context=Context(type="album", id="B", uri="spotify:album:B"))
    hot.commit([first], state(1))
    hot.spool([a_play()], a_claim(NOON, NOON))
    assert list(hot.plays(NOON)) == [first]


def test_the_spool_works_before_there_is_a_state_and_a_commit_then_meets_its_plays(hot: HotStore) -> None:
    hot.spool([a_play()], a_claim(NOON, NOON))
    assert hot.load_state() is None
    with pytest.raises(PlaysAlreadyStored) as refused:
        hot.commit([a_play()], state(1))
    assert refused.value.keys == (a_play().key,)


def test_claims_are_spooled_once_each_and_dropped_one_by_one(hot: HotStore) -> None:
    early, late = a_claim(NOON, NOON), a_claim(NOON, NOON + minutes(60))
    for claim in (late, early, late):
        hot.spool([], claim)
    assert sorted(claim.server_now for claim in hot.spooled_claims()) == [NOON, NOON + minutes(60)]
    hot.drop_spooled([early])
    assert list(hot.spooled_claims()) == [late]
    hot.drop_spooled([early, late])
    hot.drop_spooled([])
    hot.drop_spooled([late])
    assert list(hot.spooled_claims()) == []


def test_dropping_claims_leaves_their_plays(hot: HotStore) -> None:
    claim = a_claim(NOON, NOON)
    hot.spool([a_play()], claim)
    hot.drop_spooled([claim])
    assert keys(hot.plays(NOON)) == [a_play().key]


def test_the_spool_leaves_out_plays_whose_time_is_over(hot: HotStore) -> None:
    hot.spool([a_play(EXPIRED)], a_claim(EXPIRED, NOON, server_now=NOON))
    assert list(hot.plays(NOON - DAY)) == []
    assert len(hot.spooled_claims()) == 1


# ---- plays and fill ---------------------------------------------------------------------------------------------


def test_plays_come_oldest_first_and_without_those_that_are_over(hot: HotStore) -> None:
    plays = [a_play(NOON - count * DAY, count) for count in (3, 0, 29, 1)]
    same_moment = a_play(NOON - 3 * DAY, 9)
    hot.commit([*plays, same_moment], state(1))
    inside = sorted([*plays, same_moment], key=lambda play: (play.played_at, play.key))
    assert list(hot.plays(NOON)) == inside
    assert list(hot.plays(NOON + DAY)) == inside[1:]
    assert list(hot.plays(NOON + DAY - timedelta(milliseconds=1))) == inside
    assert list(hot.plays(NOON + 40 * DAY)) == []


def test_fill_adds_what_is_missing_and_counts_it(hot: HotStore) -> None:
    known = a_play(context=Context(type="album", id="B", uri="spotify:album:B"))
    hot.commit([known], state(1))
    missing = [a_play(NOON - minutes(count), count) for count in range(1, 4)]
    assert hot.fill([a_play(), *missing, missing[0], a_play(EXPIRED, 9)], NOON) == 3
    assert list(hot.plays(NOON)) == [*reversed(missing), known]
    assert hot.fill(iter(missing), NOON) == 0
    assert hot.fill([], NOON) == 0
    assert hot.load_state() == state(1)


def test_fill_takes_a_month_of_a_heavy_listener(hot: HotStore) -> None:
    many = [a_play(NOON - minutes(count * 15), count) for count in range(250)]
    assert hot.fill(many[::2], NOON) == 125
    assert hot.fill(many, NOON) == 125
    assert len(list(hot.plays(NOON))) == 250


# ---- replace_state ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 3, 70])
def test_a_replaced_state_counts_on_from_its_own_version(hot: HotStore, version: int) -> None:
    hot.commit([], state(1))
    hot.commit([], state(2))
    hot.replace_state(state(version, NOON - minutes(60)))
    assert hot.load_state() == state(version, NOON - minutes(60))
    with pytest.raises(StateConflict):
        hot.commit([], state(version + 2))
    hot.commit([], state(version + 1))
    assert hot.load_state() == state(version + 1)


def test_a_state_can_be_replaced_where_there_is_none(hot: HotStore) -> None:
    hot.replace_state(state(5))
    assert hot.load_state() == state(5)


# ---- the state item ---------------------------------------------------------------------------------------------


def test_a_play_whose_uri_is_longer_than_any_key_may_be_is_a_play_like_others(hot: HotStore) -> None:
    """A local file with a long Japanese title: one such play must not keep all others out."""
    local = a_play(NOON, track_id=None, track_uri=f"spotify:local:{'%E3%83%8D' * 200}::{'%E3%83%8D' * 200}:200")
    twin = a_play(NOON, track_id=None, track_uri=f"{local.track_uri}1")
    hot.commit([a_play(), local], state(1))
    with pytest.raises(PlaysAlreadyStored) as refused:
        hot.commit([local, twin], state(2))
    assert list(refused.value.keys) == [local.key]
    hot.spool([local, twin], a_claim(NOON, NOON))
    assert hot.fill([a_play(), local, twin], NOON) == 0
    assert keys(hot.plays(NOON)) == sorted([a_play().key, local.key, twin.key])
    assert hot.fill([a_play(NOON, 9, track_uri=f"{local.track_uri}2")], NOON) == 1


@pytest.mark.parametrize("world", ["laptop", pytest.param("aws", marks=pytest.mark.aws)])
def test_a_state_over_eight_kilobytes_is_refused(world: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    too_much = state(1, seen=tuple(f"{number:016x}" for number in range(500)))
    assert len(too_much.model_dump_json()) > STATE_BYTES
    with ExitStack() as opened:
        hot: HotStore
        if world == "aws":
            hot = DynamoHotStore(request.getfixturevalue("dynamo"), "plays", "state", TTL_DAYS)
        else:
            hot = opened.enter_context(closing(SqliteHotStore(tmp_path / "state.sqlite", TTL_DAYS)))
        with pytest.raises(ValueError, match="more than 8192"):
            hot.commit([a_play()], too_much)
        with pytest.raises(ValueError, match="more than 8192"):
            hot.replace_state(too_much)
        assert hot.load_state() is None
        assert list(hot.plays(NOON)) == []


# ---- laptop -----------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a laptop's store lies."""
    return tmp_path / "state.sqlite"


def test_of_many_writers_of_one_version_just_one_commits(file: Path) -> None:
    start = threading.Barrier(8, timeout=30)

    def write(number: int) -> list[str]:
        ended = []
        with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
            for version in range(1, 6):
                start.wait()
                try:
                    hot.commit([a_play(NOON - minutes(version), number)], state(version))
                    ended.append("committed")
                except StateConflict:
                    ended.append("lost")
        return ended

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(write, range(8)))
    assert [Counter(turn) for turn in zip(*ended, strict=True)] == [{"committed": 1, "lost": 7}] * 5
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
        assert hot.load_state() == state(5)
        assert len(list(hot.plays(NOON))) == 5


DIES_BEFORE_COMMIT = """
import os, sys
from pathlib import Path
from adapters.hot_store import SqliteHotStore
from playledger.models import IngestionState
from tests.support.builders import a_play
hot = SqliteHotStore(Path(sys.argv[1]), 30)
with hot._opened() as db:
    db.set_trace_callback(lambda text: os._exit(9) if text == "commit" else None)
hot.commit([a_play()], IngestionState(version=2))
"""


def test_a_process_that_dies_before_the_end_of_a_commit_leaves_nothing_of_it(file: Path) -> None:
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
        hot.commit([], state(1, None))
        root = Path(__file__).parents[2]
        child = subprocess.run([sys.executable, "-c", DIES_BEFORE_COMMIT, str(file)], cwd=root, check=False)
        assert child.returncode == 9
        assert hot.load_state() == state(1, None)
        assert list(hot.plays(NOON)) == []
        hot.commit([a_play()], state(2))


def test_a_failed_commit_leaves_the_store_usable(file: Path) -> None:
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot, closing(SqliteHotStore(file, TTL_DAYS)) as other:
        hot.commit([a_play()], state(1))
        for _ in range(3):
            with pytest.raises(PlaysAlreadyStored):
                hot.commit([a_play()], state(2))
        other.commit([], state(2))
        hot.commit([], state(3))


def test_plays_whose_time_is_over_do_not_pile_up(file: Path) -> None:
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
        hot.commit([a_play(NOON - 29 * DAY)], state(1))
        hot.commit([a_play()], state(2, NOON + 2 * DAY))
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("select count(*) from plays").fetchone() == (1,)


@pytest.mark.parametrize("content", ["no database at all", None])
def test_a_file_that_cannot_be_opened_is_an_unavailable_store_at_every_call(file: Path, content: str | None) -> None:
    if content is None:
        file.mkdir()
    else:
        file.write_text(content * 100)
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
        for call in (
            hot.load_state,
            hot.spooled_claims,
            lambda: list(hot.plays(NOON)),
            lambda: hot.touch(NOON),
            lambda: hot.commit([a_play()], state(1)),
            lambda: hot.spool([], a_claim(NOON, NOON)),
            lambda: hot.fill([a_play()], NOON),
        ):
            with pytest.raises(StoreUnavailable, match=r"state\.sqlite"):
                call()


def test_a_state_of_a_later_version_is_an_unavailable_store(file: Path) -> None:
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
        hot.commit([], state(1))
        with hot._opened() as db:
            db.execute("""update state set body = '{"version": 1, "novelty": true}'""")
        with pytest.raises(StoreUnavailable, match="novelty"):
            hot.load_state()


def test_a_play_that_cannot_be_read_is_told(file: Path) -> None:
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
        hot.commit([a_play()], state(1))
        with hot._opened() as db:
            db.execute("update plays set body = '{}'")
        with pytest.raises(CorruptObject, match="cannot be read"):
            list(hot.plays(NOON))


def test_a_closed_store_leaves_one_file_and_no_open_connection(file: Path) -> None:
    hot = SqliteHotStore(file, TTL_DAYS)
    hot.close()
    assert not file.exists()
    hot.commit([a_play()], state(1))
    hot.close()
    hot.close()
    gc.collect()
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert hot.load_state() == state(1)
    hot.close()


def test_a_commit_survives_the_loss_of_power(file: Path) -> None:
    with closing(SqliteHotStore(file, TTL_DAYS)) as hot:
        hot.commit([], state(1))
        with hot._opened() as db:
            assert db.execute("pragma synchronous").fetchone() == (2,)
            assert db.execute("pragma journal_mode").fetchone() == ("wal",)


# ---- AWS --------------------------------------------------------------------------------------------------------


class Calls:
    """What a client sent: operation names and parameters."""

    def __init__(self, client: Any) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        client.meta.events.register("before-parameter-build.dynamodb.*", self)

    def __call__(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.sent.append((model.name, dict(params)))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


@pytest.fixture
def aws(dynamo: Any) -> DynamoHotStore:
    """The AWS implementation, empty."""
    return DynamoHotStore(dynamo, "plays", "state", TTL_DAYS)


@pytest.mark.aws
def test_an_idle_poll_costs_two_calls_and_a_busy_one_two_beside_the_journal(aws: DynamoHotStore, dynamo: Any) -> None:
    aws.commit([], state(1))
    calls = Calls(dynamo)
    aws.load_state()
    aws.touch(NOON)
    assert calls.names == ["GetItem", "UpdateItem"]
    calls.sent.clear()
    aws.load_state()
    aws.commit([a_play(NOON - minutes(count), count) for count in range(50)], state(2))
    assert calls.names == ["GetItem", "TransactWriteItems"]


@pytest.mark.aws
def test_reads_are_strongly_consistent(aws: DynamoHotStore, dynamo: Any) -> None:
    calls = Calls(dynamo)
    aws.load_state()
    aws.spooled_claims()
    list(aws.plays(NOON))
    assert calls.names == ["GetItem", "GetItem", "Query"]
    assert all(params["ConsistentRead"] is True for _, params in calls.sent)


@pytest.mark.aws
def test_a_full_state_takes_three_kilobytes(aws: DynamoHotStore, dynamo: Any) -> None:
    """DynamoDB bills each kilobyte begun, with every commit and every idle poll."""
    full = state(1, seen=tuple(seen_hash(str(number)) for number in range(SEEN_LIMIT)), account_hash="a" * 64)
    aws.commit([], full)
    [item] = dynamo.scan(TableName="state")["Items"]
    assert 2 * 1024 < len(item["body"]["B"]) < 2.9 * 1024
    assert aws.load_state() == full


@pytest.mark.aws
def test_a_state_of_the_first_version_can_be_read_and_followed(aws: DynamoHotStore, dynamo: Any) -> None:
    old = state(3)
    item = {"id": {"S": "ingestion"}, "version": {"N": "3"}, "body": {"S": old.model_dump_json()}}
    dynamo.put_item(TableName="state", Item=item | {"last_run": {"S": format_instant(NOON)}})
    assert aws.load_state() == old.model_copy(update={"last_run_timestamp": NOON})
    aws.commit([], state(4))
    assert (aws.load_state() or old).version == 4


@pytest.mark.aws
def test_plays_are_packed_and_those_of_the_first_version_can_be_read(aws: DynamoHotStore, dynamo: Any) -> None:
    aws.commit([a_play(NOON - minutes(1), 1)], state(1))
    [item] = dynamo.scan(TableName="plays")["Items"]
    assert set(item["body"]) == {"B"}
    old = a_play(NOON - minutes(2), 2)
    dynamo.put_item(TableName="plays", Item=item | {"sk": {"S": old.key}, "body": {"S": old.model_dump_json()}})
    assert list(aws.plays(NOON)) == [old, a_play(NOON - minutes(1), 1)]
    dynamo.put_item(TableName="plays", Item=item | {"body": {"B": b"no zlib"}})
    with pytest.raises(CorruptObject, match="cannot be read"):
        list(aws.plays(NOON))


@pytest.mark.aws
@pytest.mark.parametrize(
    "body", [{"B": b"no zlib"}, {"B": zlib.compress(b"\xff")}, {"N": "1"}, {"B": zlib.compress(b"{}{")}]
)
def test_a_state_that_cannot_be_read_is_an_unavailable_store(aws: DynamoHotStore, dynamo: Any, body: Any) -> None:
    dynamo.put_item(TableName="state", Item={"id": {"S": "ingestion"}, "version": {"N": "3"}, "body": body})
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        aws.load_state()


@pytest.mark.aws
def test_a_commit_is_one_transaction_of_conditional_puts(aws: DynamoHotStore, dynamo: Any) -> None:
    calls = Calls(dynamo)
    aws.commit([a_play()], state(1))
    on_state, on_play = (action["Put"] for action in calls.sent[0][1]["TransactItems"])
    assert "version" in on_state["ConditionExpression"]
    assert on_play["ConditionExpression"] == "attribute_not_exists(sk)"


@pytest.mark.aws
def test_the_time_to_live_is_the_moment_of_the_play_plus_thirty_days(aws: DynamoHotStore, dynamo: Any) -> None:
    aws.commit([a_play(NOON + timedelta(milliseconds=999))], state(1))
    (item,) = dynamo.scan(TableName="plays")["Items"]
    assert item["pk"] == {"S": "play"}
    assert item["sk"] == {"S": f"1773144000999#{a_play().track_uri}"}
    assert item[TTL_ATTRIBUTE] == {"N": str(int(NOON.timestamp()) + TTL_DAYS * 86_400)}


@pytest.mark.aws
def test_plays_that_are_over_are_not_even_read(aws: DynamoHotStore, dynamo: Any) -> None:
    aws.commit([a_play(NOON - 29 * DAY, 1), a_play()], state(1))
    answers: list[int] = []
    dynamo.meta.events.register("after-call.dynamodb.Query", lambda parsed, **_: answers.append(parsed["Count"]))
    assert keys(aws.plays(NOON + 2 * DAY)) == [a_play().key]
    assert answers == [1]


@pytest.mark.aws
def test_a_spool_that_meets_known_plays_needs_one_more_call(aws: DynamoHotStore, dynamo: Any) -> None:
    aws.commit([a_play()], state(1))
    calls = Calls(dynamo)
    aws.spool([a_play(), a_play(NOON - minutes(1), 2)], a_claim(NOON, NOON))
    assert calls.names == ["TransactWriteItems"] * 2
    aws.spool([a_play()], a_claim(NOON, NOON + minutes(60)))
    assert len(list(aws.plays(NOON))) == 2
    assert len(aws.spooled_claims()) == 2


def refuse(client: Any, operation: str, code: str, *, status: int = 400, reasons: tuple[str, ...] = ()) -> None:
    """Lets DynamoDB refuse every call of the operation."""
    from botocore.awsrequest import AWSResponse

    body: dict[str, Any] = {
        "Error": {"Code": code, "Message": "simulated"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if reasons:
        body["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    answer = AWSResponse("", status, {}, None), body
    client.meta.events.register(f"before-call.dynamodb.{operation}", lambda **_: answer)


@pytest.mark.aws
@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        (("ConditionalCheckFailed", "None", "None"), StateConflict),
        (("ConditionalCheckFailed", "ConditionalCheckFailed", "None"), StateConflict),
        (("None", "ConditionalCheckFailed", "None"), PlaysAlreadyStored),
        (("TransactionConflict", "None", "None"), StateConflict),
        (("None", "None", "TransactionConflict"), StateConflict),
        (("None", "ThrottlingError", "None"), StoreUnavailable),
        (("ProvisionedThroughputExceeded", "None", "None"), StoreUnavailable),
    ],
)
def test_why_a_transaction_was_cancelled_decides_the_error(
    aws: DynamoHotStore, dynamo: Any, reasons: tuple[str, ...], error: type[Exception]
) -> None:
    refuse(dynamo, "TransactWriteItems", "TransactionCanceledException", reasons=reasons)
    with pytest.raises(error) as raised:
        aws.commit([a_play(), a_play(NOON - minutes(1), 2)], state(1))
    assert type(raised.value) is error
    if isinstance(raised.value, PlaysAlreadyStored):
        assert raised.value.keys == (a_play().key,)


@pytest.mark.aws
@pytest.mark.parametrize("reason", ["TransactionConflict", "ConditionalCheckFailed"])
def test_a_spool_that_is_refused_for_ever_is_an_unavailable_store(
    aws: DynamoHotStore, dynamo: Any, reason: str
) -> None:
    refuse(dynamo, "TransactWriteItems", "TransactionCanceledException", reasons=(reason, reason))
    with pytest.raises(StoreUnavailable):
        aws.spool([a_play()], a_claim(NOON, NOON))


@pytest.mark.aws
@pytest.mark.parametrize("code", ["InternalServerError", "ProvisionedThroughputExceededException", "AccessDenied"])
def test_every_other_refusal_of_dynamodb_is_an_unavailable_store(aws: DynamoHotStore, dynamo: Any, code: str) -> None:
    for operation in ("GetItem", "PutItem", "UpdateItem", "Query", "TransactWriteItems"):
        refuse(dynamo, operation, code, status=500)
    for call in (
        aws.load_state,
        aws.spooled_claims,
        lambda: list(aws.plays(NOON)),
        lambda: aws.touch(NOON),
        lambda: aws.replace_state(state(1)),
        lambda: aws.commit([a_play()], state(1)),
        lambda: aws.spool([], a_claim(NOON, NOON)),
        lambda: aws.drop_spooled([a_claim(NOON, NOON)]),
        lambda: aws.fill([a_play()], NOON),
    ):
        with pytest.raises(StoreUnavailable, match=code):
            call()


@pytest.mark.aws
def test_a_connection_that_breaks_is_an_unavailable_store(aws: DynamoHotStore, dynamo: Any) -> None:
    from botocore.exceptions import ReadTimeoutError

    def broken(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    dynamo.meta.events.register("before-call.dynamodb.TransactWriteItems", broken)
    with pytest.raises(StoreUnavailable, match="timeout"):
        aws.commit([a_play()], state(1))
