"""Which tracks are one song, and what each is called by the best that is known. Pure, but for the asking."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from aggregation.reading import ALWAYS
from aggregation.titles import called
from playledger.policy import DEFAULT, Policy, Songs
from playledger.ports import LIST_SEPARATOR, Computed, Derivation, Given, QueryEngine, Source, TableStore
from sql import load

VERSIONS = {
    "track_versions": (
        "track_uri", "name", "artist_name", "artist_id", "album", "album_id", "release_date", "isrc", "duration_ms",
        "artists", "grade_rank", "changed_at",
    ),
    "artist_versions": ("artist_id", "genres", "grade_rank", "changed_at", "name"),
}  # fmt: skip
"""Table -> the columns that songs are made of."""

BEFORE = ("track_uri", "name", "artist_name", "title_no")
"""What of `songs` as it is may be kept."""

SONGS_VERSION = 12
"""Goes up when songs come out otherwise for the same metadata."""


def name_songs(tables: TableStore, engine: QueryEngine, policy: Policy, *, open_month: str) -> bool:
    """Brings `songs` up to date with metadata, observed names and the policy; True where it changed."""
    question, is_usual = load("songs/observed"), policy.counting == DEFAULT.counting
    since = open_month if is_usual else ALWAYS  # then plays count that all_time leaves out
    parts = {table: tables.list(table) for table in (*VERSIONS, "all_time", "month_tracks")}
    inputs = [
        f"{table} {part} {stored.etag}"
        for table, stored_parts in parts.items()
        for part, stored in stored_parts.items()
        if table != "month_tracks" or part >= since
    ]
    named = "\n".join([question.sha256, policy.songs.model_dump_json(), str(is_usual), *sorted(inputs)])
    version = f"{SONGS_VERSION}-"
    digest, stored = version + hashlib.sha256(named.encode()).hexdigest()[:32], tables.list("songs").get("")
    if stored and stored.digest == digest:
        return False
    observed = engine.rows(question, p_lasting=is_usual, p_month_from=since)
    sources = [Source(table, list(parts[table]), names) for table, names in VERSIONS.items()]
    before = [""] if stored and stored.digest.startswith(version) else []
    naming = songs((*sources, Source("songs", before, BEFORE)), observed, policy.songs)
    tables.derive("songs", "", naming, digest=digest, replaces=stored)
    return True


def songs(sources: Iterable[Source], observed: Iterable[Mapping[str, Any]], known_better: Songs) -> Derivation:
    """How rows of `songs` come about, by URI: the best version of each track, and the song it is a recording of.

    `sources` are the tables in VERSIONS and `songs` as it is, if that was made by the same rules; `observed` are names
    that plays had, for tracks of which metadata lacks some.
    """
    texts = ("track_uri", "track_name", "artist_name", "album_name")
    seen = [(number, *(row[text] for text in texts)) for number, row in enumerate(observed, 1)]
    told = [(number, place, uri) for number, same in enumerate(known_better.same) for place, uri in enumerate(same)]
    apart = dict.fromkeys((*known_better.apart, *(uri for _, _, uri in told)))
    return Derivation(
        sources={source.table: source for source in sources},
        given={
            "observed": Given({"observed_no": int, **dict.fromkeys(texts, str)}, seen),
            "apart": Given({"track_uri": str}, [(uri,) for uri in apart]),
            "told": Given({"told_no": int, "place": int, "track_uri": str}, told),
        },
        steps=(
            *(CHOSEN, TRACK, "drop table chosen", KNOWN, NUMBERED, TITLED, "drop table known", "drop table numbered"),
            *(SAME, SONG, CREDIT, NUMBER, "drop table same", "drop table song", "drop table credit"),
            *(ARTIST, NAMED, "drop table titled", "drop table track", "drop table number", "drop table artist"),
        ),
        selected=IN_ORDER,
    )


# ---- what each track is called ----------------------------------------------------------------------------------

CHOSEN = """
create table chosen as
with version as (
    select track_uri, row_no, grade_rank, changed_at, name from track_versions
    union all
    select track_uri, -observed_no, -1, null, track_name from observed
)
select row_number() over (order by track_uri) as track_no, row_no
from (
    select track_uri, row_no, row_number() over (
        partition by track_uri order by grade_rank desc, changed_at desc, name desc, row_no) as nth
    from version) as placed
where nth = 1
"""
"""Of all versions the one of the highest grade is best, of these the newest; of a track that has none, its plays tell.
Rows are chosen by their few columns that matter: sorting whole ones takes twice the memory."""

TRACK = """
create table track as
with version as (
    select row_no, track_versions.track_uri, name, artist_id, album_id, release_date, isrc, duration_ms,
        substr(artists, 1, instr(artists || 'LIST_SEPARATOR', 'LIST_SEPARATOR') - 1) as first_artist,
        coalesce(nullif(track_versions.artist_name, ''), observed.artist_name, track_versions.artist_name)
            as artist_name,
        coalesce(nullif(album, ''), album_name, album) as album
    from track_versions left join observed on observed.track_uri = track_versions.track_uri
    union all
    select -observed_no, track_uri, coalesce(nullif(track_name, ''), track_uri), null, null, null, null, null, null,
        artist_name, album_name
    from observed
)
select track_no, track_uri, name, artist_id, album_id, nullif(release_date, '') as release_date,
    nullif(isrc, '') as isrc, duration_ms, nullif(first_artist, '') as first_artist, artist_name, album
