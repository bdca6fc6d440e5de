"""What the owner is told at once, and what is counted: decided from what the jobs found, without asking anybody."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from playledger.errors import AccessRefused, ChecksFailed, Misconfigured, NeedsReauth, PlayledgerError, WrongAccount
from playledger.models import IngestionState, Model, Token, format_instant, utc_day
from playledger.ports import Alert

METRICS: Mapping[str, Mapping[str, str]] = {
    "ingest": {"RecordsQuarantined": "quarantined", "GapsFound": "gap"},
    "enrich": {"MetadataWaiting": "left"},
    "aggregate": {"Plays": "plays", "Gaps": "gaps"},
    "playlist": {"PlaylistTracks": "chosen"},
}
"""All custom metrics: function -> name -> field of its report. Ten are free of charge, each further one is not.

None is sent at every poll: an hourly one costs as much as all else in a month. What else a run found stands in its
log, under `report`.
"""

SILENCE = timedelta(hours=3)
"""A window of 50 plays is full after about as long: from here on plays may be lost."""

FIRST_REMINDER = timedelta(days=30)
DAILY_REMINDER = timedelta(days=7)

TOLD: Mapping[type[PlayledgerError], tuple[str, str]] = {
    NeedsReauth: ("needs_reauth", "log in to Spotify again"),
    AccessRefused: ("access_refused", "Spotify refuses access"),
    WrongAccount: ("wrong_account", "the login is another account's"),
    ChecksFailed: ("checks_failed", "the night's checks failed"),
    Misconfigured: ("misconfigured", "policy.toml, a setting or a permission is wrong"),
}
"""Errors that no retry helps against: condition and subject."""


def counted(function: str, report: Model) -> dict[str, float]:
    """The function's metrics that are not zero, by name: each is billed by the hours in which it is sent."""
    values = {name: float(getattr(report, field) or 0) for name, field in METRICS[function].items()}
    return {name: value for name, value in values.items() if value}


def of_error(error: PlayledgerError, now: datetime) -> Alert | None:
    """An alert for what only the owner can mend; None for what is worth another try, or is a fault of ours."""
    for kind, (condition, subject) in TOLD.items():
        if isinstance(error, kind):
            return _daily(condition, subject, str(error), now)
    return None


def of_gap(now: datetime) -> Alert:
    """An alert for a window that does not reach back to the last poll's."""
    text = "Spotify's list of recent plays does not reach back to the last poll: plays in between may be lost. "
    return _daily("gap", "plays may be lost", text + "An account export brings them back.", now)


def of_short_window(now: datetime) -> Alert:
    """An alert for a list that is shorter than it was before."""
    text = "Spotify listed fewer recent plays than it did before. What it left out is kept once it lists it; "
    return _daily("short_window", "Spotify's list is cut", text + "what scrolls out before is told as a gap.", now)


def of_unread_state(error: PlayledgerError, now: datetime) -> Alert:
    """An alert where capture's state is there and cannot be read: polls then go on without ever committing."""
    text = f"Plays are kept in the journal, again and again, but no poll is noted: {error}"
    return _daily("unread_state", "the state of capture cannot be read", text, now)


def of_silence(state: IngestionState | None, now: datetime) -> Alert | None:
    """An alert where the last poll is too long ago; who is logged out, or never polled, is told otherwise."""
    last = state.last_run_timestamp if state and not state.needs_reauth else None
    if last is None or now - last < SILENCE:
        return None
    return _daily("silence", "no poll for hours", f"The last successful poll was at {format_instant(last)} UTC.", now)


def of_login(token: Token, now: datetime) -> Alert | None:
    """An alert where the login is about to die: once a month before, daily in the last week."""
    left, dies_on = token.dies_at - now, utc_day(token.dies_at).isoformat()
    text = f"The login to Spotify ends on {dies_on}, six months after you gave it. Log in again before that day."
    if left <= DAILY_REMINDER:
        return _daily("login_7_days", "the login ends within a week", text, now)
    if left <= FIRST_REMINDER:
        return Alert("login_30_days", dies_on, "Playledger: the login ends within a month", text)
    return None


def _daily(condition: str, subject: str, text: str, now: datetime) -> Alert:
    return Alert(condition, utc_day(now).isoformat(), f"Playledger: {subject}", text)
