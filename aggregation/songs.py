"""Which tracks are one song, and what each is called by the best that is known. Pure, but for the writing."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from aggregation.reading import ALWAYS
from playledger.policy import DEFAULT, Policy, Songs
from playledger.ports import QueryEngine, TableStore
from sql import load

VERSIONS = ("track_versions", "artist_versions")

SONGS_VERSION = 4
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
        yield from tables.read(table, month)


def songs(
    tracks: Iterable[Row], artists: Iterable[Row], observed: Iterable[Row], known_better: Songs
) -> Iterator[dict[str, Any]]:
    """Rows of `songs`, by URI: the best version of each track, and the song it is a recording of.

    `observed` are names that plays had, for tracks of which metadata lacks some.
    """
    best = _best(tracks, "track_uri")
    best |= {row["track_uri"]: _filled(best.get(row["track_uri"]), row) for row in observed}
    known = _best(artists, "artist_id").items()
    genres = {artist_id: "|".join(dict.fromkeys(row["genres"])) or None for artist_id, row in known}
    names = _song_of(best, known_better)
    years = _earliest_years(best, names)
    keys = {uri: {"song_no": names[uri], **_keys(row)} for uri, row in best.items()}
    numbers = {name: _numbered(of_track[name] for of_track in keys.values()) for name in NUMBERS}
    for uri, row in sorted(best.items()):
        numbered = {name: numbers[name].get(keys[uri][name]) for name in NUMBERS}
        yield _row(row, names[uri], years.get(names[uri]), genres.get(row["artist_id"])) | numbered


NUMBERS = ("song_no", "artist_no", "album_no")
"""What questions group by: numbers are a tenth of the names, in memory and in time."""


def _numbered(keys: Iterable[str | None]) -> dict[str | None, int]:
    """Key -> its place in order."""
    return {key: number for number, key in enumerate(sorted({key for key in keys if key is not None}), 1)}


def _keys(row: Row) -> dict[str, str | None]:
    """Of artist and album: by name, whatever its case."""
    artist = None if row["artist_name"] is None else _lower(row["artist_name"])
    album = None if artist is None or row["album"] is None else f"{artist}\n{_lower(row['album'])}"
    return {"artist_no": artist, "album_no": album}


@lru_cache(maxsize=4096)
def _lower(name: str) -> str:
    """As both engines have lower(trim(name)): sign by sign, with one for each."""
    return "".join(sign.lower()[0] for sign in name.strip(" "))


def _best(rows: Iterable[Row], key: str) -> dict[str, Row]:
    """The version of the highest grade, of these the newest, by key in order."""
    found: dict[str, Row] = {}
    for row in rows:
        known = found.get(row[key])
        if known is None or _standing(known) < _standing(row):
            found[row[key]] = row
    return dict(sorted(found.items()))


_NOTHING = dict.fromkeys(
    ("track_id", "artist_id", "album_id", "release_date", "isrc", "duration_ms", "artist_name", "album")
)


def _filled(version: Row | None, observed: Row) -> Row:
    """A version with the names that it lacks; what has no title at all is called by its URI."""
    uri = observed["track_uri"]
    known = version or {**_NOTHING, "track_uri": uri, "artists": [], "name": observed["track_name"] or uri}
    names = {
        "artist_name": known["artist_name"] or observed["artist_name"],
        "album": known["album"] or observed["album_name"],
    }
    return {**known, **names}


def _standing(row: Row) -> tuple[int, str, str]:
    return row["grade_rank"], row["changed_at"], row["name"]


def _song_of(tracks: Mapping[str, Row], known_better: Songs) -> dict[str, str]:
    """URI -> the URI that stands for its song."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    apart = set(known_better.apart) | {uri for same in known_better.same for uri in same}
    names = {uri: called(row) for uri, row in tracks.items()}
    codes = _codes(tracks, names)
    for uri, row in tracks.items():
        code = row["isrc"] or codes.get(names[uri])
        recording = f"isrc {code}" if code else f"named {names[uri]}"
        groups[uri if uri in apart else recording].append(uri)
    chosen = {uri: _standing_for(group, tracks) for group in groups.values() for uri in group}
    return chosen | {uri: first for same in known_better.same for first, uri in _said(same, tracks)}


def _codes(tracks: Mapping[str, Row], names: Mapping[str, str]) -> dict[str, str]:
    """Title and artist -> the recording code, where all tracks so called that have one have the same."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for uri, row in tracks.items():
        if row["isrc"]:
            found[names[uri]].add(row["isrc"])
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}


def _said(same: Sequence[str], tracks: Mapping[str, Row]) -> Iterator[tuple[str, str]]:
    """The first of these tracks that is known, with each that is."""
    known = [uri for uri in same if uri in tracks]
    return ((known[0], uri) for uri in known)


def _standing_for(group: Sequence[str], tracks: Mapping[str, Row]) -> str:
    """The track of the earliest release."""
    return min(group, key=lambda uri: (tracks[uri]["release_date"] or "9999", uri))


def called(row: Row) -> str:
    """Title and artist without what releases add to them: case, accents, signs, featured guests, editions."""
    artists = row["artists"] or ([row["artist_name"]] if row["artist_name"] else [])
    return f"{_folded(_bare(row['name']))}\n{_folded(artists[0]) if artists else row['track_uri']}"


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


def _earliest_years(tracks: Mapping[str, Row], names: Mapping[str, str]) -> dict[str, int]:
    """Song -> the year of its earliest known release."""
    years: dict[str, int] = {}
    for uri, row in tracks.items():
        written = (row["release_date"] or "")[:4]
        if written.isdecimal() and int(written) > 0:
            years[names[uri]] = min(int(written), years.get(names[uri], 9999))
    return years


def _row(row: Row, song: str, year: int | None, genres: str | None) -> dict[str, Any]:
    kept = ("track_uri", "track_id", "name", "artist_name", "artist_id", "album", "album_id", "duration_ms")
    other = None if song == row["track_uri"] else song
    return {name: row[name] for name in kept} | {"song_uri": other, "release_year": year, "genres": genres}
