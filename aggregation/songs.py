"""Which tracks are one song, and what each is called by the best that is known. Pure, but for the writing."""

import hashlib
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, Self

from aggregation.reading import ALWAYS
from playledger.policy import DEFAULT, Policy, Songs
from playledger.ports import QueryEngine, TableStore
from sql import load

VERSIONS = ("track_versions", "artist_versions")

SONGS_VERSION = 5
"""Goes up when songs come out otherwise for the same metadata."""

Row = Mapping[str, Any]

_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASHED = re.compile(r"\s+[-\u2013\u2014]\s+")
_MAYBE_ADDED = re.compile(r"[(\[{\uff08\uff3b]|\s[-\u2013\u2014]\s|t\.\s", re.IGNORECASE)
_ASCII_GAP = re.compile(r"[^a-z0-9?+#]+")
_GUEST = re.compile(r"\s(?:feat|ft)\.\s[^-\u2013\u2014(\[{]*", re.IGNORECASE)
_ADDED = re.compile(
    r"^(?:feat|ft|featuring|with|explicit)\b|\b(?:remaster|remastered|deluxe|bonus track|single version|album version|"
    r"original version|radio edit|mono|stereo|anniversary|(?:expanded|special|limited|legacy) edition)\b",
    re.IGNORECASE,
)
"""What a release adds to a title without another recording being meant."""

_OTHER = re.compile(
    r"\b(?:live|remix|remixed|re-mix|mix|acoustic|instrumental|sped|speed|slowed|demo|karaoke|cover|session|unplugged|"
    r"reprise|part|pt|vol|take|outtake|alternate|alternative|extended|orchestral|symphonic|a ?cappella|rework|reworked|"
    r"re-?recorded|rehearsal|interlude|intro|outro|nightcore|piano|bootleg|mashup|vip|dub|club)\b",
    re.IGNORECASE,
)
"""What makes it another recording, whatever else stands beside it."""

_SIGNS = frozenset("?+#")
"""Signs that tell titles apart: `In the Flesh` and `In the Flesh?` are two songs."""


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

    `observed` are names that plays had, for tracks of which metadata lacks some.
    """
    best = _best_tracks(tracks)
    best |= {row["track_uri"]: _filled(best.get(row["track_uri"]), row) for row in observed}
    genres = _genres(artists)
    names = _song_of(best, known_better)
    years = _earliest_years(best, names)
    song_nos = _numbered(names.values())
    artist_nos, album_nos = (_numbered(key(track) for track in best.values()) for key in (_artist_key, _album_key))
    shown = _shown(best, _artist_key, "artist_id"), _shown(best, _album_key, "album_id")
    for uri, track in sorted(best.items()):
        row = _row(track, names[uri], years.get(names[uri]), genres.get(track.artist_id))
        artist, album = artist_nos.get(_artist_key(track)), album_nos.get(_album_key(track))
        numbers = {"song_no": song_nos[names[uri]], "artist_no": artist, "album_no": album}
        yield row | numbers | {"is_artist": uri in shown[0], "is_album": uri in shown[1]}


class Track(NamedTuple):
    """What is known of a track, in as little memory as may be: there are a hundred thousand of them."""

    track_uri: str
    name: str
    artist_name: str | None = None
    artist_id: str | None = None
    album: str | None = None
    album_id: str | None = None
    release_date: str | None = None
    isrc: str | None = None
    duration_ms: int | None = None
    first_artist: str | None = None
    standing: tuple[int, str, str] = (0, "", "")

    @classmethod
    def of(cls, row: Row) -> Self:
        """A version of the `tracks` table."""
        first = _same(row["artists"][0]) if row["artists"] else None
        kept: dict[str, Any] = {
            name: _same(row[name]) if name in SHARED else row[name] for name in cls._fields if name in row
        }
        return cls(**kept, first_artist=first, standing=_standing(row))


SHARED = ("artist_name", "artist_id", "album", "album_id", "release_date")
"""Texts that many tracks have."""


def _same(text: str | None) -> str | None:
    """The one object for equal texts."""
    return None if text is None else sys.intern(text)


def _standing(row: Row) -> tuple[int, str, str]:
    """The higher grade is better, of these the newest."""
    return row["grade_rank"], _same(row["changed_at"]) or "", row["name"]


def _best_tracks(rows: Iterable[Row]) -> dict[str, Track]:
    """The best version of each, by URI in order."""
    found: dict[str, Track] = {}
    for row in rows:
        known = found.get(row["track_uri"])
        if known is None or known.standing < _standing(row):
            found[row["track_uri"]] = Track.of(row)
    return dict(sorted(found.items()))


def _genres(rows: Iterable[Row]) -> dict[str | None, str | None]:
    """Artist id -> the genres of its best version, with | between."""
    found: dict[str | None, tuple[tuple[int, str, str], str | None]] = {}
    for row in rows:
        version = _standing(row), _same("|".join(dict.fromkeys(row["genres"]))) or None
        found[row["artist_id"]] = max(version, found.get(row["artist_id"], version), key=itemgetter(0))
    return {artist_id: genres for artist_id, (_, genres) in found.items()}


def _filled(version: Track | None, observed: Row) -> Track:
    """A version with the names that it lacks; what has no title at all is called by its URI."""
    uri = observed["track_uri"]
    known = version or Track(uri, observed["track_name"] or uri)
    artist, album = known.artist_name or observed["artist_name"], known.album or observed["album_name"]
    return known._replace(artist_name=_same(artist), album=_same(album))


def _numbered(keys: Iterable[str | None]) -> dict[str | None, int]:
    """Key -> its place in order. What questions group by: numbers are a tenth of names, in memory and in time."""
    return {key: number for number, key in enumerate(sorted({key for key in keys if key is not None}), 1)}


def _shown(tracks: Mapping[str, Track], key: Callable[[Track], str | None], known: str) -> set[str]:
    """The tracks that stand for their artist, or album: of each the first one that knows its id, else the first."""
    found: dict[str | None, tuple[bool, str]] = {}
    for uri, track in tracks.items():
        place = getattr(track, known) is None, uri
        found[key(track)] = min(place, found.get(key(track), place))
    return {uri for name, (_, uri) in found.items() if name is not None}


def _artist_key(track: Track) -> str | None:
    """By name, whatever its case."""
    return None if track.artist_name is None else _lower(track.artist_name)


def _album_key(track: Track) -> str | None:
    """By the names of artist and album."""
    artist = _artist_key(track)
    return None if artist is None or track.album is None else f"{artist}\n{_lower(track.album)}"


@lru_cache(maxsize=4096)
def _lower(name: str) -> str:
    """As both engines have lower(trim(name)): sign by sign, with one for each."""
    bare = name.strip(" ")
    return bare.lower() if bare.isascii() else "".join(sign.lower()[0] for sign in bare)


def _song_of(tracks: Mapping[str, Track], known_better: Songs) -> dict[str, str]:
    """URI -> the URI that stands for its song."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    apart = set(known_better.apart) | {uri for same in known_better.same for uri in same}
    names = {uri: called(row) for uri, row in tracks.items()}
    codes = _codes(tracks, names)
    for uri, row in tracks.items():
        code = row.isrc or codes.get(names[uri])
        recording = f"isrc {code}" if code else f"named {names[uri]}"
        groups[uri if uri in apart else recording].append(uri)
    chosen = {uri: _standing_for(group, tracks) for group in groups.values() for uri in group}
    return chosen | {uri: first for same in known_better.same for first, uri in _said(same, tracks)}


