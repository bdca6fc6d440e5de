"""A ledger brought to another place: the objects that its journal lacks, proved on both sides, and the state they make.

Nothing is replaced or deleted on either side, so a transfer that was killed is simply begun again.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from playledger.errors import CorruptObject, WrongAccount
from playledger.journal import decode
from playledger.models import IngestionState
from playledger.ports import HotStore, Journal, JournalObject
from settlement.audit import check_object
from settlement.hot import rebuild

AT_ONCE = 8
"""Objects under way at the same time: most of the time is waiting."""

Moved = Callable[[int, int], None]


@dataclass(frozen=True)
class Difference:
    """Two journals side by side: what the target lacks, what both have, and what only the target has."""

    missing: tuple[JournalObject, ...]
    shared: tuple[JournalObject, ...]
    foreign: int

    @property
    def bytes(self) -> int:
        """Size of what is missing."""
        return sum(item.size for item in self.missing)


def compare(source: Journal, target: Journal) -> Difference:
    """Lists both; changes neither."""
    wanted, held = source.list(), {item.key for item in target.list()}
    shared = tuple(item for item in wanted if item.key in held)
    missing = tuple(item for item in wanted if item.key not in held)
    return Difference(missing, shared, len(held) - len(shared))


def check_owners(source: str | None, target: str | None, difference: Difference, *, is_same: bool = False) -> None:
    """Refuses to mix two accounts, named by their hashes; None is one that nobody has said.

    Raises WrongAccount where they differ, or where nobody knows and each side has entries that the other lacks, unless
    the owner says that they are the same.
    """
    if source and target and source != target:
        raise WrongAccount("the two ledgers belong to different Spotify accounts; nothing was copied")
    is_known = source is not None and source == target
    if difference.foreign and difference.missing and not is_known and not is_same:
        raise WrongAccount(
            "both sides have plays of their own, and not both have ever logged in: whether they are one account's "
            "nobody can tell. Log in on both, or say so with --same-account; nothing was copied"
        )


def copy(difference: Difference, source: Journal, target: Journal, progress: Moved | None = None) -> None:
    """Copies what is missing, then proves that the target holds all of it. Raises CorruptObject, naming the object."""

    def one(item: JournalObject) -> None:
        body = source.read(item.key)
        check_object(item.key, body)
        target.put(item.key, body)

    for done, _ in enumerate(_in_parallel(one, difference.missing), start=1):
        if progress:
            progress(done, len(difference.missing))
    _prove(difference, source, target)


def _in_parallel(work: Callable[[JournalObject], None], items: Iterable[JournalObject]) -> Iterator[None]:
    """Does the work for all, a few at once; the first error ends it, and what was not begun is never begun."""
    waiting = iter(items)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(waiting, 16 * AT_ONCE)):
            yield from pool.map(work, batch)


def _prove(difference: Difference, source: Journal, target: Journal) -> None:
    """Every object of the source is there, as large; where a size differs (another packer), with the same entries."""
    held = {item.key: item.size for item in target.list()}
    for item in (*difference.missing, *difference.shared):
        if item.key not in held:
            raise CorruptObject(f"{item.key} did not arrive; run the same command again")
        if held[item.key] != item.size and not _holds_the_same(item.key, source, target):
            raise CorruptObject(f"{item.key} holds other entries on the two sides")


def _holds_the_same(key: str, source: Journal, target: Journal) -> bool:
    return decode(key, source.read(key)) == decode(key, target.read(key))


# ---- the state --------------------------------------------------------------------------------------------------

StateNow = Literal["made", "kept", "none"]


def settle_in(
    journal: Journal, hot: HotStore, owner: str | None, *, now: datetime, last_run: datetime | None = None
) -> StateNow:
    """Makes state and hot plays from the journal where there is no state yet, and ties them to the owner's account.

    `last_run` is the last poll of where the journal comes from: idle polls are not in it, and vouch for the time since.
    `kept` where there was a state: it knows better, and what it has not seen the journal has. `none` where nothing was
    ever polled.
    """
    before = hot.load_state()
    state = before or rebuild(journal, hot, now=now)
    if state is None:
        return "none"
    if owner and state.account_hash is None:
        _tie(hot, state, owner)
    if last_run and not before:
        hot.touch(last_run)
    return "kept" if before else "made"


def _tie(hot: HotStore, state: IngestionState, owner: str) -> None:
    hot.commit([], state.model_copy(update={"version": state.version + 1, "account_hash": owner}))
