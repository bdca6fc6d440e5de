"""What polls and exports vouch for, folded once per day of the journal and kept by month in the `coverage` table."""

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from typing import Any

from glue_catalog.tables import CoverageRow
from playledger.coverage import Span, Vouched, fold, fold_claims, healed_by, union
from playledger.errors import CorruptObject
from playledger.models import Claim, ExportSpan, PlayEvent, canonical_row, from_ms, to_ms
from playledger.ports import Stored, TableStore
from settlement.days import JournalDays

COVERAGE_VERSION = 3
TABLE = "coverage"


@dataclass
class Evidence:
    """Polls, exports and late plays of the whole journal, times in Unix milliseconds; `digest` names all of it."""

    vouched: list[Vouched] = field(default_factory=list)
    exported: list[Span] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    digest: str = ""

    @cached_property
    def healed(self) -> list[Span]:
        """What imported files cover."""
        return union(span for span in map(healed_by, self.exported) if span)

    def healed_within(self, first: int, last: int) -> list[Span]:
        """The part of it that lies in [first, last]; looks at no other part, for each day of a long journal asks."""
        start = bisect_left(self.healed, first, key=lambda span: span.hi)
        stop = bisect_right(self.healed, last, key=lambda span: span.lo)
        return [Span(max(span.lo, first), min(span.hi, last)) for span in self.healed[start:stop]]


def gather(days: JournalDays, tables: TableStore) -> Evidence:
    """The evidence of all months. Of a month whose journal changed the days that did are folded again, and stored.

    Folding spans that were folded by day comes to the same as folding all claims at once, in whatever order. A month of
    which the journal is not listed stays as it is.
    """
    stored = tables.list(TABLE)
    months: dict[str, list[date]] = {month: [] for month in sorted(stored)}
    for dt in filter(days.lists_month, days.dates):
        months.setdefault(f"{dt:%Y-%m}", []).append(dt)
    evidence = Evidence()
    digests = []
    for month, inside in sorted(months.items()):
        rows, digest = _month(days, tables, month, inside, stored.get(month))
        digests.append(f"{month}={digest}")
        _add(evidence, rows)
    evidence.vouched = fold(evidence.vouched)
    evidence.exported, evidence.late = sorted(set(evidence.exported)), sorted(set(evidence.late))
    evidence.digest = hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32]
    return evidence


def _month(
    days: JournalDays, tables: TableStore, month: str, inside: Sequence[date], stored: Stored | None
) -> tuple[Sequence[Mapping[str, Any]], str]:
    """The rows of a month and the digest of what they were made from."""
    if stored and not days.lists_month(date.fromisoformat(f"{month}-01")):
        return tables.read(TABLE, month), stored.digest
    made_from = days.digest(inside[0], inside[-1]) if inside else "none"
    digest = f"v{COVERAGE_VERSION}:{made_from}"
    if stored and stored.digest == digest:
        return tables.read(TABLE, month), digest
    kept = _by_day(tables, month, stored)
    rows = [row for dt in inside for row in kept.get(_named(days, dt)) or _folded(days, dt)]
    tables.write(TABLE, month, rows, digest=digest, replaces=stored)
    return rows, digest


def is_kept(tables: TableStore, months: Iterable[str]) -> bool:
    """Whether the evidence of these months is stored, as this version folds it."""
    stored = tables.list(TABLE)
    return all(month in stored and _is_of_this_version(stored[month]) for month in months)


def _is_of_this_version(stored: Stored) -> bool:
    return stored.digest.startswith(f"v{COVERAGE_VERSION}:")


def _named(days: JournalDays, dt: date) -> tuple[str, str]:
    """A date and the digest of its entries."""
    return str(dt), days.digest(dt, dt)


def _by_day(tables: TableStore, month: str, stored: Stored | None) -> Mapping[tuple[str, str], list[Mapping[str, Any]]]:
    """The rows that this version folded before, by the day that they were made from; none where they cannot be read.

    A day without any evidence has no rows, and is looked at again whenever its month changes.
    """
    found: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    if stored and _is_of_this_version(stored):
        with suppress(CorruptObject):
            for row in tables.read(TABLE, month):
                found[row["dt"], row["made_from"]].append(row)
    return found


def _folded(days: JournalDays, dt: date) -> list[dict[str, Any]]:
    entries = days.evidence(dt)
    claims = [entry for entry in entries if isinstance(entry, Claim)]
    exported = {Span(to_ms(entry.lo), to_ms(entry.hi)) for entry in entries if isinstance(entry, ExportSpan)}
    late = {to_ms(entry.played_at) for entry in entries if isinstance(entry, PlayEvent) and entry.is_late}
    row = partial(_row, *_named(days, dt))
    return [
        *(row("polls", span.lo, span.hi, span.quiet_until) for span in fold_claims(claims)),
        *(row("export", span.lo, span.hi) for span in sorted(exported)),
        *(row("late", moment, moment) for moment in sorted(late)),
    ]


def _row(dt: str, made_from: str, what: str, lo: int, hi: int, quiet_until: int | None = None) -> dict[str, Any]:
    quiet = None if quiet_until is None else from_ms(quiet_until)
    told = {"what": what, "lo": from_ms(lo), "hi": from_ms(hi), "quiet_until": quiet}
    return canonical_row(CoverageRow.model_validate({**told, "dt": dt, "made_from": made_from}))


def _add(evidence: Evidence, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in map(CoverageRow.model_validate, rows):
        lo, hi = to_ms(row.lo), to_ms(row.hi)
        if row.what == "polls":
            evidence.vouched.append(Vouched(lo, hi, None if row.quiet_until is None else to_ms(row.quiet_until)))
        elif row.what == "export":
            evidence.exported.append(Span(lo, hi))
        else:
            evidence.late.append(lo)
