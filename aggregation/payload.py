"""Places the answers into the dashboard's document and writes it: same answers, same bytes. Nothing is counted here.

`python -m aggregation.payload` writes the document's JSON schema.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from aggregation.artists import placed_artists
from aggregation.calendar import WEEKS, Calendar, days_between, months_between
from aggregation.discovery import placed_discovery
from aggregation.names import Names
from aggregation.questions import Answers, Bucket, BucketCount
from aggregation.records import placed_records
from aggregation.windows import Windows
from playledger import __version__
from playledger.dashboard_data import (
    WINDOW_NAMES,
    Auth,
    DashboardData,
    DaySeries,
    GapItem,
    GapSummary,
    Health,
    MonthOfYear,
    PlaylistPart,
    QuestionVersion,
    Series,
    Totals,
)
from playledger.models import IngestionState, Token
from sql import load, names

SCHEMA = Path(__file__).parents[1] / "dashboard" / "dashboard_data.schema.json"

MAKING = ("dashboard", "policy", "songs", "summaries")
"""The folders of the questions that a document comes from."""

LONGEST_SILENCE = timedelta(hours=3)
"""Hourly polls that fail now and then recover within this; beyond it nobody is polling."""
DAILY_DAYS = 371
MONTHS = [f"{number:02d}" for number in range(1, 13)]
SERIES = (Bucket.DAY, Bucket.MONTH, Bucket.WEEK, Bucket.MONTH_OF_YEAR)


@dataclass(frozen=True)
class Surroundings:
    """What the document tells beside the answers. Without a login `token` is None, before the first poll `state`."""

    now: datetime
    calendar: Calendar
    mode: Literal["live", "demo"]
    state: IngestionState | None
    token: Token | None


def build(answers: Answers, around: Surroundings) -> DashboardData:
    """The document."""
    shelf = Names(answers.names)
    windows = Windows(answers, around.calendar, shelf)
    rolling, years = {name: windows.window(name) for name in WINDOW_NAMES}, windows.years()
    recent = tuple((play.at_unix, shelf.track(play.track_uri)) for play in answers.recent)
    playlist = _playlist(answers, shelf)
    state = around.state
    return DashboardData.model_validate(
        {
            "app_version": __version__,
            "generated_at": utc(around.now),
            "tz": around.calendar.zone.key,
            "mode": around.mode,
            "data_day": str(around.calendar.data_day) if answers.first_day else None,
            "last_play_at": utc(datetime.fromtimestamp(recent[0][0], UTC)) if recent else None,
            "last_poll_at": _utc_or_none(state.last_run_timestamp if state else None),
            "next_poll_at": None,
            "health": _health(answers, around),
            "totals": _totals(answers),
            "windows": rolling,
            "years": years,
            **_series(answers, around.calendar),
            **placed_discovery(answers.discovery, around.calendar, answers.first_day, shelf),
            "artist_detail": placed_artists(answers.artists, around.calendar, shelf),
            "records": placed_records(answers.records, rolling["all"].sessions, shelf),
            "playlist": playlist,
            "recent": recent,
            "dict": shelf.dictionary(),
            "questions": {name: _version(name) for folder in MAKING for name in names(folder)},
        }
    )


def serialise(document: DashboardData) -> bytes:
    """The document's bytes: JSON in the order of the model, UTF-8, one line."""
    body = document.model_dump(mode="json", by_alias=True)
    return (json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def utc(moment: datetime) -> str:
    """As the document writes times; without a zone it is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc_or_none(moment: datetime | None) -> str | None:
    return utc(moment) if moment else None


def _version(name: str) -> QuestionVersion:
    query = load(name)
    return QuestionVersion(version=query.version, sha256=query.sha256)


# ---- the whole record -------------------------------------------------------------------------------------------


def _totals(answers: Answers) -> Totals:
    whole = next((row for row in answers.totals if row.window_name == "all"), None)
    since = str(answers.first_day) if answers.first_day else None
    counts = whole.model_dump(include=set(Totals.model_fields)) if whole else dict.fromkeys(Totals.model_fields, 0)
    return Totals.model_validate({key: counts[key] for key in Totals.model_fields if key != "since"} | {"since": since})


def _series(answers: Answers, calendar: Calendar) -> dict[str, Series | DaySeries | MonthOfYear | None]:
    if answers.first_day is None:
        return {"daily": None, "weekly": None, "monthly": None, "alldays": None, "month_of_year": None}
    day = calendar.data_day
    by_day, by_month, by_week, of_year = (_buckets(answers, sort) for sort in SERIES)
    weeks = [str(ago) for ago in reversed(range(WEEKS))]
    all_days = days_between(answers.first_day, day)
    return {
        "daily": _dense(days_between(calendar.back(DAILY_DAYS), day), by_day),
        "weekly": _dense(weeks, by_week, start=str(calendar.back(WEEKS * 7))),
        "monthly": _dense(months_between(answers.first_day, day), by_month),
        "alldays": DaySeries(start=all_days[0], plays=_dense(all_days, by_day).plays),
        "month_of_year": MonthOfYear(**_dense(MONTHS, of_year).model_dump(exclude={"start"})),
    }


def _buckets(answers: Answers, sort: Bucket) -> dict[str, BucketCount]:
    return {row.bucket: row for row in answers.series if row.sort is sort}


def _dense(keys: Sequence[str], found: Mapping[str, BucketCount], start: str = "") -> Series:
    """The values of all keys in order, zero where none was found."""
    rows = [found.get(key) for key in keys]
    return Series(
        start=start or keys[0],
        plays=tuple(row.plays if row else 0 for row in rows),
        minutes=tuple(row.minutes if row else 0 for row in rows),
    )


def _playlist(answers: Answers, shelf: Names) -> PlaylistPart | None:
    if not answers.playlist or answers.week is None:
        return None
    year, week, _ = answers.week.isocalendar()
    head = answers.playlist[0]
    return PlaylistPart(
        name=head.playlist_name,
        week=f"{year}-W{week:02d}",
        id=head.playlist_id,
        tracks=tuple(shelf.track(row.track_uri) for row in answers.playlist),
        unplayed_days=head.unplayed_days,
    )


# ---- health -----------------------------------------------------------------------------------------------------


def _health(answers: Answers, around: Surroundings) -> Health:
    state = around.state
    return Health(
        auth=_auth(around.token, state),
        gaps=_gaps(answers),
        late_arrivals=answers.settled.late_arrivals,
        duplicates_removed=answers.settled.duplicates,
        quarantined=answers.settled.quarantined,
        short_windows=answers.settled.short_windows,
        small_overlaps=answers.settled.small_overlaps,
        unconfirmed=answers.settled.unconfirmed,
        coverage_since=_utc_or_none(state.coverage_from if state else None),
        unpolled_since=_utc_or_none(_unpolled_since(state, around.now)),
    )


def _unpolled_since(state: IngestionState | None, now: datetime) -> datetime | None:
    """The last poll, where it is longer ago than hourly polling explains: what follows is a hole still open."""
    last = state.last_run_timestamp if state else None
    return last if last and now - last > LONGEST_SILENCE else None


def _auth(token: Token | None, state: IngestionState | None) -> Auth:
    if token is None:
        return Auth(state="none", reauthorize_by=None)
    is_refused = state is not None and state.needs_reauth
    return Auth(state="needs_reauth" if is_refused else "ok", reauthorize_by=utc(token.dies_at))


def _gaps(answers: Answers) -> GapSummary:
    newest = answers.gaps[0] if answers.gaps else None
    return GapSummary(
        total=newest.total if newest else 0,
        hours=newest.total_hours if newest else 0,
        est_lost=(newest.total_lost_min, newest.total_lost_max) if newest else (0, 0),
        items=tuple(
            GapItem.model_validate(
                {
                    "from": utc(row.after),
                    "to": utc(row.before),
                    "quiet_until": _utc_or_none(row.quiet_until),
                    "class": row.gap_class,
                    "lo": row.lost_min,
                    "hi": row.lost_max,
                    "estimate": row.lost_estimate,
                }
            )
            for row in answers.gaps
        ),
    )


# ---- the schema -------------------------------------------------------------------------------------------------


def schema() -> str:
    """The JSON schema's text."""
    described: dict[str, Any] = DashboardData.model_json_schema(mode="serialization")
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema(), "utf-8")
