"""The document's dictionary: each name once, cleaned, in the order of first mention."""

import re
from typing import TypeVar

from aggregation.questions import TopAlbum, TopArtist, TrackNames
from playledger.dashboard_data import AlbumRow, ArtistRow, Dictionary, TrackRow

AnyRow = TypeVar("AnyRow")

LONGEST = 200
"""Code points of a name."""

_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that override the direction of the text around them."""


def clean(text: str) -> str:
    """The text as it may be shown: without control and direction characters, lone surrogates replaced, cut."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNWANTED.sub("", whole)[:LONGEST].strip()


class Names:
    """Hands out indexes: every name gets the next one when it is first mentioned."""

    def __init__(self) -> None:
        self._places: dict[tuple[object, ...], int] = {}
        self._tracks: list[TrackRow] = []
        self._artists: list[ArtistRow] = []
        self._albums: list[AlbumRow] = []

    def track(self, row: TrackNames) -> int:
        """A track's index; it brings its artist and album along."""
        artist = self.artist(row)
        album = None if row.album_key is None else self.album(row)
        name = clean(row.name or "") or row.track_uri
        return self._place(("track", row.track_uri), self._tracks, (name, artist, album, row.track_id, row.seconds))

    def artist(self, row: TrackNames | TopArtist | TopAlbum) -> int:
        """An artist's index; all without a name are one."""
        name = clean(row.artist_name or "") or "Unknown artist"
        place = self._place(("artist", row.artist_key), self._artists, (name, row.artist_id, ()))
        known, artist_id, genres = self._artists[place]
        self._artists[place] = (known, artist_id or row.artist_id, genres)
        return place

    def album(self, row: TrackNames | TopAlbum) -> int:
        """An album's index: albums of one title by two artists are two."""
        artist = self.artist(row)
        name = clean(row.album or "") or "Unknown album"
        place = self._place(("album", artist, row.album_key), self._albums, (name, artist, row.album_id))
        known, _, album_id = self._albums[place]
        self._albums[place] = (known, artist, album_id or row.album_id)
        return place

    def dictionary(self) -> Dictionary:
        """All that was mentioned."""
        return Dictionary(
            tracks=tuple(self._tracks), artists=tuple(self._artists), albums=tuple(self._albums), genres=()
        )

    def _place(self, key: tuple[object, ...], rows: list[AnyRow], row: AnyRow) -> int:
        if key not in self._places:
            self._places[key] = len(rows)
            rows.append(row)
        return self._places[key]