def _codes(tracks: Mapping[str, Track], names: Mapping[str, str]) -> dict[str, str]:
    """Title and artist -> the recording code, where all tracks so called that have one have the same."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for uri, row in tracks.items():
        if row.isrc:
            found[names[uri]].add(row.isrc)
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}


def _said(same: Sequence[str], tracks: Mapping[str, Track]) -> Iterator[tuple[str, str]]:
    """The first of these tracks that is known, with each that is."""
    known = [uri for uri in same if uri in tracks]
    return ((known[0], uri) for uri in known)


def _standing_for(group: Sequence[str], tracks: Mapping[str, Track]) -> str:
    """The track of the earliest release."""
    return min(group, key=lambda uri: (tracks[uri].release_date or "9999", uri))


def called(row: Track) -> str:
    """Title and artist without what releases add to them: case, accents, signs, featured guests, editions."""
    artist = row.first_artist or row.artist_name
    return f"{_folded(_bare(row.name))}\n{_folded(artist) if artist else row.track_uri}"


def _bare(title: str) -> str:
    """The title without brackets and dashes that only name a guest or an edition; never empty."""
    if not _MAYBE_ADDED.search(title):
        return title
    whole = unicodedata.normalize("NFKC", title)
    bare = _BRACKETED.sub(lambda found: "" if _is_added(found[1]) else found[0], whole)
    first, *tails = _DASHED.split(_GUEST.sub(" ", bare))
    bare = " - ".join([first, *(tail for tail in tails if not _is_added(tail))])
    return bare if bare.strip() else title


def _is_added(words: str) -> bool:
    return bool(_ADDED.search(words.strip())) and not _OTHER.search(words)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """Words in lower case with a blank between; of what is no word only the signs that tell titles apart."""
    plain = (text if text.isascii() else _without_accents(text)).casefold().replace("'", "")
    if plain.isascii():
        return _ASCII_GAP.sub(" ", plain).strip() or text.casefold()
    words = " ".join("".join(sign if _is_kept(sign) else " " for sign in plain).split())
    return words or text.casefold()


def _without_accents(text: str) -> str:
    """Latin letters lose their accents. Those of other scripts are letters of their own, and stay."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFKD", text.replace("\u2019", "'")):
        if not (unicodedata.combining(sign) and kept and kept[-1].isascii()):
            kept.append(sign)
    return unicodedata.normalize("NFC", "".join(kept))


def _is_kept(sign: str) -> bool:
    return sign.isalnum() or sign in _SIGNS or (not sign.isascii() and unicodedata.category(sign)[0] == "M")


def _earliest_years(tracks: Mapping[str, Track], names: Mapping[str, str]) -> dict[str, int]:
    """Song -> the year of its earliest known release."""
    years: dict[str, int] = {}
    for uri, row in tracks.items():
        written = (row.release_date or "")[:4]
        if written.isdecimal() and int(written) > 0:
            years[names[uri]] = min(int(written), years.get(names[uri], 9999))
    return years


def _row(track: Track, song: str, year: int | None, genres: str | None) -> dict[str, Any]:
    kept = ("track_uri", "name", "artist_name", "artist_id", "album", "album_id", "duration_ms")
    other = None if song == track.track_uri else song
    return {name: getattr(track, name) for name in kept} | {"song_uri": other, "release_year": year, "genres": genres}
