"""The document's dictionary: each name once, cleaned, in the order of first mention."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from aggregation.rows import Row
from playledger.dashboard_data import AlbumRow, ArtistRow, ContextRow, Dictionary, TrackRow

AnyRow = TypeVar("AnyRow")

LONGEST = 200
"""Code points of a name."""

_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that override the direction of the text around them."""


def clean(text: str) -> str:
    """The text as it may be shown: without control and direction characters, lone surrogates replaced, cut."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNWANTED.sub("", whole)[:LONGEST].strip()


class TrackNames(Row):
    """`dashboard/names`: a track and what it is called; names may be missing. Keys tell artists and albums apart.

    `song_no`, `artist_no` and `album_no` are those of the song, artist and album that it stands for.
    """

    track_uri: str
    song_no: int | None = None
    artist_no: int | None = None
    album_no: int | None = None
    track_id: str | None = None
    name: str | None = None
    artist_key: str | None = None
    artist_name: str | None = None
    artist_id: str | None = None
    album_key: str | None = None
    album: str | None = None
    album_id: str | None = None
    seconds: int | None = None
    genres: str | None = None


class Names:
    """Hands out indexes: every name gets the next one when it is first mentioned. `known` is what tracks are called.

    Songs, artists and albums are named by their numbers or by a track's URI; KeyError for what nobody knows.
    """

    def __init__(self, known: Iterable[TrackNames]) -> None:
        self._known = {row.track_uri: row for row in known}
        self._songs, self._singers, self._records = (
            {number: row.track_uri for row in self._known.values() if (number := getattr(row, mention)) is not None}
            for mention in ("song_no", "artist_no", "album_no")
        )
        self._places: dict[tuple[object, ...], int] = {}
        self._tracks: list[TrackRow] = []
        self._artists: list[ArtistRow] = []
        self._albums: list[AlbumRow] = []
        self._genres: list[str] = []
        self._contexts: list[ContextRow] = []

    def track(self, track: str | int) -> int:
        """The index of a track, or of the one that stands for a song; it brings its artist and album along."""
        uri = self._uri(self._songs, track)
        row = self._known[uri]
        album = None if row.album_key is None else self._album(uri, None)
        name = clean(row.name or "") or uri
        return self._place(("track", uri), self._tracks, (name, self.artist(uri), album, row.track_id, row.seconds))

    def artist(self, artist: str | int) -> int:
        """The index of an artist, or of a track's; all without a name are one."""
        row = self._known[self._uri(self._singers, artist)]
        name = clean(row.artist_name or "") or "Unknown artist"
        place = self._place(("artist", row.artist_key), self._artists, (name, row.artist_id, ()))
        known, artist_id, genres = self._artists[place]
        mentioned = tuple(map(self.genre, row.genres.split("|"))) if row.genres and not genres else genres
        self._artists[place] = (known, artist_id or row.artist_id, mentioned)
        return place

    def album(self, album: str | int) -> int:
        """The index of an album, or of a track's, for a list of albums: of one title by two artists there are two."""
        uri = self._uri(self._records, album)
        return self._album(uri, self._known[uri].album_id)

    @staticmethod
    def _uri(numbered: Mapping[int, str], name: str | int) -> str:
        """The URI of a track; of a number that of the track that stands for it."""
        return name if isinstance(name, str) else numbered[name]

    def _album(self, uri: str, album_id: str | None) -> int:
        """Ids only go to albums of lists: a thousand others would be a quarter of the document."""
        row, artist = self._known[uri], self.artist(uri)
        name = clean(row.album or "") or "Unknown album"
        place = self._place(("album", artist, row.album_key), self._albums, (name, artist, album_id))
        known, _, known_id = self._albums[place]
        self._albums[place] = (known, artist, known_id or album_id)
        return place

    def genre(self, name: str) -> int:
        """A genre's index."""
        return self._place(("genre", name), self._genres, clean(name) or "unknown")

    def context(self, context_type: str, context_id: str | None) -> int:
        """The index of what tracks were played from."""
        row = (clean(context_type) or "unknown", context_id)
        return self._place(("context", *row), self._contexts, row)

    def dictionary(self) -> Dictionary:
        """All that was mentioned."""
        return Dictionary(
            tracks=tuple(self._tracks),
            artists=tuple(self._artists),
            albums=tuple(self._albums),
            genres=tuple(self._genres),
            contexts=tuple(self._contexts),
        )

    def _place(self, key: tuple[object, ...], rows: list[AnyRow], row: AnyRow) -> int:
        if key not in self._places:
            self._places[key] = len(rows)
            rows.append(row)
        return self._places[key]