from version join chosen on chosen.row_no = version.row_no
""".replace("LIST_SEPARATOR", LIST_SEPARATOR)
"""Names that metadata lacks are those that plays had; what has no title at all is called by its URI."""

KNOWN = """
create table known as
select track_no, songs.title_no
from track join songs on songs.track_uri = track.track_uri
where songs.title_no is not null and songs.name = track.name and songs.artist_name = track.artist_name
    and coalesce(first_artist, track.artist_name) = track.artist_name
"""
"""What a title came to stays the same while what it is made of does."""


def title_no(name: str, artist: str | None, track_uri: str) -> int:
    """The same number, of 63 bits, for what is called the same: 100,000 titles are all told apart but once in 10^9."""
    return int.from_bytes(hashlib.blake2b(called(name, artist, track_uri).encode(), digest_size=8).digest()) >> 1


NUMBERED = Computed(
    "numbered",
    {"track_no": int, "title_no": int},
    """
    select track.track_no, name, coalesce(first_artist, artist_name), track_uri
    from track left join known on known.track_no = track.track_no where known.track_no is null
    """,
    title_no,
)

TITLED = "create table titled as select track_no, title_no from known union all select track_no, title_no from numbered"

ARTIST = """
create table artist as
select artist_id, nullif(replace(genres, 'LIST_SEPARATOR', '|'), '') as genres
from (
    select artist_id, genres, row_number() over (
        partition by artist_id order by grade_rank desc, changed_at desc, name desc, row_no) as nth
    from artist_versions) as placed
where nth = 1
""".replace("LIST_SEPARATOR", LIST_SEPARATOR)

# ---- which of them are one --------------------------------------------------------------------------------------

SAME = """
create table same as
with coded as (
    select title_no, min(isrc) as isrc from titled join track on track.track_no = titled.track_no
    where isrc is not null group by title_no having count(distinct isrc) = 1
),
put_together as (
    select track_no, first_value(track_no) over (partition by told_no order by place) as song,
        row_number() over (partition by track_no order by told_no desc, place) as nth
    from told join track on track.track_uri = told.track_uri
)
select track.track_no, coalesce(put_together.song, first_value(track.track_no) over (
    partition by case when apart.track_uri is not null then 'apart ' || track.track_uri
        else coalesce('isrc ' || coalesce(track.isrc, coded.isrc), 'named ' || titled.title_no) end
    order by coalesce(release_date, '9999'), track.track_uri)) as song
from track
join titled on titled.track_no = track.track_no
left join coded on coded.title_no = titled.title_no
left join apart on apart.track_uri = track.track_uri
left join put_together on put_together.track_no = track.track_no and put_together.nth = 1
"""
"""What the listener said goes first: the first of such tracks that is known stands for each that is. Then by its code,
else by its title; the track of the earliest release stands for it. `coded` are titles of which all tracks that have a
recording code have the same."""

SONG = """
create table song as
select song, row_number() over (order by song) as song_no, count(*) as tracks,
    min(case when length(trim(substr(release_date, 1, 4), '0123456789')) = 0
        then nullif(cast(substr(release_date, 1, 4) as integer), 0) end) as release_year
from same join track on track.track_no = same.track_no group by song
"""

CREDIT = """
create table credit as
with named as (
    select track_no, lower(trim(artist_name)) as artist_key, lower(trim(album)) as album_key, artist_id, album_id
    from track where artist_name is not null
),
artist as (
    select artist_key, row_number() over (order by artist_key) as artist_no,
        coalesce(min(case when artist_id is not null then track_no end), min(track_no)) as shown_by
    from named group by artist_key
),
album as (
    select artist_key, album_key, row_number() over (order by artist_key || '\n' || album_key) as album_no,
        coalesce(min(case when album_id is not null then track_no end), min(track_no)) as shown_by
    from named where album_key is not null group by artist_key, album_key
)
select track_no, artist_no, album_no, artist.shown_by = track_no as is_artist, album.shown_by = track_no as is_album
from named
left join artist on artist.artist_key = named.artist_key
left join album on album.artist_key = named.artist_key and album.album_key = named.album_key
"""
"""Numbers are in the order of keys: a tenth of names, in memory and in time. For an artist or an album stands the first
track that knows its id, else the first. Each has an artist: the left join tells SQLite what to look up in what."""

NUMBER = """
create table number as
select same.track_no, nullif(same.song, same.track_no) as stands, release_year, song_no, artist_no, album_no,
    coalesce(is_artist, false) as is_artist, coalesce(is_album, false) as is_album, tracks = 1 as is_only
from same
join song on song.song = same.song
left join credit on credit.track_no = same.track_no
"""

NAMED = """
create table named as
select track.track_no, track.track_uri, song.track_uri as song_uri, track.name, track.artist_name, track.artist_id,
    track.album, track.album_id, release_year, track.duration_ms, genres, song_no, artist_no, album_no, is_artist,
    is_album, is_only,
    number_of(coalesce(song.track_uri, track.track_uri) || '\n' || coalesce('=' || track.artist_name, '') || '\n'
        || coalesce('=' || track.album, '') || '\n' || coalesce(release_year, 0) || '\n' || coalesce(genres, ''))
        as identity,
    case when coalesce(track.first_artist, track.artist_name) = track.artist_name then title_no end as title_no
from track
join number on number.track_no = track.track_no
join titled on titled.track_no = track.track_no
left join track as song on song.track_no = number.stands
left join artist on artist.artist_id = track.artist_id
"""

IN_ORDER = """
select track_uri, song_uri, name, artist_name, artist_id, album, album_id, release_year, duration_ms, genres, song_no,
    artist_no, album_no, is_artist, is_album, is_only, identity, title_no
from named order by track_no
"""
