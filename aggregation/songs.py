"""Which tracks are one song, and what each is called by the best that is known. Pure, but for the writing."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from aggregation.reading import ALWAYS
from aggregation.titles import called
from playledger.policy import DEFAULT, Policy, Songs
from playledger.ports import QueryEngine, TableStore
from sql import load

VERSIONS = ("track_versions", "artist_versions")

SONGS_VERSION = 6
"""Goes up when songs come out otherwise for the same metadata."""

Row = Mapping[str, Any]


def name_songs(tables: TableStore, engine: QueryEngine, policy: Policy, *, open_month: str) -> bool:
    """Brings `songs` up to date with metadata, observed names and the policy; True where it changed."""
    question, is_usual = load("songs/observed"), policy.counting == DEFAULT.counting
    since = open_month if is_usual else ALWAYS  # then plays count that all_tracks leaves out
    parts = {table: tables.list(table) for table in (*VERSIONS, "all_tracks", "month_tracks")}
    inputs = [
        f"{table} {part} {stored.etag}"
        for table, stored_parts in parts.items()
        for part, stored in stored_parts.items()
        if table != "month_tracks" or part >= since
    ]
    named = "\n".join(
        [str(SONGS_VERSION), question.sha256, policy.songs.model_dump_json(), str(is_usual), *sorted(inputs)]
    )
    digest, stored = hashlib.sha256(named.encode()).hexdigest()[:32], tables.list("songs").get("")
    if stored and stored.digest == digest:
        return False
    tracks, artists = [_rows(tables, table, parts[table]) for table in VERSIONS]
    observed = engine.rows(question, p_lasting=is_usual, p_month_from=since)
    tables.write("songs", "", songs(tracks, artists, observed, policy.songs), digest=digest, replaces=stored)
    return True


def _rows(tables: TableStore, table: str, months: Iterable[str]) -> Iterator[Row]:
    for month in months:
        yield from tables.scan(table, month)


def songs(
    tracks: Iterable[Row], artists: Iterable[Row], observed: Iterable[Row], known_better: Songs
) -> Iterator[dict[str, Any]]:
    """Rows of `songs`, by URI: the best version of each track, and the song it is a recording of.

    `observed` are names that plays had, for tracks of which metadata lacks some. All of it is put together in a file of
    SQLite's: a hundred thousand tracks would be a hundred megabytes in memory.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        _prepare(db)
        db.executemany(KEEP_BETTER, map(_version, tracks))
        db.executemany(KEEP_BETTER_ARTIST, map(_artist_version, artists))
        db.executemany(FILL, map(dict, observed))
        db.executescript(TITLES)
        db.executemany("insert or ignore into apart values (?)", ((uri,) for uri in _told(known_better)))
        db.executescript(RECORDINGS)
        for same in known_better.same:
            _put_together(db, same)
        db.executescript(NUMBERS)
        found = db.execute(NAMED)
        names = [column[0] for column in found.description]
        for values in found:
            yield _row(dict(zip(names, values, strict=True)))


# ---- what each track is called ----------------------------------------------------------------------------------

TABLES = """
create table track (
    track_uri text primary key, name text, artist_name text, artist_id text, album text, album_id text,
    release_date text, isrc text, duration_ms integer, first_artist text, grade_rank integer, changed_at text
) without rowid;
create table artist (
    artist_id text primary key, name text, genres text, grade_rank integer, changed_at text
) without rowid;
create table apart (track_uri text primary key) without rowid;
"""

KEEP_BETTER = """
insert into track values (
    :track_uri, :name, :artist_name, :artist_id, :album, :album_id, :release_date, :isrc, :duration_ms, :first_artist,
    :grade_rank, :changed_at
)
on conflict do update set
    name = :name, artist_name = :artist_name, artist_id = :artist_id, album = :album, album_id = :album_id,
    release_date = :release_date, isrc = :isrc, duration_ms = :duration_ms, first_artist = :first_artist,
    grade_rank = :grade_rank, changed_at = :changed_at
where (:grade_rank, :changed_at, :name) > (grade_rank, changed_at, name)
"""
"""The higher grade is better, of these the newest."""

KEEP_BETTER_ARTIST = """
insert into artist values (:artist_id, :name, :genres, :grade_rank, :changed_at)
on conflict do update set name = :name, genres = :genres, grade_rank = :grade_rank, changed_at = :changed_at
where (:grade_rank, :changed_at, :name) > (grade_rank, changed_at, name)
"""

FILL = """
insert into track (track_uri, name, artist_name, album, grade_rank, changed_at)
values (:track_uri, coalesce(nullif(:track_name, ''), :track_uri), :artist_name, :album_name, 0, '')
on conflict do update set
    artist_name = coalesce(nullif(artist_name, ''), :artist_name), album = coalesce(nullif(album, ''), :album_name)
"""
"""A version with the names that it lacks; what has no title at all is called by its URI."""


