"""How long the tail of a history is: distinct tracks, artists, contexts by span, and members beside real listeners."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import fmean

from simulator.catalogue import Track
from simulator.plays import ListenedPlay

SPANS = {"day": 10, "month": 7, "year": 4, "all": 0}
"""How many characters of a date name each span."""

COUNTED = ("tracks", "artists", "albums", "tracks x contexts")

Figures = tuple[int, int, int, float, float]

REAL = {"heavy": (29_557, 1_820, 475, 0.361, 0.492), "moderate": (3_049, 1_458, 721, 0.626, 0.324)}
"""Two real listeners, aggregates: listed plays, distinct tracks and artists, share of the tracks played once, and share
of the plays that the 100 most played tracks have."""

EIGHT_YEARS = "A real account of eight years: 154,921 streams, 14,513 tracks, 3,706 artists."


@dataclass
class Census:
    """Counts as the plays of a household go by, dates ascending."""

    plays: int = 0
    _open: dict[str, tuple[str, tuple[set[str], ...]]] = field(default_factory=dict)
    _closed: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    _members: dict[int, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, dt: date, made: Sequence[tuple[int, ListenedPlay]]) -> None:
        """A date's plays."""
        self.plays += len(made)
        found = _distinct(play for _, play in made)
        for span, length in SPANS.items():
            name = str(dt)[:length]
            if span not in self._open or self._open[span][0] != name:
                self._close(span)
                self._open[span] = name, tuple(set() for _ in COUNTED)
            for seen, new in zip(self._open[span][1], found, strict=True):
                seen |= new
        self._remember(made)

    def distinct(self) -> dict[str, dict[str, int]]:
        """Span -> what -> how many distinct ones a span of this length has, on the average."""
        for span in SPANS:
            self._close(span)
        return {
            span: {what: round(fmean(row[column] for row in rows)) for column, what in enumerate(COUNTED)}
            for span, rows in self._closed.items()
        }

    def members(self, profiles: Sequence[str]) -> Iterator[tuple[str, Figures, Figures]]:
        """Of the first member of each profile: its figures, and those of the real listener over as many plays."""
        for name, real in REAL.items():
            if name in profiles and len(made := self._members.get(profiles.index(name), [])) >= real[0]:
                yield name, _figures(made[: real[0]]), real

    def _close(self, span: str) -> None:
        if span in self._open:
            self._closed.setdefault(span, []).append(tuple(map(len, self._open.pop(span)[1])))

    def _remember(self, made: Iterable[tuple[int, ListenedPlay]]) -> None:
        most = max(real[0] for real in REAL.values())
        for number, play in made:
            known = self._members.setdefault(number, [])
            if play.visible and isinstance(play.item, Track) and len(known) < most:
                known.append((play.item.id, play.item.artists[0].id))


def _distinct(plays: Iterable[ListenedPlay]) -> tuple[set[str], ...]:
    tracks, artists, albums, pairs = set(), set(), set(), set()
    for play in plays:
        if isinstance(play.item, Track):
            tracks.add(play.item.id)
            artists.add(play.item.artists[0].id)
            albums.add(play.item.album.id)
            pairs.add(f"{play.item.id} {play.context_uri}")
    return tracks, artists, albums, pairs


def _figures(made: Sequence[tuple[str, str]]) -> Figures:
    tracks = Counter(track for track, _ in made)
    once = sum(count == 1 for count in tracks.values()) / len(tracks)
    top = sum(count for _, count in tracks.most_common(100)) / len(made)
    return len(made), len(tracks), len({artist for _, artist in made}), round(once, 3), round(top, 3)
