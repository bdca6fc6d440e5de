"""Hot store and journal made alike: what one of them lacks comes from the other; all of it from the journal alone."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from playledger.journal import encode
from playledger.models import (
    SEEN_LIMIT,
    Claim,
    Entry,
    IngestionState,
    PlayEvent,
    Quarantined,
    seen_hash,
    to_ms,
    utc_day,
)
from playledger.ports import HotStore, Journal
from settlement.days import JournalDays


@dataclass(frozen=True)
class ReconcileReport:
    """What was missing: plays and claims carried to the journal in so many objects, plays filled into the hot store.

    `withheld` are spooled claims that vouched for plays neither side has any more; they are dropped, the gap is told.
    `alike` names by date what both sides hold where they hold the same: given to the next run, such a date is not read
    again while both stay as they are.
    """

    to_journal: int = 0
    objects: int = 0
    claims: int = 0
    withheld: int = 0
    to_hot: int = 0
    alike: Mapping[str, str] = field(default_factory=dict, compare=False)


def reconcile(
    journal: Journal, hot: HotStore, *, now: datetime, alike: Mapping[str, str] | None = None
) -> ReconcileReport:
    """Journal and hot store get the polled plays that only the other one has; spooled claims go to the journal.

    The hot store is read first: what capture has committed by then is in the journal, so a poll at the same time makes
    nobody write anything twice. In it the claims come first: the plays of each of them are there to be read then.
    """
    claims, held = hot.spooled_claims(), {play.key: play.played_at for play in hot.plays(now)}
    oldest = min([now - hot.life, *islice(held.values(), 1), *(claim.lo for claim in claims)])
    days = JournalDays(journal, utc_day(oldest), kept_days=0)
    named = _named(days, held)
    # a spooled claim is proved by plays of any date
    settled = set() if claims else {dt for dt, name in named.items() if (alike or {}).get(str(dt)) == name}
    doubted = {key for key, played_at in held.items() if utc_day(played_at) not in settled}
    known, lacking = _compared(days, settled, held)
    kept = [play for play in hot.plays(now) if play.key in doubted] if claims or doubted - known else []
    missing = [play for play in kept if play.key not in known]
    seen = _first_seen([*_polled(days), *kept]).values() if claims else ()
    proved = [claim for claim in claims if _is_proved(claim, seen)]
    batches = [encode(entries, dt) for dt, entries in _objects(missing, proved)]
    objects = sum(journal.put(batch.key, batch.body) for batch in batches)
    if claims:
        hot.drop_spooled(claims)
    filled = hot.fill(lacking, now)
    alive = {play.key: play.played_at for play in lacking if play.played_at + hot.life > now}
    unlike = {utc_day(play.played_at) for play in (*missing, *lacking) if play.key not in alive}
    left = _named(days, {**held, **alive})
    return ReconcileReport(
        *(len(missing), objects, len(proved), len(claims) - len(proved), filled),
        alike={str(dt): name for dt, name in left.items() if dt not in unlike},
    )


def _named(days: JournalDays, moments: Mapping[str, datetime]) -> dict[date, str]:
    """By date what names the objects of the journal and the plays of the hot store, of which there are the moments."""
    keys: dict[date, list[str]] = {dt: [] for dt in days.dates}
    for key, played_at in moments.items():
        keys.setdefault(utc_day(played_at), []).append(key)
    return {
        dt: hashlib.sha256("\n".join([days.digest(dt, dt), *sorted(found)]).encode()).hexdigest()[:32]
        for dt, found in keys.items()
    }


def _compared(days: JournalDays, but: Container[date], held: Container[str]) -> tuple[set[str], list[PlayEvent]]:
    """The keys of the journal's plays, and those of the plays that are not held; a date after the other, in little
    memory."""
    known, lacking = set[str](), list[PlayEvent]()
    for dt in (dt for dt in days.dates if dt not in but):
        polled = _first_seen(entry for entry in days.entries(dt) if isinstance(entry, PlayEvent))
        known.update(polled)
        lacking += (play for key, play in polled.items() if key not in held)
    return known, lacking


def _polled(days: JournalDays) -> Iterator[PlayEvent]:
    return (entry for dt in days.dates for entry in days.entries(dt) if isinstance(entry, PlayEvent))


def _first_seen(observations: Iterable[PlayEvent]) -> dict[str, PlayEvent]:
    """The first observation of every play, by key."""
    first: dict[str, PlayEvent] = {}
    for play in observations:
        other = first.setdefault(play.key, play)
        if other is not play and _order(play) < _order(other):
            first[play.key] = play
    return first


def _order(play: PlayEvent) -> tuple[datetime, str]:
    return play.ingested_at, play.model_dump_json()


def _is_proved(claim: Claim, plays: Iterable[PlayEvent]) -> bool:
    """Whether as many plays as the window listed are still there, of those first seen by then and no older than it.

    The hot store does not keep what had expired when it was spooled, or has since: such a claim would hide a loss.
    """
    return sum(claim.lo <= play.played_at and play.ingested_at <= claim.server_now for play in plays) >= claim.n


def _objects(plays: Sequence[PlayEvent], claims: Sequence[Claim]) -> list[tuple[date, list[Entry]]]:
    """Entries by date, oldest first; the claims lie in the last object, when all they vouch for is in the journal."""
    days: dict[date, list[Entry]] = {}
    for play in plays:
        days.setdefault(utc_day(play.played_at), []).append(play)
    if claims:
        last = max([*days, *(utc_day(claim.at) for claim in claims)])
        days.setdefault(last, []).extend(claims)
    return sorted(days.items())


# ---- from nothing -----------------------------------------------------------------------------------------------


def rebuild(journal: Journal, hot: HotStore, *, now: datetime) -> IngestionState | None:
    """Fills the hot store and makes the state anew from the journal; None, and no state, where nothing was ever polled.

    What the journal does not know (account, refusals) is kept from the stored state, and the version goes on from it.
    """
    days = JournalDays(journal)
    claims = [entry for dt in days.dates for entry in days.evidence(dt) if isinstance(entry, Claim)]
    hot.fill(_first_seen(_polled(JournalDays(journal, utc_day(now - hot.life)))).values(), now)
    if not claims:
        return None
    before = hot.load_state() or IngestionState()
    state = _state(days, sorted(claims, key=lambda claim: (claim.server_now, claim.entry_id)), before)
    hot.replace_state(state)
    return state


def _state(days: JournalDays, claims: Sequence[Claim], before: IngestionState) -> IngestionState:
    """The state after the last of these claims, which are in order of time."""
    newest = _newest(days)
    cursor = _cursor(days, claims)
    last_run = claims[-1].server_now
    return before.model_copy(
        update={
            "version": before.version + 1,
            "last_cursor_unix_ms": None if cursor is None else to_ms(cursor),
            "last_run_timestamp": last_run,
            "last_seen_played_at": cursor,
            "seen": tuple(map(seen_hash, newest)),
            "coverage_from": claims[0].lo,
            "window_max": max(claim.n for claim in claims),
            "last_new": sum(entry.ingested_at == last_run for entry in newest.values()),
        }
    )


def _newest(days: JournalDays) -> dict[str, PlayEvent | Quarantined]:
    """What the state remembers having seen, by identity, newest last: plays, and records set aside."""
    found: dict[str, PlayEvent | Quarantined] = {}
    for dt in reversed(days.dates):
        for entry in days.entries(dt):
            if isinstance(entry, PlayEvent) or (isinstance(entry, Quarantined) and entry.origin == "poll"):
                found.setdefault(entry.entry_id, entry)
        if len(found) >= SEEN_LIMIT:
            break
    ordered = sorted(found.items(), key=lambda item: (item[1].at, item[0]))
    return dict(ordered[-SEEN_LIMIT:])


def _cursor(days: JournalDays, claims: Sequence[Claim]) -> datetime | None:
    """The newest end of a window that was a play: an empty window ends at Spotify's clock instead."""
    for end in sorted({claim.hi for claim in claims if claim.n}, reverse=True):
        played = (entry.played_at for entry in days.entries(utc_day(end)) if isinstance(entry, PlayEvent))
        if end in played:
            return end
    return None
