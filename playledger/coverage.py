"""Coverage: spans that polls vouch for, their union, and the holes in it. Pure, in Unix milliseconds.

Claims are folded into disjoint spans; folding folds again comes to the same, so that closed months are folded once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from playledger.models import Claim, ExportSpan, to_ms

SHORTEST_PLAY_MS = 30_000
"""Spotify lists no play under about 30 s, so a hole holds at most span / 30 s of them."""

HEALING_TAIL_MS = 48 * 3_600_000
"""An export's last two days may still be filling up when it is made: they heal nothing."""


@dataclass(frozen=True, order=True)
class Span:
    """A closed interval [lo, hi] of Unix milliseconds."""

    lo: int
    hi: int


@dataclass(frozen=True)
class Vouched:
    """A span that polls vouch for whole, and the newest poll before `lo` that the claim beginning at `lo` tells of."""

    lo: int
    hi: int
    quiet_until: int | None = None


@dataclass(frozen=True)
class Hole:
    """An open interval (after, before) that nothing vouches for, and the last quiet poll inside it."""

    after: int
    before: int
    quiet_until: int | None = None

    @property
    def lost_max(self) -> int:
        """Most plays that fit in."""
        return (self.before - self.after) // SHORTEST_PLAY_MS


def union(spans: Iterable[Span]) -> list[Span]:
    """Disjoint spans in order, covering the same moments; spans that touch are one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.lo <= merged[-1].hi:
            merged[-1] = Span(merged[-1].lo, max(merged[-1].hi, span.hi))
        else:
            merged.append(span)
    return merged


def vouched(claim: Claim) -> Vouched | None:
    """What a claim vouches for: the time from its `lo` to its `hi`, and nothing before.

    A short window may have left out anything: it vouches for nothing but the plays it showed.
    """
    if claim.is_short:
        return None
    lo, poll = to_ms(claim.lo), claim.previous_poll
    return Vouched(lo, to_ms(claim.hi), to_ms(poll) if poll and to_ms(poll) < lo else None)


def fold(spans: Iterable[Vouched]) -> list[Vouched]:
    """Disjoint spans in order, vouching for the same moments and telling the same quiet polls."""
    folded: list[Vouched] = []
    for span in sorted(spans, key=lambda span: (span.lo, -(span.quiet_until or 0))):
        if folded and span.lo <= folded[-1].hi:
            folded[-1] = replace(folded[-1], hi=max(folded[-1].hi, span.hi))
        else:
            folded.append(span)
    return folded


def fold_claims(claims: Iterable[Claim]) -> list[Vouched]:
    """The claims as disjoint spans."""
    return fold(span for span in map(vouched, claims) if span)


def healing(span: ExportSpan) -> Span | None:
    """What an imported export file covers: its own span less the last 48 hours."""
    return healed_by(Span(to_ms(span.lo), to_ms(span.hi)))


def healed_by(exported: Span) -> Span | None:
    """The part of an export file's span that it covers."""
    return Span(exported.lo, exported.hi - HEALING_TAIL_MS) if exported.hi - HEALING_TAIL_MS > exported.lo else None


def holes(claims: Iterable[Claim], exports: Iterable[ExportSpan] = ()) -> list[Hole]:
    """The complement of all that is vouched for, from the first claim to the last, oldest first."""
    return uncovered(fold_claims(claims), union(span for span in map(healing, exports) if span))


def uncovered(known: Sequence[Vouched], healed: Sequence[Span]) -> list[Hole]:
    """The holes between folded spans, less what exports have healed (disjoint, in order).

    A hole starts behind the newest play vouched for before it, not at the last idle poll: a feed that stands still
    looks idle too. The idle poll is kept as `quiet_until`, told by the claim that closes the hole.
    """
    found = [Hole(left.hi, right.lo, right.quiet_until) for left, right in pairwise(known)]
    return [piece for hole in found for piece in _minus(hole, healed)]


def _minus(hole: Hole, healed: Sequence[Span]) -> list[Hole]:
    """What is left of a hole outside the healed spans."""
    pieces, start = [], hole.after
    for span in healed:
        if span.hi <= start or span.lo >= hole.before:
            continue
        if span.lo > start:
            pieces.append(Hole(start, span.lo))
        start = max(start, span.hi)
    if start < hole.before:
        pieces.append(_closed(start, hole))
    return pieces


def _closed(start: int, hole: Hole) -> Hole:
    """The last piece of a hole, which alone has its quiet poll, if that lies inside."""
    quiet = hole.quiet_until
    return Hole(start, hole.before, quiet if quiet is not None and start < quiet else None)
