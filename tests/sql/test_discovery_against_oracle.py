"""Discovery, artists and records: SQL and plain Python agree on every number, for random years of listening.

Few songs over up to three years, so that they stick, fade and come back; tracks that are one song; names that differ
between plays and metadata; days that are favoured because something ends, begins or is looked back upon there.
"""

import json
import os
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from aggregation.calendar import Calendar
from aggregation.checks import contradictions
from aggregation.payload import Surroundings, build, serialise
from aggregation.questions import ask_all
from aggregation.reading import read_by
from aggregation.rollups import roll_up
from aggregation.songs import name_songs
from aggregation.summaries import summarise
from playledger.policy import Policy
from tests.sql import given
from tests.sql import oracle_discovery as oracle
from tests.sql.oracle_discovery import Played

pytestmark = pytest.mark.sql

DAY = timedelta(days=1)
ZONES = ("Europe/Stockholm", "Asia/Kathmandu", "America/New_York")
LAST_DAYS = (date(2025, 5, 17), date(2028, 2, 28), date(2025, 12, 31), date(2025, 3, 1), date(2024, 3, 31))
POLICIES: tuple[dict[str, Any], ...] = (
    {},
    {"least_seconds": 60, "count_finished": False, "count_incognito": True},
    {"exclude": {"tracks": ["spotify:track:u00"], "artists": ["BAND 1"]}},
    {"exclude": {"playlists": ["asleep"]}},
    {
        "exclude": {
            "days": [{"first": "2025-05-10", "last": "2025-05-12"}, {"first": "2024-02-01", "last": "2024-02-27"}]
        }
    },
)
SEEDS = 300 if os.environ.get("PLAYLEDGER_SIMULATION") == "full" else 15


def uri_of(number: int) -> str:
    return f"spotify:track:u{number:02d}"


