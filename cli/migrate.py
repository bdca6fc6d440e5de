"""Bringing a ledger from this machine to a deployment, or back: compared, copied, proved, and told at the end."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from aggregation.lookback import look_back
from cli.options import progress_bar
from cli.show import say
from enrichment.transfer import carry_marks, carry_metadata, carry_playlists
from playledger.models import Model
from settlement.job import reconcile
from settlement.transfer import Difference, StateNow, check_owners, compare, copy, settle_in
from wiring.sides import Side

POLICY = "policy.toml"

PolicyNow = Literal["copied", "same", "differs", "none"]


class MigrationReport(Model):
    """What was carried, or with `dry_run` would be. Counts of metadata are only known once it is carried."""

    source: str
    target: str
    dry_run: bool
    objects: int
    bytes: int
    objects_there: int
    objects_only_there: int
    policy: PolicyNow
    tracks: int | None = None
    artists: int | None = None
    playlists: int | None = None
    state: StateNow | None = None


def migrate(
    source: Side, target: Side, now: datetime, *, dry_run: bool, is_same: bool = False, quiet: bool = False
) -> MigrationReport:
    """Journal, metadata, playlists and policy of the source to the target, whose state is made where it has none.

    Raises WrongAccount before anything is written, CorruptObject where an object is not what it should be.
    """
    found = compare(source.journal, target.journal)
    owner, there = source.owner(), target.owner()
    check_owners(owner, there, found, is_same=is_same)
    if dry_run:
        return _report(source, target, found, dry_run=True)
    found = _with_spooled(source, found, target, now)
    with progress_bar("journal", quiet=quiet) as progress:
        copy(found, source.journal, target.journal, progress)
    look_back(target.tables)
    with progress_bar("metadata", quiet=quiet) as progress:
        tracks, artists = carry_metadata(
            source.tables, source.cache, target.tables, target.cache, now=now, progress=progress
        )
    carry_marks(source.cache, target.cache, target.journal)
    report = _report(source, target, found, dry_run=False)
    _carry_policy(source, target)
    playlists = carry_playlists(source.tables, target.tables)
    # all of the journal is read for it: where both hold the same, the one at hand
    journal = source.journal if source.is_near and not found.foreign else target.journal
    state = settle_in(journal, target.hot, owner or there, now=now, last_run=source.last_run())
    counts = {"tracks": tracks, "artists": artists, "playlists": playlists, "state": state}
    return report.model_copy(update=counts)


def _with_spooled(source: Side, found: Difference, target: Side, now: datetime) -> Difference:
    """What capture could not put into the journal lies beside it, and would stay behind."""
    if not source.hot.spooled_claims():
        return found
    reconcile(source.journal, source.hot, now=now)
    return compare(source.journal, target.journal)


def _report(source: Side, target: Side, found: Difference, *, dry_run: bool) -> MigrationReport:
    return MigrationReport(
        source=source.place,
        target=target.place,
        dry_run=dry_run,
        objects=len(found.missing),
        bytes=found.bytes,
        objects_there=len(found.shared),
        objects_only_there=found.foreign,
        policy=_policy(source, target),
    )


def _policy(source: Side, target: Side) -> PolicyNow:
    ours, theirs = source.files.published(POLICY), target.files.published(POLICY)
    if ours is None:
        return "none"
    return "copied" if theirs is None else "same" if ours == theirs else "differs"


def _carry_policy(source: Side, target: Side) -> None:
    """Only where there is none: what counts is the owner's to decide, not the last copy's."""
    body = source.files.published(POLICY)
    if body is not None and target.files.published(POLICY) is None:
        target.files.publish(POLICY, body, "application/toml")


# ---- told -------------------------------------------------------------------------------------------------------


def migrated(report: MigrationReport, source: Side, target: Side) -> None:
    """What was done, and what is left to the owner."""
    for line in (*_done(report), *_left(report, source, target)):
        say(line)


def _done(report: MigrationReport) -> Iterator[str]:
    size = f"{report.bytes / 1000:,.0f} kB"
    if report.dry_run:
        yield f"Nothing was changed. From {report.source} to {report.target} would go:"
        yield f"  journal: {report.objects} objects, {size}; {report.objects_there} are there already"
        yield f"  policy.toml: {report.policy}"
        yield "  metadata, playlists: what is not known there as well"
        return
    yield f"From {report.source} to {report.target}, and proved there:"
    yield f"  journal: {report.objects} objects, {size}; {report.objects_there} were there already"
    yield f"  metadata: {report.tracks} tracks, {report.artists} artists; playlists of {report.playlists} weeks"
    yield f"  policy.toml: {report.policy}; state: {report.state}"


def _left(report: MigrationReport, source: Side, target: Side) -> Iterator[str]:
    if report.policy == "differs":
        yield "policy.toml differs and was left alone: keep the one you want on both sides."
    ours, theirs = source.settings, target.settings
    for name in ("time_zone", "playlist_name", "playlist_unplayed_days", "playlist_size"):
        if getattr(ours, name) != getattr(theirs, name):
            yield (
                f"Settings differ: {name} is {getattr(ours, name)!r} in {source.place}, "
                f"{getattr(theirs, name)!r} in {target.place}."
            )
    if not report.dry_run:
        yield "The login stays where it is; tables and page are made anew by the next night there."
        yield "Both sides may go on polling: the same play is the same play. One of them is enough."
