"""Whether the journal still holds what its names say: each name is a digest of the entries in the object."""

from collections.abc import Callable
from datetime import date

from playledger.errors import CorruptObject
from playledger.journal import decode, encode
from playledger.ports import Journal


def check_object(key: str, body: bytes) -> None:
    """Raises CorruptObject where the entries are not those that the object is named after."""
    entries = decode(key, body)
    made = encode(entries, date.fromisoformat(key.split("/")[1].removeprefix("dt="))).key
    if made != key:
        raise CorruptObject(f"{key} does not hold what its name says: its entries make {made}")


def damaged(journal: Journal, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """What is wrong with each object that is not as it should be; all of them are read."""
    objects, found = journal.list(), []
    for done, item in enumerate(objects, start=1):
        try:
            check_object(item.key, journal.read(item.key))
        except CorruptObject as error:
            found.append(str(error))
        if progress:
            progress(done, len(objects))
    return found
