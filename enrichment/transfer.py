"""Metadata brought to another place: what cost calls is not asked for again, and what is better known there stays."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from enrichment.keep import Known, unknown, write_rows
from playledger.errors import StateConflict
from playledger.journal import by_date, digest
from playledger.ports import Journal, MetadataCache, TableStore

AT_ONCE = 200
"""Entities put between two moves of the progress."""

Moved = Callable[[int, int], None]


def carry_metadata(
    from_tables: TableStore,
    from_cache: MetadataCache,
    to_tables: TableStore,
    to_cache: MetadataCache,
    *,
    now: datetime,
    progress: Moved | None = None,
) -> tuple[int, int]:
    """Carries the tracks and artists that the target knows less well; returns how many of each.

    Rows first, then the cache, as always: whoever is killed in between carries the same again.
    """
    found = Known(
        dict(from_cache.get_tracks(_ids(from_tables, "tracks", "track_uri"))),
        dict(from_cache.get_artists(_ids(from_tables, "artists", "artist_id"))),
    )
    new = unknown(found, to_cache)
    write_rows(to_tables, new, now=now)
    done = 0
    for put, chunk in _chunks(new, to_cache):
        put(chunk)
        done += len(chunk)
        if progress:
            progress(done, len(new))
    return len(new.tracks), len(new.artists)


def _ids(tables: TableStore, table: str, key: str) -> set[str]:
    return {row[key] for dt in tables.list(table) for row in tables.read(table, dt)}


def _chunks(known: Known, cache: MetadataCache) -> Iterator[tuple[Callable[[Any], object], Sequence[Any]]]:
    tracks, artists = list(known.tracks.values()), list(known.artists.values())
    for put, entities in ((cache.put_artists, artists), (cache.put_tracks, tracks)):
        for start in range(0, len(entities), AT_ONCE):
            yield put, entities[start : start + AT_ONCE]


def carry_marks(from_cache: MetadataCache, to_cache: MetadataCache, journal: Journal) -> None:
    """Marks the days of the target's journal that the source has learned and that are the same there."""
    learned, known = from_cache.learned(), to_cache.learned()
    days = {dt.isoformat(): digest(objects) for dt, objects in by_date(journal.list()).items()}
    same = {dt: named for dt, named in days.items() if learned.get(dt) == named and known.get(dt) != named}
    to_cache.mark_learned(same)


def carry_playlists(source: TableStore, target: TableStore) -> int:
    """Carries the weeks whose playlist the target does not have; returns how many."""
    there = target.list("playlists")
    weeks = {week: stored for week, stored in source.list("playlists").items() if week not in there}
    return sum(_carried(source, target, week, stored.digest) for week, stored in weeks.items())


def _carried(source: TableStore, target: TableStore, week: str, named: str) -> bool:
    try:
        target.write("playlists", week, source.read("playlists", week), digest=named, replaces=None)
    except StateConflict:
        return False  # the target wrote the week's own meanwhile
    return True
