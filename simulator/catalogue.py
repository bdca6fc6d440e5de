"""A fictional catalogue of music: artists, albums, tracks and podcast episodes, the same ones for the same seed.

No artist in it exists. Ids look like Spotify's, ISRCs carry the unassigned country ZZ.
"""

import hashlib
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from random import Random

from simulator import words

_BASE62 = string.digits + string.ascii_lowercase + string.ascii_uppercase

SHORTEST_VISIBLE_MS = 30_000


def spotify_id(*parts: object) -> str:
    """A stable id of 22 base-62 digits made from what it names."""
    number = int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:17], "big")
    digits = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


@dataclass(frozen=True, slots=True)
class Artist:
    """Somebody who makes music. `genres` is None where Spotify would leave the field out."""

    id: str
    name: str
    genres: tuple[str, ...] | None = ()

    @property
    def uri(self) -> str:
        """Spotify URI."""
        return f"spotify:artist:{self.id}"


@dataclass(frozen=True, slots=True)
class Album:
    """A release. `release_date` is YYYY, YYYY-MM or YYYY-MM-DD."""

    id: str
    name: str
    artist: Artist
    album_type: str
    release_date: str
    total_tracks: int

    @property
    def uri(self) -> str:
        """Spotify URI."""
        return f"spotify:album:{self.id}"


