"""What polls and exports vouch for, folded once per month of the journal and kept in the `coverage` table."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from glue_catalog.tables import CoverageRow
from playledger.coverage import Span, Vouched, fold, fold_claims, healed_by, union
from playledger.models import Claim, Entry, ExportSpan, PlayEvent, canonical_row, from_ms, to_ms
from playledger.ports import Stored, TableStore
from settlement.days import JournalDays

COVERAGE_VERSION = 2
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
    """The evidence of all months; those whose journal changed are folded again, and stored."""
    stored = tables.list(TABLE)
    months: dict[str, list[date]] = {month: [] for month in sorted(stored)}
    for dt in days.dates:
        months.setdefault(f"{dt:%Y-%m}", []).append(dt)
    evidence = Evidence()
    digests = []
    for month, inside in sorted(months.items()):
        rows, digest = _month(days, tables, month, inside, stored.get(month))
        digests.append(f"{month}={digest}")
        _add(evidence, rows)
    evidence.vouched = fold(evidence.vouched)
    evidence.digest = hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32]
    return evidence


def _month(
    days: JournalDays, tables: TableStore, month: str, inside: Sequence[date], stored: Stored | None
) -> tuple[Sequence[Mapping[str, Any]], str]:
    """The rows of a month and the digest of what they were made from."""
    made_from = days.digest(inside[0], inside[-1]) if inside else "none"
    digest = f"v{COVERAGE_VERSION}:{made_from}"
    if stored and stored.digest == digest:
        return tables.read(TABLE, month), digest
    rows = _folded(entry for dt in inside for entry in days.evidence(dt))
    tables.write(TABLE, month, rows, digest=digest, replaces=stored)
    return rows, digest


def _folded(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    kept = list(entries)
    claims = [entry for entry in kept if isinstance(entry, Claim)]
    exported = {Span(to_ms(entry.lo), to_ms(entry.hi)) for entry in kept if isinstance(entry, ExportSpan)}
    late = {to_ms(entry.played_at) for entry in kept if isinstance(entry, PlayEvent) and entry.is_late}
    return [
        *(_row("polls", span.lo, span.hi, span.quiet_until) for span in fold_claims(claims)),
        *(_row("export", span.lo, span.hi) for span in sorted(exported)),
        *(_row("late", moment, moment) for moment in sorted(late)),
    ]


def _row(what: str, lo: int, hi: int, quiet_until: int | None = None) -> dict[str, Any]:
    quiet = None if quiet_until is None else from_ms(quiet_until)
    return canonical_row(
        CoverageRow.model_validate({"what": what, "lo": from_ms(lo), "hi": from_ms(hi), "quiet_until": quiet})
    )


def _add(evidence: Evidence, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in map(CoverageRow.model_validate, rows):
        lo, hi = to_ms(row.lo), to_ms(row.hi)
        if row.what == "polls":
            evidence.vouched.append(Vouched(lo, hi, None if row.quiet_until is None else to_ms(row.quiet_until)))
        elif row.what == "export":
            evidence.exported.append(Span(lo, hi))
        else:
            evidence.late.append(lo)
