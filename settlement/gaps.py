"""The holes in coverage as the `gaps` table: how many plays each may hold, and whether one inside is proved."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from playledger.coverage import SHORTEST_PLAY_MS, Hole, Span, uncovered
from playledger.errors import CorruptObject
from playledger.models import Gap, GapClass, Media, Source, canonical_row, from_ms, parse_instant, to_ms, utc_day
from playledger.ports import Journal, Stored, TableStore
from settlement.days import JournalDays, dates
from settlement.evidence import Evidence, gather

GAPS_VERSION = 2
TABLE, PLAYS = "gaps", "plays"

BASE_DAYS = 28
"""The listener's rate is that of the four weeks before the hole: each hour of the week is met four times."""

LEAST_DAYS = 14
"""With less history there is no estimate."""

HOUR_MS = 3_600_000
HOURS_A_WEEK = 168


def settle_gaps(journal: Journal, tables: TableStore, *, evidence: Evidence | None = None) -> tuple[Gap, ...]:
    """All gaps, oldest first. They follow from coverage and plays, and are found again only where those changed.

    `evidence` is what settling has gathered a moment ago; without it the journal is listed here.
    """
    evidence = evidence or gather(JournalDays(journal), tables)
    plays = tables.list(PLAYS)
    stored = tables.list(TABLE).get("")
    digest = _digest(evidence, plays)
    if stored and stored.digest == digest:
        return tuple(Gap.model_validate(row) for row in tables.read(TABLE, ""))
    earlier = _earlier(tables, stored)
    known = _KnownPlays(tables, plays)
    gaps = tuple(_kept(hole, evidence, known, earlier) for hole in uncovered(evidence.vouched, evidence.healed))
    tables.write(TABLE, "", map(canonical_row, gaps), digest=digest, replaces=stored)
    return gaps


def _earlier(tables: TableStore, stored: Stored | None) -> dict[str, Gap]:
    """The gaps that this version found before, by what they were made from; none where they cannot be read."""
    if stored is None or not stored.digest.startswith(f"v{GAPS_VERSION}:"):
        return {}
    try:
        gaps = [Gap.model_validate(row) for row in tables.read(TABLE, "")]
    except CorruptObject:
        return {}
    return {gap.made_from: gap for gap in gaps}


def _digest(evidence: Evidence, plays: Mapping[str, Stored]) -> str:
    lines = [evidence.digest, *(f"{dt}={stored.digest}" for dt, stored in sorted(plays.items()))]
    return f"v{GAPS_VERSION}:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


class _KnownPlays:
    """Settled plays that polling would have listed, by date; only dates that matter to a hole are read."""

    def __init__(self, tables: TableStore, listed: Mapping[str, Stored]) -> None:
        self._tables = tables
        self._listed = listed
        self._first = date.fromisoformat(min(listed)) if listed else None
        self.of = lru_cache(2 * BASE_DAYS)(self._of)
        self.rates = lru_cache(1)(self._rates)

    def _of(self, dt: date) -> list[tuple[int, bool]]:
        """Unix ms of each play, and whether polling missed it."""
        rows = self._tables.read(PLAYS, dt.isoformat())
        return [(to_ms(parse_instant(row["played_at"])), row["source"] == Source.EXPORT) for row in rows if _lists(row)]

    def base(self, before: date) -> list[date]:
        """The days before this date from which the listener's rate is taken."""
        first = max(self._first, before - timedelta(days=BASE_DAYS)) if self._first else before
        return list(dates(first, before - timedelta(days=1)))

    def named(self, days: Iterable[date]) -> list[str]:
        """What the plays of these days were made from."""
        found = ((dt, self._listed.get(dt.isoformat())) for dt in days)
        return [f"{dt}={stored.digest if stored else None}" for dt, stored in found]

    def _rates(self, before: date) -> Sequence[float] | None:
        """Plays to expect in each UTC hour of a week (0: the epoch's Thursday), from the days before this date."""
        days = self.base(before)
        if len(days) < LEAST_DAYS:
            return None
        counts, met = [0] * HOURS_A_WEEK, [0] * HOURS_A_WEEK
        for dt in days:
            for hour in range(24):
                met[(_day_number(dt) * 24 + hour) % HOURS_A_WEEK] += 1
            for moment, _ in self.of(dt):
                counts[moment // HOUR_MS % HOURS_A_WEEK] += 1
        return [count / weeks for count, weeks in zip(counts, met, strict=True)]


def _day_number(dt: date) -> int:
    return dt.toordinal() - date(1970, 1, 1).toordinal()


def _lists(row: Mapping[str, Any]) -> bool:
    """Whether polling lists such a play: music, and not known to be shorter than what Spotify lists."""
    return row["kind"] == Media.MUSIC and (row["ms_played"] is None or row["ms_played"] >= SHORTEST_PLAY_MS)


def _kept(hole: Hole, evidence: Evidence, known: _KnownPlays, earlier: Mapping[str, Gap]) -> Gap:
    """The hole as a gap: as it was found before, where it would be found so again."""
    is_late = any(hole.after < moment < hole.before for moment in evidence.late)
    inside = _exported_days(hole, evidence.exported)
    inputs = [str(hole), f"late={is_late}", *known.named(inside), *known.named(known.base(_start(hole)))]
    made_from = hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:32]
    return earlier.get(made_from) or _gap(hole, is_late, inside, known, made_from)


def _gap(hole: Hole, is_late: bool, inside: Sequence[date], known: _KnownPlays, made_from: str) -> Gap:
    missed = any(is_missed and hole.after < moment < hole.before for dt in inside for moment, is_missed in known.of(dt))
    return Gap(
        after=from_ms(hole.after),
        before=from_ms(hole.before),
        quiet_until=None if hole.quiet_until is None else from_ms(hole.quiet_until),
        gap_class=GapClass.CERTAIN if missed or is_late else GapClass.POSSIBLE,
        lost_min=min(int(missed), hole.lost_max),
        lost_max=hole.lost_max,
        lost_estimate=_estimate(hole, known),
        made_from=made_from,
    )


def _exported_days(hole: Hole, exported: Sequence[Span]) -> list[date]:
    """The days of the hole that an export reaches into: only there an exported play can lack its polled partner."""
    reaching = [span for span in exported if span.lo < hole.before and hole.after < span.hi]
    days = {
        dt
        for span in reaching
        for dt in dates(utc_day(from_ms(max(span.lo, hole.after))), utc_day(from_ms(min(span.hi, hole.before))))
    }
    return sorted(days)


def _start(hole: Hole) -> date:
    """The date before which the listener's rate is measured."""
    return utc_day(from_ms(hole.after if hole.quiet_until is None else hole.quiet_until))


def _estimate(hole: Hole, known: _KnownPlays) -> float | None:
    """Plays to expect between the last quiet poll, or the hole's beginning, and its end; at most what fits in.

    Hours of earlier holes count with what is known of them, so that frequent holes make it too low.
    """
    start = hole.after if hole.quiet_until is None else hole.quiet_until
    rates = known.rates(_start(hole))
    if rates is None:
        return None
    expected, moment = 0.0, start
    while moment < hole.before:
        hour = moment // HOUR_MS
        until = min((hour + 1) * HOUR_MS, hole.before)
        expected += rates[hour % HOURS_A_WEEK] * (until - moment) / HOUR_MS
        moment = until
    return round(min(expected, hole.lost_max), 1)