class Years:
    """Random plays and metadata up to a day."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"years {seed}")
        self.zone = ZoneInfo(ZONES[seed % len(ZONES)])
        self.last = LAST_DAYS[seed % len(LAST_DAYS)]
        self.policy = Policy.load(POLICIES[seed // 3 % len(POLICIES)])
        self.shelf = self.chance.randint(1, 16)
        self.days = self._days()
        number = self.chance.choice((0, 1, 8, 120, 350))
        self.plays = list({row["play_key"]: row for row in (self._play() for _ in range(number))}.values())
        self.tracks = [self._metadata(uri) for uri in range(self.shelf)]

    def _days(self) -> list[date]:
        """Days at which something ends, begins or is looked back upon, and others."""
        today, reach = self.last + DAY, self.chance.choice((4, 40, 400, 1200))
        years = (date(today.year - back, today.month, min(today.day, 28)) for back in (1, 2, 4))
        leap = [date(2024, 2, 29)] if today.month == 2 else []
        edges = [self.last - back * DAY for back in (0, 1, 89, 90, 91, 272, 274, 364, 365, 366, 400)]
        others = [self.last - self.chance.randrange(reach) * DAY for _ in range(6)]
        days = [*years, *leap, *edges, *others]
        return self.chance.sample(days, self.chance.randint(1, 14))

    def _play(self) -> dict[str, Any]:
        """Every other song is one of the past."""
        pick, day = self.chance.choice, self.chance.choice(self.days)
        local = datetime(
            day.year, day.month, day.day, pick((0, 9, 23)), self.chance.randrange(60), 59, tzinfo=self.zone
        )
        at = local.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.000")
        is_old = (self.last - day).days >= 365
        number = min(2 * int(self.chance.expovariate(0.5)) + is_old, self.shelf - 1)
        ms = pick((None, 200_000, 60_000, 30_000, 29_999, 0))
        return {
            "play_key": f"{at}#{uri_of(number)}",
            "played_at": at,
            "track_uri": uri_of(number),
            "track_name": f"Song {number}",
            "artist_name": pick((f"Band {number % 3}", f"band {number % 3} ", None)),
            "ms_played": ms,
            "duration_ms": pick((None, 180_000)) if ms is None else None,
            "reason_end": pick(("trackdone", "fwdbtn")),
            "kind": pick(("music",) * 9 + ("podcast",)),
            "incognito": pick((None, False, False, True)),
            "context_type": "playlist",
            "context_id": pick((None, "asleep", "awake")),
        }

    def _metadata(self, number: int) -> dict[str, Any]:
        """Every track has a title of its own; one in three is a later recording of another."""
        artist = self.chance.choice((f"Band {number % 3}", f"Band {number % 5}", "Guest"))
        return {
            "track_uri": uri_of(number),
            "name": f"Title {uri_of(number)}",
            "artist_name": artist,
            "artists": [artist],
            "album": "Album",
            "isrc": self.chance.choice((None, f"code {number // 2}")),
            "release_date": f"{2000 + number}",
        }

    def write(self, root: Path) -> DirectoryTableStore:
        """The tables before the night."""
        by_dt: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self.plays:
            by_dt[row["played_at"][:10]].append(row)
        return given.write(root, {"plays": by_dt, "tracks": {"2023-01-01": self.tracks}, "gaps": {"": []}})

    # ---- as the oracle sees it ----

    def songs(self) -> dict[str, str]:
        """Track -> the song it is: of tracks with one code the earliest release."""
        first: dict[str, str] = {}
        for row in self.tracks:
            if row["isrc"]:
                first.setdefault(row["isrc"], row["track_uri"])
        return {row["track_uri"]: first.get(row["isrc"], row["track_uri"]) for row in self.tracks}

    def left_out(self) -> set[str]:
        """Tracks and days that the policy leaves out: with a track every recording of its song."""
        left, songs = self.policy.exclude, self.songs()
        songs_gone = {songs[uri] for uri in left.tracks if uri in songs}
        artists = {name.lower() for name in left.artists}
        tracks = {row["track_uri"] for row in self.tracks if row["artist_name"].lower() in artists}
        days = {str(span.first + n * DAY) for span in left.days for n in range((span.last - span.first).days + 1)}
        return tracks | days | {uri for uri, song in songs.items() if song in songs_gone}

    def played(self, last: date) -> list[Played]:
        """The plays that count, up to a day."""
        found = [self._played(row) for row in self.plays if _counts(row, self.policy)]
        return [play for play in found if play.day <= last and not {play.track, str(play.day)} & self.left_out()]

    def played_by_default(self) -> list[Played]:
        """What binges are found in."""
        return [self._played(row) for row in self.plays if _counts(row, Policy())]

    def _played(self, row: dict[str, Any]) -> Played:
        at = datetime.strptime(row["played_at"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
        uri = row["track_uri"]
        artist = next(track["artist_name"] for track in self.tracks if track["track_uri"] == uri).lower()
        observed = row["artist_name"].strip().lower() if row["artist_name"] else None
        ms = (row["duration_ms"] or 0) if row["ms_played"] is None else row["ms_played"]
        return Played(
            row["play_key"], at, at.astimezone(self.zone).date(), uri, self.songs()[uri], artist, observed, ms
        )


def _counts(row: dict[str, Any], policy: Policy) -> bool:
    if row["kind"] != "music" or (row["incognito"] and not policy.count_incognito):
        return False
    if row["context_id"] in policy.exclude.playlists:
        return False
    is_done = row["ms_played"] is not None and row["reason_end"] == "trackdone"
    is_long = row["ms_played"] is None or row["ms_played"] >= 1000 * policy.least_seconds
    return is_long or (is_done and policy.count_finished)


def resolved(body: dict[str, Any]) -> dict[str, Any]:
    """The parts in question, keys in place of indexes."""
    words = body["dict"]

    def track(index: int | None) -> str | None:
        return None if index is None else words["tracks"][index][0].removeprefix("Title ")

    def artist(index: int | None) -> str | None:
        return None if index is None else words["artists"][index][0].lower()

    ones, once, best = body["number_ones"], body["one_hit_wonders"], body["records"]
    for name in ("track_in_a_row", "track_in_a_day", "artist_in_a_row", "artist_in_a_day"):
        if best and best[name]:
            best[name]["index"] = (track if name.startswith("track") else artist)(best[name]["index"])
    details = {
        artist(detail.pop("artist")): detail | {"top": [[track(index), plays] for index, plays in detail["top"]]}
        for detail in body["artist_detail"]
    }
    return {
        "discovery_weekly": body["discovery_weekly"],
        "discovery_monthly": body["discovery_monthly"],
        "number_ones": ones
        and ones | {"tracks": list(map(track, ones["tracks"])), "artists": list(map(artist, ones["artists"]))},
        "one_hit_wonders": once and once | {"newest": [[track(index), day] for index, day in once["newest"]]},
        "forgotten": [[track(index), *rest] for index, *rest in body["forgotten"]],
        "back_after": [[track(index), *rest] for index, *rest in body["back_after"]],
        "on_this_day": [day | {"track": track(day["track"])} for day in body["on_this_day"]],
        "artist_detail": details,
        "records": best and {name: value for name, value in best.items() if name != "longest_session"},
    }


def expected(years: Years, last: date) -> dict[str, Any]:
    """What plain Python counts."""
    plays = years.played(last)
    return {
        **oracle.discovery(plays, last),
        "artist_detail": oracle.artist_detail(plays, last),
        "records": oracle.records(plays, last, binged=years.played_by_default(), left_out=years.left_out()),
    }


def evenings(years: Years) -> list[datetime]:
    """When to look: after the last day, and when it is long ago."""
    later = years.chance.choice((2, 30, 91, 366))
    days = (years.last + DAY, years.last + later * DAY)
    return [datetime(day.year, day.month, day.day, 3, tzinfo=years.zone).astimezone(UTC) for day in days]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_number_on_discovery_artists_and_records_is_what_plain_python_counts(seed: int, tmp_path: Path) -> None:
    years = Years(seed)
    tables, engine = years.write(tmp_path), DuckDbQueryEngine(tmp_path)
    try:
        summarise(tables, engine, tz=years.zone.key)
        for now in evenings(years):
            calendar = Calendar.at(now, years.zone.key)
            roll_up(tables, open_month=calendar.open_month)
            name_songs(tables, engine, years.policy, open_month=calendar.open_month)
            answers = ask_all(engine, tables, read_by(tables, engine, calendar, years.policy))
            document = build(answers, Surroundings(now, calendar, "live", state=None, token=None))
            found, wanted = resolved(json.loads(serialise(document))), expected(years, calendar.data_day)
            assert found == wanted, f"seed {seed}, {years.zone.key}, {calendar.data_day}"
            assert contradictions(document) == []
    finally:
        engine.close()


def test_the_years_hold_what_they_should() -> None:
    parts = [expected(years, years.last) for years in map(Years, range(45))]
    for name in ("forgotten", "back_after", "on_this_day"):
        assert sum(bool(part[name]) for part in parts) >= 3, name
    assert sum(part["records"] is None for part in parts) >= 2
    for name in ("track_in_a_row", "artist_in_a_row", "track_in_a_day", "artist_in_a_day"):
        assert sum(bool(part["records"] and part["records"][name]) for part in parts) >= 5, name
    assert sum(any(part["discovery_monthly"]["stuck"]) for part in parts if part["discovery_monthly"]) >= 5
    assert any(day["day"] == "2024-02-29" for part in parts for day in part["on_this_day"])