def _prepare(db: sqlite3.Connection) -> None:
    """Nothing is synced: the file is gone when the connection is."""
    db.executescript(f"pragma journal_mode = off; pragma synchronous = off; pragma temp_store = file; {TABLES}")
    functions: dict[str, tuple[int, Callable[..., str | int | None]]]
    functions = {"called": (3, called), "lowered": (1, _lowered), "year": (1, _year)}
    for name, (parameters, function) in functions.items():
        db.create_function(name, parameters, function, deterministic=True)


def _version(row: Row) -> dict[str, Any]:
    """A version of the `tracks` table."""
    first = row["artists"][0] if row["artists"] else None
    return {**row, "artists": None, "first_artist": first, "changed_at": row["changed_at"] or ""}


def _artist_version(row: Row) -> dict[str, Any]:
    genres = "|".join(dict.fromkeys(row["genres"])) or None
    return {**row, "genres": genres, "changed_at": row["changed_at"] or ""}


# ---- which of them are one --------------------------------------------------------------------------------------

TITLES = """
create table titled as
select *, called(name, coalesce(nullif(first_artist, ''), artist_name), track_uri) as title,
    lowered(artist_name) as artist_key,
    case when artist_name is not null then lowered(artist_name) || char(10) || lowered(album) end as album_key
from track;
create table coded as
select title, min(isrc) as isrc from titled where isrc <> '' group by title having count(distinct isrc) = 1;
create unique index code_of on coded (title);
"""
"""A title of which all tracks that have a recording code have the same."""

RECORDINGS = """
create table song as
select track_uri, first_value(track_uri) over (
    partition by case when track_uri in (select track_uri from apart) then track_uri
        else coalesce('isrc ' || coalesce(nullif(titled.isrc, ''), coded.isrc), 'named ' || title) end
    order by coalesce(nullif(release_date, ''), '9999'), track_uri) as song
from titled left join coded using (title);
create unique index song_of on song (track_uri);
"""
"""By its code, else by its title; the track of the earliest release stands for it."""

NUMBERS = """
create table song_number as
select song, row_number() over (order by song) as song_no, min(year(release_date)) as release_year
from song join titled using (track_uri) group by song;
create unique index song_no_of on song_number (song);
create table artist_number as
select artist_key, row_number() over (order by artist_key) as artist_no,
    coalesce(min(case when artist_id is not null then track_uri end), min(track_uri)) as shown_by
from titled where artist_key is not null group by artist_key;
create unique index artist_no_of on artist_number (artist_key);
create table album_number as
select album_key, row_number() over (order by album_key) as album_no,
    coalesce(min(case when album_id is not null then track_uri end), min(track_uri)) as shown_by
from titled where album_key is not null group by album_key;
create unique index album_no_of on album_number (album_key);
"""
"""Numbers are in the order of keys: a tenth of names, in memory and in time. For an artist or an album stands the first
track that knows its id, else the first."""

NAMED = """
select titled.track_uri, nullif(song, titled.track_uri) as song_uri, titled.name, artist_name, titled.artist_id, album,
    album_id, release_year, duration_ms, artist.genres, song_no, artist_no, album_no,
    coalesce(artist_number.shown_by = titled.track_uri, 0) as is_artist,
    coalesce(album_number.shown_by = titled.track_uri, 0) as is_album
from titled
join song using (track_uri)
join song_number using (song)
left join artist_number using (artist_key)
left join album_number using (album_key)
left join artist on artist.artist_id = titled.artist_id
order by titled.track_uri
"""


def _told(known_better: Songs) -> Iterator[str]:
    """The tracks of which the listener says what they are."""
    yield from known_better.apart
    yield from (uri for same in known_better.same for uri in same)


def _put_together(db: sqlite3.Connection, same: Iterable[str]) -> None:
    """The first of these tracks that is known stands for each that is."""
    known = [uri for uri in same if db.execute("select 1 from track where track_uri = ?", (uri,)).fetchone()]
    db.executemany("update song set song = ? where track_uri = ?", ((known[0], uri) for uri in known))


def _lowered(name: str | None) -> str | None:
    """As both engines have lower(trim(name)): sign by sign, with one for each."""
    if name is None:
        return None
    bare = name.strip(" ")
    return bare.lower() if bare.isascii() else "".join(sign.lower()[0] for sign in bare)


def _year(release_date: str | None) -> int | None:
    """The year of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; None for what is no year."""
    written = (release_date or "")[:4]
    return int(written) if written.isdecimal() and int(written) > 0 else None


def _row(found: dict[str, Any]) -> dict[str, Any]:
    return found | {name: bool(found[name]) for name in ("is_artist", "is_album")}
