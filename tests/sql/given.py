"""Rows for tables from the few columns a test cares about; the others get plain defaults."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.table_store import DirectoryTableStore
from aggregation.calendar import Calendar
from glue_catalog.rollups import ROLLUPS

Given = Mapping[str, Mapping[str, Iterable[Mapping[str, Any]]]]
"""Table -> partition -> rows."""


def write(root: Path, given: Given, *, by_day: bool = False, is_named: bool = False) -> DirectoryTableStore:
    """Writes the tables as the product does and returns their store.

    `by_day`: spans are made of days alone. `is_named`: each track that was played has a song.
    """
    store = DirectoryTableStore(root)
    for table, partitions in ({**given, **_derived(given, by_day=by_day, is_named=is_named)}).items():
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
                filled = [row | numbers for row, numbers in zip(filled, numbered(filled), strict=True)]
                filled = [row | {"song_uri": _other(row)} for row in filled]
            digest = f"given {len(store.list(table))}"
            store.write(table, str(partition), filled, digest=digest, replaces=store.list(table).get(str(partition)))
    return store


def _derived(given: Given, *, by_day: bool, is_named: bool) -> Given:
    """What cases need not say: years are months together, and spans are made of years, months and days.

    The data day is the last day of any window; before its month all are closed.
    """
    found: dict[str, Any] = {}
    months = [_all_track("", row) | row for row in given.get("all_tracks", {"": []})[""]]
    if months and "all_years" not in given:
        found["all_years"] = {"": list(_by_year(months))}
    if months and "all_time" not in given:
        found["all_time"] = {"": [_without(("month",), row) for row in months]}
    if months and "recent_tracks" not in given:
        found["recent_tracks"] = {"": [_without(MUSIC, row) for row in months]}
    if is_named:
        found["songs"] = {"": [*given.get("songs", {"": []})[""], *_nameless(given)]}
    if "windows" in given and "window_parts" not in given:
        spans = sorted({(_day(row["first_day"]), _day(row["last_day"])) for row in given["windows"][""]})
        calendar = Calendar(max(last for _, last in spans), ZoneInfo("UTC"))
        parts = [
            {"part": number, "bucket": bucket}
            for number, span in enumerate(spans)
            for bucket in calendar.buckets(*span, by_day=by_day)
        ]
        numbers = {span: number for number, span in enumerate(spans)}
        windows = [
            {**row, "part": numbers[_day(row["first_day"]), _day(row["last_day"])]} for row in given["windows"][""]
        ]
        found |= {"windows": {"": windows}, "window_parts": {"": parts}}
    return found


PLAYED = ("month_tracks", "all_tracks")


def _nameless(given: Given) -> Iterator[dict[str, Any]]:
    """Songs of tracks of which a case tells no more than that they were played."""
    told = {row.get("track_uri", "a") for row in given.get("songs", {"": []})[""]}
    played = {row.get("track_uri", "a") for table in PLAYED for rows in given.get(table, {}).values() for row in rows}
    for uri in sorted(played - told):
        yield {"track_uri": uri, "song_uri": uri, "artist_name": None, "album": None}


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


def _all_time(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """As in `all_tracks`, without the months."""
    return _without(("month",), _all_track("", row))


def _all_year(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """As in `all_tracks`, without the names."""
    found = _without(("month", *MUSIC), _all_track("", row))
    return {**found, "year": str(row["first_day"])[:4] if "first_day" in row else LONG_AGO[:4]}


def _recent_track(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """As in `all_tracks`, without the names."""
    return _without(MUSIC, _all_track("", row))


def _all_context(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """As in `all_tracks`, without the tracks."""
    names = ("track_uri", "track_name", "artist_name", "album_name")
    return {**CONTEXT, **{key: value for key, value in _all_track("", row).items() if key not in names}}


LONG_AGO = "2025-01"
"""The month of what lies in tables of all closed months, unless it has a day."""


# ---- small tables that questions join -------------------------------------------------------------------------------


def numbered(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The numbers of songs, artists and albums, in the order of their keys; the first track stands for each."""
    keys = [_song_keys(row) for row in rows]
    orders = {name: sorted({key[name] for key in keys if key[name] is not None}) for name in NUMBERS}
    first = {(name, key[name]): place for name in NUMBERS for place, key in reversed(list(enumerate(keys)))}
    return [
        {name: None if key[name] is None else orders[name].index(key[name]) + 1 for name in NUMBERS}
        | {
            f"is_{name.removesuffix('_no')}": key[name] is not None and first[name, key[name]] == place
            for name in ("artist_no", "album_no")
        }
        | {"is_only": sum(other["song_no"] == key["song_no"] for other in keys) == 1, "title_no": 0}
        for place, key in enumerate(keys)
    ]


NUMBERS = ("song_no", "artist_no", "album_no")


def _song_keys(row: Mapping[str, Any]) -> dict[str, Any]:
    artist = None if row["artist_name"] is None else row["artist_name"].strip().lower()
    album = None if artist is None or row["album"] is None else (artist, row["album"].strip().lower())
    return {"song_no": row["song_uri"], "artist_no": artist, "album_no": album}


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _by_year(months: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What counts of these, a row for each year and track."""
    for row in months:
        yield {
            **_without(("month", *MUSIC), row),
            "year": row["month"][:4],
        }


MUSIC = ("track_name", "artist_name", "album_name")


def _song(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    uri = row.get("track_uri", "a")
    names = {"name": f"Song {uri}", "artist_name": f"Band {uri}", "album": f"Album {uri}"}
    missing = ("artist_id", "album_id", "release_year", "duration_ms", "genres")
    return {**dict.fromkeys(missing), **names, "track_uri": uri, "song_uri": uri, "identity": 1}


def _window(_partition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """By its days, UTC."""
    first, last = str(row["first_day"]), str(row["last_day"])
    after = date.fromisoformat(last) + timedelta(days=1)
    bounds = {"starts_at": f"{first} 00:00:00.000", "ends_at": f"{after} 00:00:00.000"}
    return {"window_name": "all", "is_previous": False, "part": 0, **bounds}


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
    "all_time": _all_time,
    "all_years": _all_year,
    "recent_tracks": _recent_track,
    "all_contexts": _all_context,
    "all_ways": lambda _, row: _month_way(LONG_AGO, row),
    "all_hours": lambda _, row: _month_hour(LONG_AGO, row),
    "all_sessions": lambda _, row: _month_session(LONG_AGO, row),
    "all_binges": lambda _, row: _month_binge(LONG_AGO, row),
    "songs": _song,
    "exclusions": lambda _partition, _row: {},
    "past_years": lambda _partition, _row: {"question": "dashboard/tops", "thing": "song_no", "answer": "{}"},
    "windows": _window,
    "window_parts": lambda _partition, _row: {},
    "tracks": _track,
    "artists": _artist,
    "gaps": _gap,
    "settled_days": _account,
    "month_accounts": lambda month, row: {**_account("", row), "dt": f"{month}-01"},
    "all_accounts": lambda _, row: {**_account("", row), "dt": f"{LONG_AGO}-01"},
    "playlists": _playlist,
}
