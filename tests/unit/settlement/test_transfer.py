"""A journal brought to another place: only what is missing, proved on both sides, never two accounts in one."""

import gzip
from datetime import timedelta
from pathlib import Path
from threading import Lock

import pytest

from adapters.journal import DirectoryJournal
from playledger.errors import CorruptObject, StoreUnavailable, WrongAccount
from playledger.journal import encode
from playledger.models import IngestionState
from playledger.ports import Journal
from settlement.transfer import Difference, check_owners, compare, copy, settle_in
from tests.support.builders import NOON, a_play
from tests.support.ledger_home import OWNER, fill_journal
from tests.support.memory import MemoryHotStore, MemoryJournal

pytestmark = pytest.mark.unit

OTHER = "b" * 64
DAYS = 30


@pytest.fixture
def source() -> MemoryJournal:
    """Thirty days."""
    journal = MemoryJournal()
    fill_journal(journal, DAYS)
    return journal


def objects(journal: Journal) -> dict[str, bytes]:
    return {item.key: journal.read(item.key) for item in journal.list()}


def test_all_that_is_missing_is_copied_byte_for_byte(source: MemoryJournal, tmp_path: Path) -> None:
    target = DirectoryJournal(tmp_path)
    moved: list[tuple[int, int]] = []
    copy(compare(source, target), source, target, lambda done, total: moved.append((done, total)))
    assert objects(target) == source.objects
    assert moved == [(done, DAYS) for done in range(1, DAYS + 1)]


def test_what_is_there_is_neither_read_nor_put_again(source: MemoryJournal) -> None:
    target = MemoryJournal()
    copy(compare(source, target), source, target)
    again = compare(source, target)
    assert (again.missing, len(again.shared), again.foreign, again.bytes) == ((), DAYS, 0, 0)
    source.read = None  # type: ignore[method-assign,assignment]
    copy(again, source, target)


def test_what_only_the_target_has_stays(source: MemoryJournal) -> None:
    target = MemoryJournal()
    own = encode([a_play(track=77)], NOON.date())
    target.put(own.key, own.body)
    found = compare(source, target)
    copy(found, source, target)
    assert found.foreign == 1
    assert target.objects == {**source.objects, own.key: own.body}


class Broken(MemoryJournal):
    """Refuses every put after so many."""

    def __init__(self, puts: int) -> None:
        super().__init__()
        self.left = puts
        self._lock = Lock()

    def put(self, key: str, body: bytes) -> bool:
        """Creates the object, or is down."""
        with self._lock:
            if self.left <= 0:
                raise StoreUnavailable("down")
            self.left -= 1
            return super().put(key, body)


@pytest.mark.parametrize("puts", [0, 1, 13, DAYS - 1])
def test_a_transfer_that_broke_off_goes_on_where_it_was(source: MemoryJournal, puts: int) -> None:
    target = Broken(puts)
    with pytest.raises(StoreUnavailable):
        copy(compare(source, target), source, target)
    assert len(target.objects) == puts
    target.left = DAYS
    copy(compare(source, target), source, target)
    assert target.objects == source.objects
    assert target.left == puts


# ---- proved -----------------------------------------------------------------------------------------------------


def key_of(journal: MemoryJournal) -> str:
    return sorted(journal.objects)[3]


@pytest.mark.parametrize("damage", ["cut off", "empty", "other lines"])
def test_a_damaged_object_is_named_and_does_not_travel(source: MemoryJournal, damage: str) -> None:
    key = key_of(source)
    damaged = {"cut off": source.objects[key][:-20], "empty": b"", "other lines": gzip.compress(b"{}\n")}
    source.objects[key] = damaged[damage]
    target = MemoryJournal()
    with pytest.raises(CorruptObject, match=key):
        copy(compare(source, target), source, target)
    assert key not in target.objects


def test_an_object_with_entries_of_another_name_does_not_travel(source: MemoryJournal) -> None:
    first, second = sorted(source.objects)[:2]
    source.objects[first] = source.objects[second]
    target = MemoryJournal()
    with pytest.raises(CorruptObject, match="does not hold what its name says"):
        copy(compare(source, target), source, target)
    assert first not in target.objects


