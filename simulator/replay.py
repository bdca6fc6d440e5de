"""Makes a timeline out of an account export, so that the simulator can play a real listener's history again."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from playledger.models import parse_instant, to_ms
from simulator.catalogue import Album, Artist, Episode, Track, spotify_id
from simulator.plays import ListenedPlay

Row = Mapping[str, Any]


def replay(*paths: Path, delay_s: float = 20.0) -> list[ListenedPlay]:
    """The plays of extended-history files (.json or .json.gz), oldest first, each listed `delay_s` after its end.

    An export has whole seconds: the feed's milliseconds are made up, the same ones each time. A track is as long as
    its longest play. Rows that name neither track nor episode are left out.
    """
    return replay_rows([row for path in paths for row in _rows(path)], delay_s=delay_s)


def replay_rows(rows: Sequence[Row], *, delay_s: float = 20.0) -> list[ListenedPlay]:
    """The same from rows already read."""
    items = _items(rows)
    plays = [_play(number, row, items[_uri(row)], delay_s) for number, row in enumerate(rows) if _uri(row) in items]
    return sorted(plays, key=lambda play: play.ended_at_ms)


def _rows(path: Path) -> list[Row]:
    raw = path.read_bytes()
    return list(json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw))


def _uri(row: Row) -> str:
    return row.get("spotify_track_uri") or row.get("spotify_episode_uri") or ""


def _items(rows: Sequence[Row]) -> dict[str, Track | Episode]:
    """What each URI names."""
    longest: dict[str, int] = {}
    named: dict[str, Row] = {}
    for row in rows:
        if uri := _uri(row):
            longest[uri] = max(longest.get(uri, 1), row["ms_played"])
            named[uri] = row
    return {uri: _item(uri, row, longest[uri]) for uri, row in named.items()}


def _item(uri: str, row: Row, duration_ms: int) -> Track | Episode:
    identity = uri.rpartition(":")[2]
    if ":track:" not in uri:
        return Episode(identity, row.get("episode_name") or "", row.get("episode_show_name") or "", duration_ms)
    name, album = row["master_metadata_track_name"] or "", row["master_metadata_album_album_name"] or ""
    by = row["master_metadata_album_artist_name"] or ""
    artist = Artist(spotify_id("artist", by), by, None)
    return Track(
        identity, name, (artist,), Album(spotify_id("album", by, album), album, artist, "album", "2000", 1), duration_ms
    )


def _play(number: int, row: Row, item: Track | Episode, delay_s: float) -> ListenedPlay:
    end_ms = to_ms(parse_instant(row["ts"]))
    played_ms = end_ms + number * 37 % 1000
    return ListenedPlay(
        item,
        started_at_ms=end_ms - row["ms_played"],
        ended_at_ms=end_ms,
        played_at_ms=played_ms,
        published_at_ms=played_ms + round(delay_s * 1000),
        ms_played=row["ms_played"],
        reason_start=row.get("reason_start") or "unknown",
        reason_end=row.get("reason_end") or "unknown",
        shuffle=bool(row.get("shuffle")),
        offline=bool(row.get("offline")),
        incognito=bool(row.get("incognito_mode")),
    )


def export_paths(folder: Path) -> Iterable[Path]:
    """The audio files of an export folder."""
    return sorted([*folder.rglob("Streaming_History_Audio_*.json*"), *folder.rglob("endsong_*.json*")])
