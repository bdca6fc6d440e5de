"""Metadata into the tables, and only then into the cache: whoever finds an entity in the cache finds its row too."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from glue_catalog.tables import ArtistRow, TrackRow
from playledger.errors import StateConflict
from playledger.models import ArtistMetadata, Grade, TrackMetadata, utc_day
from playledger.ports import MetadataCache, TableStore

TRIES = 5
"""How often a partition that somebody else replaces meanwhile is read again."""

Entity = TypeVar("Entity", TrackMetadata, ArtistMetadata)


@dataclass
class Known:
    """The best that was seen of each entity."""

    tracks: dict[str, TrackMetadata] = field(default_factory=dict)
    artists: dict[str, ArtistMetadata] = field(default_factory=dict)

    def add_track(self, track: TrackMetadata | None) -> None:
        """Remembers the track unless a better version is known; of equal ones the later counts."""
        if track:
            self.tracks[track.track_uri] = _better(self.tracks.get(track.track_uri), track)

    def add_artist(self, artist: ArtistMetadata) -> None:
        """The same for an artist."""
        self.artists[artist.artist_id] = _better(self.artists.get(artist.artist_id), artist)

    def __len__(self) -> int:
        return len(self.tracks) + len(self.artists)


def keep(tables: TableStore, cache: MetadataCache, known: Known, *, now: datetime) -> Known:
    """Stores what the cache does not know as well: rows first, then the cache. Returns what was new.

    A crash in between leaves rows that the next run writes again: readers take the best and newest version of each.
    """
    new = unknown(known, cache)
    write_rows(tables, new, now=now)
    cache.put_tracks(new.tracks.values())
    cache.put_artists(new.artists.values())
    return new


def unknown(known: Known, cache: MetadataCache) -> Known:
    """What of it the cache does not know as well."""
    return Known(
        _unknown(known.tracks, cache.missing_tracks),
        _unknown(known.artists, cache.missing_artists),
    )


def write_rows(tables: TableStore, known: Known, *, now: datetime) -> None:
    """Adds a version of each entity to the partition of the UTC date of `now`, the tracks last."""
    dt = utc_day(now).isoformat()
    _add(tables, "artists", dt, "artist_id", [artist_row(artist) for artist in known.artists.values()])
    _add(tables, "tracks", dt, "track_uri", [track_row(track) for track in known.tracks.values()])


def track_row(track: TrackMetadata) -> dict[str, Any]:
    """A row of `tracks`."""
    row = TrackRow(
        track_uri=track.track_uri,
        track_id=track.track_id,
        name=track.name,
        artist_name=track.artists[0] if track.artists else None,
        artist_id=track.artist_ids[0] if track.artist_ids else None,
        artists=track.artists,
        album=track.album,
        album_id=track.album_id,
        release_date=track.release_date,
        isrc=track.isrc,
        duration_ms=track.duration_ms,
        grade_rank=track.grade.rank,
        changed_at=track.changed_at,
    )
    return row.model_dump(mode="json")


def artist_row(artist: ArtistMetadata) -> dict[str, Any]:
    """A row of `artists`."""
    row = ArtistRow(
        artist_id=artist.artist_id,
        name=artist.name,
        genres=artist.genres or (),
        popularity=artist.popularity,
        image_url=artist.images[0] if artist.images else None,
        grade_rank=artist.grade.rank,
        changed_at=artist.changed_at,
    )
    return row.model_dump(mode="json")


def _better(old: Entity | None, new: Entity) -> Entity:
    return new if old is None or new.grade.rank >= old.grade.rank else old


def _unknown(entities: Mapping[str, Entity], missing: Any) -> dict[str, Entity]:
    """Those that the cache does not know with at least the grade they have now."""
    wanted: set[str] = set()
    for grade in Grade:
        of_grade = [name for name, entity in entities.items() if entity.grade is grade]
        wanted |= missing(of_grade, grade) if of_grade else set()
    return {name: entity for name, entity in entities.items() if name in wanted}


def _add(tables: TableStore, table: str, dt: str, key: str, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    for _ in range(TRIES):
        stored = tables.list(table).get(dt)
        old = list(tables.read(table, dt)) if stored else []
        merged = _union(old, rows, key)
        if merged == old:
            return
        try:
            tables.write(table, dt, merged, digest=_digest(merged), replaces=stored)
        except StateConflict:
            continue
        return
    raise StateConflict(f"{table} of {dt} was replaced {TRIES} times meanwhile")


def _union(old: Iterable[dict[str, Any]], new: Iterable[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """One row per entity and grade; a row that says nothing new keeps its old time."""
    rows = {(row[key], row["grade_rank"]): row for row in old}
    for row in new:
        before = rows.get((row[key], row["grade_rank"]))
        if before is None or before | {"changed_at": row["changed_at"]} != row:
            rows[row[key], row["grade_rank"]] = row
    return [rows[name] for name in sorted(rows)]


def _digest(rows: Sequence[Mapping[str, Any]]) -> str:
    text = json.dumps(rows, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