def test_an_object_packed_otherwise_is_the_same_and_one_with_other_entries_is_not(source: MemoryJournal) -> None:
    target, key = MemoryJournal(), key_of(source)
    copy(compare(source, target), source, target)
    target.objects[key] = gzip.compress(gzip.decompress(source.objects[key]), 1, mtime=0) + gzip.compress(b"")
    copy(compare(source, target), source, target)
    lines = gzip.decompress(source.objects[key]).replace(b"Song 1", b"Song 2")
    target.objects[key] = gzip.compress(lines, 1) + gzip.compress(b"")
    with pytest.raises(CorruptObject, match=f"{key} holds other entries"):
        copy(compare(source, target), source, target)


class Forgetful(MemoryJournal):
    """Takes everything and keeps nothing."""

    def put(self, key: str, body: bytes) -> bool:  # noqa: ARG002
        """Says that it was done."""
        return True


def test_what_did_not_arrive_is_noticed(source: MemoryJournal) -> None:
    target = Forgetful()
    with pytest.raises(CorruptObject, match="did not arrive"):
        copy(compare(source, target), source, target)


# ---- accounts ---------------------------------------------------------------------------------------------------

BOTH = Difference(missing=(None,), shared=(), foreign=1)  # type: ignore[arg-type]
FORWARD = Difference(missing=(None,), shared=(), foreign=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("difference", [BOTH, FORWARD])
def test_two_accounts_are_never_mixed_whatever_the_owner_says(difference: Difference) -> None:
    with pytest.raises(WrongAccount, match="different Spotify accounts"):
        check_owners(OWNER, OTHER, difference, is_same=True)


@pytest.mark.parametrize(("ours", "theirs"), [(None, None), (OWNER, None), (None, OWNER)])
def test_where_nobody_knows_two_histories_are_only_joined_on_the_owners_word(
    ours: str | None, theirs: str | None
) -> None:
    with pytest.raises(WrongAccount, match="--same-account"):
        check_owners(ours, theirs, BOTH)
    check_owners(ours, theirs, BOTH, is_same=True)
    check_owners(ours, theirs, FORWARD)


def test_one_account_on_both_sides_may_always_be_joined() -> None:
    check_owners(OWNER, OWNER, BOTH)


# ---- the state --------------------------------------------------------------------------------------------------


def test_where_there_is_no_state_it_is_made_of_the_journal_and_tied_to_the_account(source: MemoryJournal) -> None:
    hot = MemoryHotStore()
    assert settle_in(source, hot, OWNER, now=NOON) == "made"
    assert hot.state is not None
    assert (hot.state.account_hash, hot.state.last_seen_played_at) == (OWNER, NOON)
    assert len(list(hot.plays(NOON))) == 3 * DAYS


def test_idle_polls_are_remembered_though_no_journal_has_them(source: MemoryJournal) -> None:
    hot = MemoryHotStore()
    later = NOON + timedelta(hours=5)
    settle_in(source, hot, OWNER, now=later, last_run=later)
    assert hot.state is not None
    assert (hot.state.last_run_timestamp, hot.state.last_seen_played_at) == (later, NOON)


def test_a_state_that_is_there_is_kept(source: MemoryJournal) -> None:
    hot = MemoryHotStore()
    hot.commit([], IngestionState(version=1, account_hash=OWNER, last_run_timestamp=NOON))
    before = hot.state
    assert settle_in(source, hot, OWNER, now=NOON, last_run=NOON + timedelta(hours=5)) == "kept"
    assert hot.state == before


def test_a_state_left_without_an_account_is_tied_to_it_later(source: MemoryJournal) -> None:
    hot = MemoryHotStore()
    assert settle_in(source, hot, None, now=NOON) == "made"
    assert settle_in(source, hot, OWNER, now=NOON) == "kept"
    assert hot.state is not None
    assert hot.state.account_hash == OWNER


def test_a_journal_without_a_poll_makes_no_state() -> None:
    hot = MemoryHotStore()
    assert settle_in(MemoryJournal(), hot, OWNER, now=NOON) == "none"
    assert hot.state is None
