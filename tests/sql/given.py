"""Rows for tables from the few columns a test cares about; the others get plain defaults."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from adapters.table_store import DirectoryTableStore

Given = Mapping[str, Mapping[str, Iterable[Mapping[str, Any]]]]
"""Table -> partition -> rows."""


def write(root: Path, given: Given) -> DirectoryTableStore:
    """Writes the tables as the product does and returns their store."""
    store = DirectoryTableStore(root)
    for table, partitions in given.items():
        for partition, rows in partitions.items():
            filled = [DEFAULTS[table](str(partition), row) | dict(row) for row in rows]
            digest = f"given {len(store.list(table))}"
            store.write(table, str(partition), filled, digest=digest, replaces=store.list(table).get(str(partition)))
    return store


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


def _day_track(day: str, row: Mapping[str, Any]) -> dict[str, Any]:
    plays = row.get("plays", 1)
    return {
        **_names(row),
        **_how(),
        "plays": plays,
        "ms": 60_000 * plays,
        "ms_estimated": 0,
        "first_played_at": f"{day} 12:00:00.000",
        "last_played_at": f"{day} 12:00:00.000",
    }


def _day_quarter(_day: str, row: Mapping[str, Any]) -> dict[str, Any]:
    plays = row.get("plays", 1)
    return {**_how(), "quarter": 48, "track_uri": "a", "plays": plays, "ms": 60_000 * plays}


def _how() -> dict[str, Any]:
    return {"context_type": None, "context_id": None, "kind": "music", "heard": "done", "incognito": False}


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
    return dict.fromkeys(("entries", "plays", "duplicates", "married", "late_arrivals", "quarantined"), 0)


def _playlist(dt: str, row: Mapping[str, Any]) -> dict[str, Any]:
    of_week = {"playlist_id": "p", "playlist_name": "Unplayed lately", "unplayed_days": 90}
    return {"position": 1, "track_uri": "a", **of_week, "written_at": f"{dt} 06:00:00.000"}


DEFAULTS = {
    "plays": _play,
    "day_tracks": _day_track,
    "day_quarters": _day_quarter,
    "tracks": _track,
    "artists": _artist,
    "gaps": _gap,
    "settled_days": _account,
    "playlists": _playlist,
}