@dataclass(frozen=True, slots=True)
class Track:
    """A song on one album. The same recording on another album is another track with the same ISRC."""

    id: str
    name: str
    artists: tuple[Artist, ...]
    album: Album
    duration_ms: int
    isrc: str | None = None
    explicit: bool = False
    track_number: int = 1

    @property
    def uri(self) -> str:
        """Spotify URI."""
        return f"spotify:track:{self.id}"


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode of a podcast. An export lists its plays, recently-played does not."""

    id: str
    name: str
    show: str
    duration_ms: int

    @property
    def uri(self) -> str:
        """Spotify URI."""
        return f"spotify:episode:{self.id}"


@dataclass(frozen=True)
class Catalogue:
    """All there is to listen to. Artists come most popular first, the tracks of an album in order and side by side."""

    artists: tuple[Artist, ...]
    tracks: tuple[Track, ...] = field(repr=False)
    episodes: tuple[Episode, ...] = field(default=(), repr=False)

    @cached_property
    def by_album(self) -> dict[str, tuple[Track, ...]]:
        """The tracks of each album id, in order."""
        albums: dict[str, list[Track]] = {}
        for track in self.tracks:
            albums.setdefault(track.album.id, []).append(track)
        return {album: tuple(tracks) for album, tracks in albums.items()}

    @cached_property
    def short_loops(self) -> tuple[Track, ...]:
        """The tracks between 45 and 75 seconds: what some people loop all night."""
        return tuple(track for track in self.tracks if 45_000 <= track.duration_ms <= 75_000)


@lru_cache(maxsize=8)
def make_catalogue(seed: int = 1, artists: int = 300) -> Catalogue:
    """A catalogue of about 17 tracks for each artist; the same seed and size give the same one."""
    maker = _Maker(seed)
    everyone = maker.artists(artists)
    tracks = tuple(track for artist in everyone for track in maker.works(artist, everyone))
    return Catalogue(everyone, tracks, tuple(maker.episodes()))


class _Maker:
    """Draws names and figures for one catalogue."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = Random(f"catalogue:{seed}")
        self.serial = 0
        self._taken: set[str] = set()

    def id_of(self, kind: str) -> str:
        self.serial += 1
        return spotify_id(kind, self.seed, self.serial)

    def artists(self, count: int) -> tuple[Artist, ...]:
        names = list(dict.fromkeys(self._artist_names(count)))[:count]
        return tuple(Artist(self.id_of("artist"), name, self._genres()) for name in names)

    def _artist_names(self, count: int) -> Iterator[str]:
        foreign = list(words.ARTISTS_BEYOND_ASCII)
        self.rng.shuffle(foreign)
        for n in range(count * 3):
            yield foreign.pop() if foreign and n % 6 == 2 else self._artist_name()

    def _artist_name(self) -> str:
        stem = self.rng.choice(words.ARTIST_STEMS) + self.rng.choice(words.ARTIST_ENDS)
        if self.rng.random() < 0.25:
            return f"{self.rng.choice(words.FIRST_NAMES)} {stem}"
        return stem + self.rng.choice(words.ARTIST_TAILS)

    def _genres(self) -> tuple[str, ...] | None:
        kind = self.rng.random()
        if kind < 0.1:
            return None
        return () if kind < 0.3 else tuple(self.rng.sample(words.GENRES, self.rng.choice((1, 1, 2, 3))))

    def works(self, artist: Artist, everyone: Sequence[Artist]) -> list[Track]:
        """All albums of one artist, and now and then a song once more on a later collection."""
        self._taken.clear()
        tracks = [track for _ in range(self.rng.choice((1, 1, 2, 2, 3))) for track in self._album(artist, everyone)]
        return tracks + self._collection(artist, tracks) if self.rng.random() < 0.1 else tracks

    def _album(self, artist: Artist, everyone: Sequence[Artist]) -> list[Track]:
        size = self.rng.choice((1, 4, 8, 10, 11, 12, 14))
        kind = "single" if size < 5 else "album"
        album = Album(self.id_of("album"), self._album_name(), artist, kind, self._release_date(), size)
        return [self._track(album, number, everyone) for number in range(1, size + 1)]

    def _track(self, album: Album, number: int, everyone: Sequence[Artist]) -> Track:
        asked = [self.rng.choice(everyone)] if self.rng.random() < 0.12 else []
        guests = [guest for guest in asked if guest is not album.artist]
        title = self._title() + (f" (feat. {guests[0].name})" if guests else "")
        duration, explicit = self._duration(), self.rng.random() < 0.08
        identity = self.id_of("track")
        isrc = f"ZZPLG{album.release_date[2:4]}{self.serial % 100_000:05d}"
        return Track(identity, title, (album.artist, *guests), album, duration, isrc, explicit, number)

    def _collection(self, artist: Artist, tracks: Sequence[Track]) -> list[Track]:
        chosen = self.rng.sample(tracks, min(len(tracks), 6))
        year = max(int(track.album.release_date[:4]) for track in tracks) + 1
        name = f"{artist.name}: Collected"
        album = Album(self.id_of("album"), name, artist, "compilation", str(year), len(chosen))
        return [
            Track(self.id_of("track"), t.name, t.artists, album, t.duration_ms, t.isrc, t.explicit, number)
            for number, t in enumerate(chosen, 1)
        ]

    def _album_name(self) -> str:
        if self.rng.random() < 0.5:
            return f"{self.rng.choice(words.QUALITIES)} {self.rng.choice(words.THINGS)}"
        return f"{self.rng.choice(words.THINGS)} before {self.rng.choice(words.MOMENTS)}"

    def _title(self) -> str:
        """A title that this artist has not used yet."""
        for _ in range(20):
            title = self._any_title()
            if title not in self._taken:
                break
        self._taken.add(title)
        return title

    def _any_title(self) -> str:
        quality, thing = self.rng.choice(words.QUALITIES), self.rng.choice(words.THINGS)
        forms = (
            f"{quality} {thing}",
            f"{thing} over {self.rng.choice(words.PLACES)}",
            f"After {self.rng.choice(words.MOMENTS)}",
            f"{quality} {thing}, Part {self.rng.choice(('I', 'II', 'III'))}",
            f"We Were {thing}",
            self.rng.choice(words.TITLES_BEYOND_ASCII),
        )
        return self.rng.choices(forms, (40, 20, 12, 6, 18, 4))[0]

    def _duration(self) -> int:
        """Most songs around 200 s; a few interludes below the 30 s that Spotify lists, a few loops of a minute."""
        kind = self.rng.random()
        if kind < 0.006:
            return self.rng.randrange(14_000, SHORTEST_VISIBLE_MS)
        if kind < 0.03:
            return self.rng.randrange(45_000, 75_000)
        return min(1_200_000, max(80_000, int(self.rng.lognormvariate(5.29, 0.30) * 1000)))

    def _release_date(self) -> str:
        year, month, day = self.rng.randrange(1968, 2026), self.rng.randrange(1, 13), self.rng.randrange(1, 29)
        forms = (f"{year}-{month:02d}-{day:02d}", f"{year}", f"{year}-{month:02d}")
        return self.rng.choices(forms, (90, 9, 1))[0]

    def episodes(self) -> Iterator[Episode]:
        for show in words.SHOWS:
            for number in range(1, 21):
                length = self.rng.randrange(900_000, 4_200_000)
                yield Episode(self.id_of("episode"), f"{number}. {self._album_name()}", show, length)
