"""The policy of a ledger as a person edits it: on this machine or in AWS, with a word about each change."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from cli import known
from cli.policy_text import Entry, added, listed, removed, same
from cli.show import say
from playledger.policy import Policy

if TYPE_CHECKING:
    from wiring.aws import Aws as Deployment
    from wiring.laptop import Laptop


class Ledger:
    """The policy of one ledger, and what was ever played in it."""

    def __init__(self, wired: "Laptop | Deployment", place: str) -> None:
        self._wired = wired
        self.place = place

    def policy(self) -> Policy:
        """What counts now. Raises Misconfigured."""
        return self._wired.policies.load()[0]

    def tracks(self) -> Sequence[known.Track]:
        """See known.known_tracks."""
        return known.known_tracks(self._wired.engine)

    def entries(self, part: str, key: str) -> list[Any]:
        """What a list of policy.toml holds."""
        self.policy()
        return listed(self._wired.policies.text()[0], part, key)

    def add(self, part: str, key: str, entry: Entry | Sequence[str], words: str) -> None:
        """Adds an entry, unless it is there."""
        if any(same(entry, there) for there in self.entries(part, key)):
            return say(f"{words}: that is in {self.place} already.")
        text, version = self._wired.policies.text()
        self._wired.policies.save(added(text, part, key, entry), version)
        return say(f"{words}, from the next aggregate on. Written to {self.place}.")

    def take_away(self, part: str, key: str, entry: Entry, words: str) -> None:
        """Removes an entry. Raises typer.BadParameter, with what there is, where there is no such entry."""
        entries = self.entries(part, key)
        positions = [position for position, there in enumerate(entries) if same(entry, there)]
        if not positions:
            there = "; ".join(map(_written, entries)) or "nothing"
            raise typer.BadParameter(f"{_written(entry)} is not in {self.place}; there is: {there}")
        self.take_at(part, key, positions[0], words)

    def take_at(self, part: str, key: str, position: int, words: str) -> None:
        """Removes the entry at a place of a list."""
        text, version = self._wired.policies.text()
        self._wired.policies.save(removed(text, part, key, position), version)
        say(f"{words} again, from the next aggregate on. Written to {self.place}.")

    def show(self, lists: Mapping[str, Sequence[Any]], empty: str) -> None:
        """The lists of a part of the policy, an entry a line."""
        rows = [f"{key.removesuffix('s')}: {_written(entry)}" for key, entries in lists.items() for entry in entries]
        say("\n".join(rows) or empty)


def _written(entry: Any) -> str:
    if isinstance(entry, Mapping):
        return " to ".join(map(str, entry.values())) if "first" in entry else ": ".join(map(str, entry.values()))
    return " = ".join(entry) if isinstance(entry, list) else str(entry)
