"""Coverage: spans that polls vouch for, their union, and the holes in it. Pure, in Unix milliseconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


def vouched(claim: Claim) -> Span:
    """The span that a claim covers: back to the beginning where the window holds all the account ever played."""
    return Span(0 if claim.reaches_back else to_ms(claim.lo), to_ms(claim.hi))


def healing(span: ExportSpan) -> Span | None:
    """What an imported export file covers: its own span less the last 48 hours."""
    healed = Span(to_ms(span.lo), to_ms(span.hi) - HEALING_TAIL_MS)
    return healed if healed.hi > healed.lo else None


def holes(claims: Sequence[Claim], exports: Sequence[ExportSpan] = ()) -> list[Hole]:
    """The complement of all that is vouched for, from the first claim to the last, oldest first.

    A hole starts behind the newest play vouched for before it, not at the last idle poll: a feed that stands still
    looks idle too. The idle poll is kept as `quiet_until`. A short window vouches for nothing but its own plays.
    """
    whole = [claim for claim in claims if not claim.is_short]
    known = union([vouched(claim) for claim in whole])
    healed = union(span for span in map(healing, exports) if span)
    found = [Hole(left.hi, right.lo) for left, right in pairwise(known)]
    return [_with_quiet(piece, whole) for hole in found for piece in _minus(hole, healed)]


def _minus(hole: Hole, healed: Sequence[Span]) -> list[Hole]:
    """What is left of a hole outside the healed spans."""
    pieces, start = [], hole.after
    for span in healed:
        if span.hi <= start or span.lo >= hole.before:
            continue
        if span.lo > start:
            pieces.append(Hole(start, span.lo))
        start = max(start, span.hi)
    return [*pieces, Hole(start, hole.before)] if start < hole.before else pieces


def _with_quiet(hole: Hole, claims: Sequence[Claim]) -> Hole:
    """The hole with the newest quiet poll inside it, told by the claim that closes it."""
    polls = [to_ms(c.previous_poll) for c in claims if c.previous_poll and to_ms(c.lo) == hole.before]
    inside = [poll for poll in polls if hole.after < poll < hole.before]
    return Hole(hole.after, hole.before, max(inside, default=None))
