"""Which tracks are one song, and what each is called by the best that is known. Pure, but for the writing."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from aggregation.reading import ALWAYS
from aggregation.titles import called
from playledger.policy import DEFAULT, Policy, Songs
from playledger.ports import QueryEngine, TableStore
from sql import load

VERSIONS = {
    "track_versions": (
        "track_uri", "name", "artist_name", "artist_id", "album", "album_id", "release_date", "isrc", "duration_ms",
        "artists", "grade_rank", "changed_at",
    ),
    "artist_versions": ("artist_id", "genres", "grade_rank", "changed_at", "name"),
}  # fmt: skip
"""Table -> the columns that songs are made of."""

SONGS_VERSION = 8
"""Goes up when songs come out otherwise for the same metadata."""

Row = Mapping[str, Any]
Values = tuple[Any, ...]


def name_songs(tables: TableStore, engine: QueryEngine, policy: Policy, *, open_month: str) -> bool:
    """Brings `songs` up to date with metadata, observed names and the policy; True where it changed."""
    question, is_usual = load("songs/observed"), policy.counting == DEFAULT.counting
    since = open_month if is_usual else ALWAYS  # then plays count that all_years leaves out
    parts = {table: tables.list(table) for table in (*VERSIONS, "all_years", "month_tracks")}
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
    tracks, artists = [_scanned(tables, table, parts[table]) for table in VERSIONS]
    observed = engine.rows(question, p_lasting=is_usual, p_month_from=since)
    tables.write("songs", "", songs(tracks, artists, observed, policy.songs), digest=digest, replaces=stored)
    return True


def _scanned(tables: TableStore, table: str, months: Iterable[str]) -> Iterator[Values]:
    for month in months:
        yield from tables.scan(table, month, VERSIONS[table])


def songs(
    tracks: Iterable[Values], artists: Iterable[Values], observed: Iterable[Row], known_better: Songs
) -> Iterator[dict[str, Any]]:
    """Rows of `songs`, by URI: the best version of each track, and the song it is a recording of.

    Versions are the values of the columns in VERSIONS; `observed` are names that plays had, for tracks of which
    metadata lacks some. All of it is put together in a file of SQLite's: a hundred thousand tracks would be a hundred
    megabytes in memory.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        _prepare(db)
        db.executemany("insert into version values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_credited, tracks))
        db.executemany("insert into artist_version values (?, ?, ?, ?, ?)", map(_joined, artists))
        db.executemany("insert into seen values (:track_uri, :track_name, :artist_name, :album_name)", observed)
        db.executemany("insert or ignore into apart values (?)", ((uri,) for uri in _told(known_better)))
        db.executescript(TRACKS)
        db.executescript(RECORDINGS)
        for same in known_better.same:
            _put_together(db, same)
        db.executescript(NUMBERS)
        found = db.execute(NAMED)
        names = [column[0] for column in found.description]
        for *values, is_artist, is_album, is_only in found:
            yield dict(zip(names, (*values, is_artist == 1, is_album == 1, is_only == 1), strict=True))


# ---- what each track is called ----------------------------------------------------------------------------------

TABLES = """
create table version (
    track_uri text, name text, artist_name text, artist_id text, album text, album_id text, release_date text,
    isrc text, duration_ms integer, first_artist text, grade_rank integer, changed_at text
);
create table artist_version (artist_id text, genres text, grade_rank integer, changed_at text, name text);
create table seen (track_uri text primary key, track_name text, artist_name text, album_name text) without rowid;
create table apart (track_uri text primary key) without rowid;
create table song (track_no integer primary key, song integer);
create table song_number (song integer primary key, song_no integer, tracks integer, release_year integer);
"""
"""Of a track or an artist there may be several versions. The number of a track is its rowid in `track`."""

TRACKS = """
insert into version (track_uri, name, artist_name, album, grade_rank)
select track_uri, coalesce(nullif(track_name, ''), track_uri), artist_name, album_name, 0
from seen where track_uri not in (select track_uri from version);
create table track as
with best as (
    select version_no from (
        select track_uri, rowid as version_no, row_number() over (
            partition by track_uri order by grade_rank desc, changed_at desc, name desc, rowid) as nth
        from version)
    where nth = 1 order by track_uri
),
named as (
    select version_no, track_uri, name, first_artist, artist_id, album_id, isrc, release_date,
        coalesce(nullif(version.artist_name, ''), seen.artist_name, version.artist_name) as artist_name,
        coalesce(nullif(album, ''), album_name, album) as album
    from best cross join version on version.rowid = version_no left join seen using (track_uri)
)
select version_no, track_uri, artist_id, album_id, nullif(isrc, '') as isrc, nullif(release_date, '') as release_date,
    called(name, coalesce(nullif(first_artist, ''), artist_name), track_uri) as title,
    case when artist_name glob '*[^ -~]*' then lowered(artist_name) else lower(trim(artist_name)) end as artist_key,
    case when album glob '*[^ -~]*' then lowered(album) else lower(trim(album)) end as album_name
from named;
create table artist as
select * from (
    select artist_id, genres, row_number() over (
        partition by artist_id order by grade_rank desc, changed_at desc, name desc, rowid) as nth
    from artist_version)
where nth = 1;
create unique index artist_of on artist (artist_id);
create table coded as
select title, min(isrc) as isrc from track where isrc is not null group by title having count(distinct isrc) = 1;
create unique index code_of on coded (title);
"""
"""Of all versions the one of the highest grade is best, of these the newest. Names that it lacks are those that plays
had; what has no title at all is called by its URI. `coded` are titles of which all tracks that have a recording code
have the same."""


def _prepare(db: sqlite3.Connection) -> None:
    """Nothing is synced: the file is gone when the connection is."""
    db.executescript(f"pragma journal_mode = off; pragma synchronous = off; pragma temp_store = file; {TABLES} begin;")
    db.create_function("called", 3, called, deterministic=True)
    db.create_function("lowered", 1, _lowered, deterministic=True)


def _credited(values: Values) -> Values:
    """A version with the first of its artists in place of them all."""
    *others, artists, grade, changed_at = values
    return (*others, artists[0] if artists else None, grade, changed_at)


def _joined(values: Values) -> Values:
    """A version with its genres as one text."""
    artist_id, genres, *others = values
    return (artist_id, "|".join(dict.fromkeys(genres)) or None, *others)


# ---- which of them are one --------------------------------------------------------------------------------------

RECORDINGS = """
insert into song
select track.rowid, first_value(track.rowid) over (
    partition by case when track_uri in (select track_uri from apart) then track_uri
        else coalesce('isrc ' || coalesce(track.isrc, coded.isrc), 'named ' || title) end
    order by coalesce(release_date, '9999'), track_uri)
from track left join coded using (title);
"""
"""By its code, else by its title; the track of the earliest release stands for it."""

NUMBERS = """
insert into song_number
select song, row_number() over (order by song) as song_no, count(*) as tracks,
    min(case when substr(release_date, 1, 4) not glob '*[^0-9]*'
        then nullif(cast(substr(release_date, 1, 4) as integer), 0) end) as release_year
from song join track on track.rowid = track_no group by song;
create table artist_number as
select artist_key, row_number() over (order by artist_key) as artist_no,
    coalesce(min(case when artist_id is not null then rowid end), min(rowid)) as shown_by
from track where artist_key is not null group by artist_key;
create unique index artist_no_of on artist_number (artist_key);
create table album_number as
select artist_key, album_name, row_number() over (order by artist_key || char(10) || album_name) as album_no,
    coalesce(min(case when album_id is not null then rowid end), min(rowid)) as shown_by
from track where artist_key is not null and album_name is not null group by artist_key, album_name;
create unique index album_no_of on album_number (artist_key, album_name);
"""
"""Numbers are in the order of keys: a tenth of names, in memory and in time. For an artist or an album stands the first
track that knows its id, else the first."""

NAMED = """
select track.track_uri, nullif(stands.track_uri, track.track_uri) as song_uri, version.name,
    coalesce(nullif(version.artist_name, ''), seen.artist_name, version.artist_name) as artist_name, track.artist_id,
    coalesce(nullif(version.album, ''), seen.album_name, version.album) as album, track.album_id, release_year,
    version.duration_ms, genres, song_no, artist_no, album_no,
    artist_number.shown_by = track.rowid as is_artist, album_number.shown_by = track.rowid as is_album,
    song_number.tracks = 1 as is_only
from track
join version on version.rowid = track.version_no
left join seen on seen.track_uri = track.track_uri
join song on song.track_no = track.rowid
join track as stands on stands.rowid = song.song
join song_number on song_number.song = song.song
left join artist_number on artist_number.artist_key = track.artist_key
left join album_number on album_number.artist_key = track.artist_key and album_number.album_name = track.album_name
left join artist on artist.artist_id = track.artist_id
order by track.rowid
"""


def _told(known_better: Songs) -> Iterator[str]:
    """The tracks of which the listener says what they are."""
    yield from known_better.apart
    yield from (uri for same in known_better.same for uri in same)


def _put_together(db: sqlite3.Connection, same: Iterable[str]) -> None:
    """The first of these tracks that is known stands for each that is."""
    asked = [db.execute("select rowid from track where track_uri = ?", (uri,)).fetchone() for uri in same]
    known = [found[0] for found in asked if found]
    db.executemany("update song set song = ? where track_no = ?", ((known[0], number) for number in known))


def _lowered(name: str) -> str:
    """As both engines have lower(trim(name)): sign by sign, with one for each. SQLite's own knows ASCII alone."""
    return "".join(sign.lower()[0] for sign in name.strip(" "))
