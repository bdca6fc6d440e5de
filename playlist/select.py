"""Which liked songs go into the week's playlist. Pure: the same songs, plays and week give the same list."""

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass

TRACK_PREFIX = "spotify:track:"


@dataclass(frozen=True)
class SavedTrack:
    """One liked song."""

    uri: str
    name: str | None = None
    artist: str | None = None

    @property
    def recording(self) -> str | None:
        """What it has in common with the same song under another URI; None where a name is missing."""
        return recording(self.name, self.artist)


@dataclass(frozen=True)
class Choice:
    """The chosen songs in playlist order, and how many they were chosen from."""

    tracks: tuple[SavedTrack, ...]
    candidates: int


def recording(name: str | None, artist: str | None) -> str | None:
    """Title and first artist, without case and outer blanks; None where one is missing."""
    if not name or not artist:
        return None
    return f"{artist.strip().casefold()}\x1f{name.strip().casefold()}"


def choose(saved: Iterable[SavedTrack], played: Set[str], *, week: str, size: int) -> Choice:
    """At most `size` of the liked songs that are not in `played` (URIs and recordings), in an order of the week's own.

    Another week (`2026-W09`) gives another mix, and one song more or less does not stir the others. Local files, which
    no playlist takes by URI, and second releases of a song are left out.
    """
    candidates: dict[str, SavedTrack] = {}
    for track in sorted(saved, key=lambda track: track.uri):
        if track.uri.startswith(TRACK_PREFIX) and not _is_played(track, played):
            candidates.setdefault(track.recording or track.uri, track)
    ordered = sorted(candidates.values(), key=lambda track: _draw(week, track.uri))
    return Choice(tuple(ordered[:size]), len(ordered))


def _is_played(track: SavedTrack, played: Set[str]) -> bool:
    return track.uri in played or track.recording in played


def _draw(week: str, uri: str) -> str:
    return hashlib.sha256(f"{week} {uri}".encode()).hexdigest()
