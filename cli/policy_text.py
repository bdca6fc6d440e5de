"""Edits the text of a policy.toml: comments, order and everything else in it stay. Pure: text in, text out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.items import AoT

Entry = str | Mapping[str, Any]
"""An entry of a list: text, or the keys of an album or of a span of days."""


def listed(text: str, part: str, key: str) -> list[Any]:
    """What a list holds, as plain values."""
    return list(tomlkit.parse(text).unwrap().get(part, {}).get(key, []))


def same(one: Any, other: Any) -> bool:
    """Whether two entries mean the same: names whatever their case."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().lower() == other.strip().lower()
    return bool(one == other)


def added(text: str, part: str, key: str, entry: Entry | Sequence[str]) -> str:
    """The text with one entry more at the end of a list, which is made where it is missing."""

    def add(entries: Any) -> None:
        if isinstance(entry, Mapping):
            table = tomlkit.table() if isinstance(entries, AoT) else tomlkit.inline_table()
            table.update(entry)
            entries.append(table)
        else:
            entries.append(entry)

    return _changed(text, part, key, add)


def removed(text: str, part: str, key: str, position: int) -> str:
    """The text without one entry of a list."""
    return _changed(text, part, key, lambda entries: entries.pop(position))


def _changed(text: str, part: str, key: str, change: Callable[[Any], object]) -> str:
    document = tomlkit.parse(text)
    if part not in document:
        document[part] = tomlkit.table()
    section: Any = document[part]
    if key not in section:
        section[key] = tomlkit.array().multiline(True)
    change(section[key])
    if not section[key] and "#" not in section[key].as_string():
        section.remove(key)
    return tomlkit.dumps(document)
