"""Marries polled and exported rows of one recording: as many pairs as possible, then the nearest, never crossing.

Rows are sightings in order of time. Whatever can depend on one another lies in one chain, and a chain is matched whole,
so that the outcome does not depend on where a day, or what somebody loaded, ends.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

NEAR_MS = 90_000
"""Pairs this near are made first."""

SLACK_MS = 120_000
"""What is left may lie apart by the track's length and this."""

FARTHEST_MS = 86_400_000
"""No pair lies farther apart than a day: who has loaded a whole day on each side of a chain has seen all of it."""


class Sighting(NamedTuple):
    """One row: Unix milliseconds, and how long the track is (polled) or was heard (exported), in milliseconds."""

    at: int
    length: int | None = None


@dataclass(frozen=True)
class Chain:
    """Rows that are connected by possible pairs, as indices in order; `pairs` are the marriages among them."""

    polled: tuple[int, ...]
    exported: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


Edge = tuple[int, int, int]
"""Index of a polled row, index of an exported row, distance in ms."""


def chains(polled: Sequence[Sighting], exported: Sequence[Sighting]) -> list[Chain]:
    """All chains of one recording. Both lists ascend in time; rows without a possible partner are in no chain."""
    return [_married(edges) for edges in _components(list(_edges(polled, exported)))]


def tolerance(polled: Sighting, exported: Sighting) -> int:
    """How far apart the two may lie, in milliseconds. What was heard stands in where the track's length is unknown."""
    length = exported.length if polled.length is None else polled.length
    return min(max(length or 0, 0) + SLACK_MS, FARTHEST_MS)


def _edges(polled: Sequence[Sighting], exported: Sequence[Sighting]) -> Iterator[Edge]:
    moments = [row.at for row in exported]
    for left, row in enumerate(polled):
        reach = FARTHEST_MS if row.length is None else tolerance(row, row)
        for right in range(bisect_left(moments, row.at - reach), bisect_right(moments, row.at + reach)):
            distance = abs(row.at - moments[right])
            if distance <= tolerance(row, exported[right]):
                yield left, right, distance


def _components(edges: Sequence[Edge]) -> list[list[Edge]]:
    """The edges by connected component, each in the order given."""
    parents: dict[int, int] = {}

    def root(node: int) -> int:
        while (parent := parents.setdefault(node, node)) != node:
            parents[node] = node = parents[parent]
        return node

    for left, right, _ in edges:
        parents[root(left)] = root(~right)
    components: dict[int, list[Edge]] = {}
    for edge in edges:
        components.setdefault(root(edge[0]), []).append(edge)
    return list(components.values())


def _married(edges: Sequence[Edge]) -> Chain:
    polled, exported = ({edge[side] for edge in edges} for side in (0, 1))
    if len(edges) == 1:
        return Chain((*polled,), (*exported,), ((edges[0][0], edges[0][1]),))
    near = _align(edge for edge in edges if edge[2] <= NEAR_MS)
    taken, given = {left for left, _ in near}, {right for _, right in near}
    far = _align(edge for edge in edges if edge[0] not in taken and edge[1] not in given)
    return Chain(tuple(sorted(polled)), tuple(sorted(exported)), tuple(sorted([*near, *far])))


_Best = tuple[int, int, int]
"""A way to end in a pair: pairs so far, minus their distances, minus the number of the last edge. Greater is better, so
that of equal ways the earlier rows win."""

_NOTHING: _Best = (0, 0, 1)


def _align(edges: Iterable[Edge]) -> list[tuple[int, int]]:
    """The best set of pairs that do not cross, out of edges sorted by polled row, then exported row.

    Each edge extends the best way that ends before both its rows: the work grows with the edges, not with polled times
    exported rows.
    """
    ordered = list(edges)
    places = {right: place for place, right in enumerate(sorted({right for _, right, _ in ordered}))}
    ways = _Maxima(len(places))
    previous: list[int] = []
    for _, row in groupby(enumerate(ordered), key=lambda numbered: numbered[1][0]):
        reached = []
        for number, (_, right, distance) in row:
            pairs, closeness, last = ways.below(places[right])
            previous.append(-last)
            reached.append((places[right], (pairs + 1, closeness - distance, -number)))
        for place, way in reached:
            ways.put(place, way)
    return _walk_back(ordered, previous, -ways.below(len(places))[2])


def _walk_back(edges: Sequence[Edge], previous: Sequence[int], number: int) -> list[tuple[int, int]]:
    chosen = []
    while number >= 0:
        chosen.append(edges[number][:2])
        number = previous[number]
    return chosen[::-1]


class _Maxima:
    """The best way to end below a place (a Fenwick tree)."""

    def __init__(self, places: int) -> None:
        self._best = [_NOTHING] * (places + 1)

    def below(self, place: int) -> _Best:
        """The best of all ways put at a lesser place."""
        best = _NOTHING
        while place > 0:
            best = max(best, self._best[place])
            place &= place - 1
        return best

    def put(self, place: int, way: _Best) -> None:
        """Adds a way to end at this place."""
        place += 1
        while place < len(self._best):
            self._best[place] = max(self._best[place], way)
            place += place & -place
