"""Reports as text for a person. Nothing is decided here."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from aggregation.job import NightReport
from cli.commands import Coverage, Status, ToldGap
from cli.options import OUT, print_json
from enrichment.job import EnrichReport
from ingestion.capture import CaptureReport
from ingestion.export import ImportReport
from playledger.models import IngestionState, Quarantined, format_instant
from playledger.policy import Policy
from playledger.ports import Rows
from playlist.job import PlaylistReport

GAP_COLUMNS = ("after (UTC)", "before", "quiet until", "class", "plays lost", "estimate")


def say(sentence: str) -> None:
    """One line of plain text."""
    OUT.print(sentence, markup=False, soft_wrap=True)


def plain(value: Any) -> str:
    """A cell as text: UTC moments to the millisecond, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_instant(value) if value.tzinfo else value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return value.isoformat() if isinstance(value, date) else str(value)


def rows_as_table(found: Rows, empty: str = "No rows.") -> None:
    """A table on the terminal."""
    if not found.rows:
        return say(empty)
    table = Table(*[escape(name) for name in found.columns])
    for row in found.rows:
        table.add_row(*[escape(plain(value)) for value in row])
    return OUT.print(table)


def rows_as_json(found: Rows) -> None:
    """A JSON array of objects."""
    print_json([dict(zip(found.columns, map(_json_value, row), strict=True)) for row in found.rows])


def rows_as_csv(found: Rows) -> None:
    """Comma-separated values with a header line."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(found.columns)
    writer.writerows([plain(value) for value in row] for row in found.rows)
    typer.echo(out.getvalue(), nl=False)


def rows_as_parquet(found: Rows, path: Path) -> None:
    """A Parquet file, with the types that the values have."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = zip(*found.rows, strict=True) if found.rows else ((),) * len(found.columns)
    table = pa.Table.from_arrays([pa.array(list(column)) for column in columns], names=list(found.columns))
    parquet.write_table(table, path)
    say(f"{len(found.rows)} rows in {path}")


def answered(found: Rows, *, json: bool, csv: bool, parquet: Path | None) -> None:
    """An answer in the form that is wanted."""
    if parquet:
        rows_as_parquet(found, parquet)
    elif json:
        rows_as_json(found)
    elif csv:
        rows_as_csv(found)
    else:
        rows_as_table(found)


def _json_value(value: Any) -> Any:
    return plain(value) if isinstance(value, datetime | date) else value


def coverage_shown(found: Coverage) -> None:
    """Gaps, and what else makes the record less than certain."""
    rows = tuple(_gap_row(gap) for gap in found.gaps)
    rows_as_table(Rows(GAP_COLUMNS, rows), empty="No gaps: every poll overlapped the one before.")
    if found.unpolled_since:
        say(f"No poll has succeeded since {plain(found.unpolled_since)} UTC: plays since then may be lost.")
    if found.short_windows:
        say(f"{found.short_windows} answers were shorter than the account is known to hold; they vouch for little.")
    if found.small_overlaps:
        say(f"{found.small_overlaps} polls hardly overlapped the one before: poll more often, see capture --if-due.")


def _gap_row(gap: ToldGap) -> tuple[str, ...]:
    """Moments to the minute, so that a row fits a terminal of 80 columns."""
    moments = [(moment or "")[:16] for moment in (gap.after, gap.before, gap.quiet_until)]
    estimate = "" if gap.lost_estimate is None else f"{gap.lost_estimate:.0f}"
    return (*moments, gap.gap_class, f"{gap.lost_min} to {gap.lost_max}", estimate)


def captured(report: CaptureReport) -> None:
    """What a poll found."""
    if report.outcome == "not_due":
        return say("Not due: the window cannot fill before the next full hour.")
    if report.outcome == "blocked":
        return say(f"Spotify asked us to wait until {plain(report.blocked_until)} UTC; nothing was asked.")
    say(f"{report.new} new plays in {report.objects} journal objects ({report.outcome}).")
    if report.gap:
        say("The window overlaps nothing known: plays may be missing before it. See: playledger gaps")
    if report.short_window:
        say("Spotify gave fewer plays than it knows: this window vouches for nothing older than itself.")
    if report.quarantined:
        say(f"{report.quarantined} records could not be read. See: playledger quarantine")
    return None


def imported(report: ImportReport) -> None:
    """What an import did."""
    rows_as_table(_pairs(report.model_dump(mode="json")))


def enriched(report: EnrichReport) -> None:
    """What was learned."""
    rows_as_table(_pairs(report.model_dump(mode="json")))


def aggregated(report: NightReport) -> None:
    """What the night did."""
    rows_as_table(_pairs(report.model_dump(mode="json")))


def playlist_written(report: PlaylistReport) -> None:
    """What the playlist holds now."""
    rows_as_table(_pairs(report.model_dump(mode="json")))


def policy_shown(policy: Policy, place: str) -> None:
    """What counts, in sentences, and where that is written."""
    counted = [f"heard for {policy.least_seconds} seconds or more, or for an unknown time"]
    counted += ["ended by itself"] if policy.count_finished else []
    say(f"{place}:")
    say(f"  A play counts if it was {', or '.join(counted)}.")
    say(
        f"  It counts if it is {', '.join(policy.kinds)}, "
        f"{'in a private session too' if policy.count_incognito else 'but not in a private session'}."
    )
    left_out = {kind: len(entries) for kind, entries in policy.exclude if entries}
    words = ", ".join(f"{count} {kind if count > 1 else kind.removesuffix('s')}" for kind, count in left_out.items())
    say(f"  Left out: {words or 'nothing'}{' (see: playledger exclude list)' if words else ''}.")
    said = len(policy.songs.same) + len(policy.songs.apart)
    say(f"  Songs: by recording code, else title and artist; {said} said otherwise.")


def status_shown(found: Status) -> None:
    """How the ledger stands."""
    rows_as_table(_pairs(found.model_dump(mode="json")))


def quarantined(records: Sequence[Quarantined], report: Any) -> None:
    """The records kept aside, and what reading them again gave."""
    if report is not None:
        say(f"{report.readable} of {report.records} can be read now and are plays; they count from the next aggregate.")
    rows = tuple((record.ingested_at, record.origin, record.reason, record.raw[:80]) for record in records)
    rows_as_table(Rows(("ingested_at", "origin", "reason", "raw"), rows), empty="The quarantine is empty.")


def rebuilt(state: IngestionState | None) -> None:
    """The state that was made."""
    if state is None:
        return say("The journal holds no poll: there is no state to make.")
    return say(f"State made: {len(state.seen)} plays remembered, covered since {plain(state.coverage_from)} UTC.")


def _pairs(values: dict[str, Any]) -> Rows:
    words = {name.replace("_", " "): value for name, value in values.items()}
    return Rows(("what", "value"), tuple((name, _short(value)) for name, value in words.items()))


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) if len(value) <= 8 else f"{len(value)} of them"
    return plain(value)
