"""Rows for tables from the few columns a test cares about; the others get plain defaults."""

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from adapters.table_store import DirectoryTableStore
from glue_catalog.rollups import ROLLUPS

Given = Mapping[str, Mapping[str, Iterable[Mapping[str, Any]]]]
"""Table -> partition -> rows."""


def write(root: Path, given: Given) -> DirectoryTableStore:
    """Writes the tables as the product does and returns their store."""
    store = DirectoryTableStore(root)
    for table, partitions in given.items():
        for partition, rows in partitions.items():
            if table == "journal":
                _write_entries(root, str(partition), rows)
                continue
            plain = [
                {name: str(value) if isinstance(value, date) else value for name, value in row.items()} for row in rows
            ]
            filled = [DEFAULTS[table](str(partition), row) | row for row in plain]
            if table in ROLLUPS and ROLLUPS[table].by_default:
                filled = [_without(HEARD, row) for row in filled if _counts(row)]
            if table == "songs":
                filled = [row | {"song_uri": _other(row)} for row in filled]
            digest = f"given {len(store.list(table))}"
            store.write(table, str(partition), filled, digest=digest, replaces=store.list(table).get(str(partition)))
    return store


def _write_entries(root: Path, dt: str, rows: Iterable[Mapping[str, Any]]) -> None:
    folder = root / "journal" / f"dt={dt}"
    folder.mkdir(parents=True)
    lines = "".join(json.dumps(dict(row)) + "\n" for row in rows)
    (folder / "0-given.jsonl.gz").write_bytes(gzip.compress(lines.encode()))


HEARD = ("kind", "is_done", "heard_seconds", "incognito")


def _counts(row: Mapping[str, Any]) -> bool:
    """Whether a row counts by the default policy: others never get into the tables of all closed months."""
    seconds = row["heard_seconds"]
    is_heard = seconds is None or seconds >= 30 or row["is_done"]
    return bool(row["kind"] == "music" and not row["incognito"] and is_heard)


def _other(row: Mapping[str, Any]) -> str | None:
    """The song of a track, where it is named by another one."""
    song: str | None = row["song_uri"]
    return None if song == row["track_uri"] else song


def _without(names: Iterable[str], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _names(row: Mapping[str, Any]) -> dict[str, str]:
    uri = row.get("track_uri", "a")
    return {"track_uri": uri, "track_name": f"Song {uri}", "artist_name": f"Band {uri}", "album_name": f"Album {uri}"}


def _play(dt: str, row: Mapping[str, Any]) -> dict[str, Any]:
    played_at = row.get("played_at", f"{dt} 12:00:00.000")
    missing = (
        *("event_id", "track_id", "context_type", "context_id", "duration_ms", "skipped", "reason_start"),
        *("reason_end", "shuffle", "platform", "offline", "incognito"),
    )
    return {
        **dict.fromkeys(missing),
        **_names(row),
        "play_key": f"{played_at}#{row.get('track_uri', 'a')}",
        "kind": "music",
        "played_at": played_at,
        "ms_played": 60_000,
        "source": "export",
        "is_unconfirmed": False,
        "first_ingested_at": played_at,
    }


# ---- what is summarised from plays ----------------------------------------------------------------------------------

CONTEXT = {"context_type": None, "context_id": None}
WAYS = {"skipped": None, "shuffle": None, "platform": None, "offline": None}


def _heard(row: Mapping[str, Any]) -> dict[str, Any]:
    """Heard to its end, a minute for each play."""
    plays = row.get("plays", 1)
    how = {"kind": "music", "is_done": True, "heard_seconds": 60, "incognito": False}
    return {**how, "plays": plays, "ms": 60_000 * plays, "ms_estimated": 0}


def _moments(day: str) -> dict[str, str]:
    return {"first_played_at": f"{day} 12:00:00.000", "last_played_at": f"{day} 12:00:00.000"}


def _day_track(day: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {**_names(row), **CONTEXT, **WAYS, **_heard(row), **_moments(day)}


def _day_quarter(_day: str, row: Mapping[str, Any]) -> dict[str, Any]:
    quarter = row.get("quarter", 48)
    hour = None if quarter is None else quarter // 4
    return {**CONTEXT, **_heard(row), "track_uri": "a", "quarter": quarter, "local_hour": hour}


def _day_session(day: str, row: Mapping[str, Any]) -> dict[str, Any]:
    plays = row.get("plays", 1)
    return {**_moments(day), "lead_ms": 60_000, "plays": plays, "ms": 60_000 * plays}


def _day_binge(day: str, row: Mapping[str, Any]) -> dict[str, Any]:
    uri = row.get("track_uri", "a")
    who = {"what": "track", "is_in_a_row": True, "track_uri": uri, "artist_name": f"Band {uri}"}
    return {**who, "plays": 3, **_moments(day)}


def _month_track(month: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"day": f"{month}-01", **_names(row), **CONTEXT, **WAYS, **_heard(row)}


def _month_way(month: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"day": f"{month}-01", **WAYS, **_heard(row)}


def _month_quarter(month: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"day": f"{month}-01", **_day_quarter("", row)}


def _month_hour(month: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"day": f"{month}-01", "local_hour": 12, **_heard(row)}


def _month_session(month: str, row: Mapping[str, Any]) -> dict[str, Any]:
    day = str(row.get("day", f"{month}-01"))
    return {"day": day, **_day_session(day, row)}


def _month_binge(month: str, row: Mapping[str, Any]) -> dict[str, Any]:
    day = str(row.get("day", f"{month}-01"))
    return {"day": day, **_day_binge(day, row)}


def _all_track(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Played on the first and last day that are given; only one given is both."""
    first = str(row.get("first_day", row.get("last_day", f"{row.get('month', '2025-01')}-01")))
    return {"month": first[:7], **_names(row), **_heard(row), "first_day": first, "last_day": first}


def _all_context(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """As in `all_tracks`, without the tracks."""
    names = ("track_uri", "track_name", "artist_name", "album_name")
    return {**CONTEXT, **{key: value for key, value in _all_track("", row).items() if key not in names}}


LONG_AGO = "2025-01"
"""The month of what lies in tables of all closed months, unless it has a day."""


# ---- small tables that questions join -------------------------------------------------------------------------------


def _song(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    uri = row.get("track_uri", "a")
    names = {"name": f"Song {uri}", "artist_name": f"Band {uri}", "album": f"Album {uri}"}
    missing = ("track_id", "artist_id", "album_id", "release_year", "duration_ms", "genres")
    return {**dict.fromkeys(missing), **names, "track_uri": uri, "song_uri": uri}


def _window(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """By its days, UTC."""
    first, last = str(row["first_day"]), str(row["last_day"])
    after = date.fromisoformat(last) + timedelta(days=1)
    bounds = {"starts_at": f"{first} 00:00:00.000", "ends_at": f"{after} 00:00:00.000"}
    months = {"first_month": first[:7], "last_month": last[:7]}
    name = str(row.get("window_name", "all"))
    is_past_year = name.isdecimal() and bool(row.get("is_lasting"))
    before = str(int(name) - 1) if is_past_year else name
    flags = {"is_previous": False, "is_lasting": False}
    return {"window_name": "all", "before_name": before, **flags, **months, **bounds}


def _track(dt: str, row: Mapping[str, Any]) -> dict[str, Any]:
    missing = ("track_id", "artist_name", "artist_id", "album", "album_id", "release_date", "isrc", "duration_ms")
    return {
        **dict.fromkeys(missing),
        "track_uri": "a",
        "name": f"Title {row.get('track_uri', 'a')}",
        "artists": [],
        "grade_rank": 2,
        "changed_at": f"{dt} 00:00:00.000",
    }


def _artist(dt: str, row: Mapping[str, Any]) -> dict[str, Any]:
    missing = ("popularity", "image_url")
    name = f"Artist {row.get('artist_id', 'x')}"
    changed = {"grade_rank": 2, "changed_at": f"{dt} 00:00:00.000"}
    return {**dict.fromkeys(missing), "artist_id": "x", "name": name, "genres": [], **changed}


def _gap(_partition: str, _row: Mapping[str, Any]) -> dict[str, Any]:
    bounds = {"lost_min": 0, "lost_max": 1, "lost_estimate": None, "made_from": ""}
    return {"quiet_until": None, "gap_class": "possible", **bounds}


def _account(_dt: str, _row: Mapping[str, Any]) -> dict[str, Any]:
    counts = ("entries", "plays", "duplicates", "married", "late_arrivals", "quarantined", "short_windows")
    return dict.fromkeys((*counts, "small_overlaps", "unconfirmed"), 0)


def _playlist(dt: str, row: Mapping[str, Any]) -> dict[str, Any]:
    of_week = {"playlist_id": "p", "playlist_name": "Unplayed lately", "unplayed_days": 90}
    return {"position": 1, "track_uri": "a", **of_week, "written_at": f"{dt} 06:00:00.000"}


DEFAULTS = {
    "plays": _play,
    "day_tracks": _day_track,
    "day_quarters": _day_quarter,
    "day_sessions": _day_session,
    "day_binges": _day_binge,
    "month_tracks": _month_track,
    "month_ways": _month_way,
    "month_quarters": _month_quarter,
    "month_hours": _month_hour,
    "month_sessions": _month_session,
    "month_binges": _month_binge,
    "track_versions": lambda month, row: _track(f"{month}-01", row),
    "artist_versions": lambda month, row: _artist(f"{month}-01", row),
    "all_tracks": _all_track,
    "all_contexts": _all_context,
    "all_ways": lambda _, row: _month_way(LONG_AGO, row),
    "all_hours": lambda _, row: _month_hour(LONG_AGO, row),
    "all_sessions": lambda _, row: _month_session(LONG_AGO, row),
    "all_binges": lambda _, row: _month_binge(LONG_AGO, row),
    "songs": _song,
    "exclusions": lambda _partition, _row: {},
    "windows": _window,
    "tracks": _track,
    "artists": _artist,
    "gaps": _gap,
    "settled_days": _account,
    "month_accounts": lambda month, row: {**_account("", row), "dt": f"{month}-01"},
    "all_accounts": lambda _, row: {**_account("", row), "dt": f"{LONG_AGO}-01"},
    "playlists": _playlist,
}
