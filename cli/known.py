"""What the ledger knows by name: whether something was ever played, and what is called nearly so."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import typer

from playledger.ports import QueryEngine

NEAREST = 5
ALIKE = 0.55
"""How alike names must be, by difflib's measure."""

SONGS = "select track_uri, name, artist_name, album from songs order by track_uri"

_TRACK = re.compile(r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-[a-z]+/)?track/)([A-Za-z0-9]{22})\b.*")
_PLAYLIST = re.compile(
    r"(?:spotify:(?:user:[^:]+:)?playlist:|https?://open\.spotify\.com/(?:intl-[a-z]+/)?(?:user/[^/]+/)?playlist/)?"
    r"([A-Za-z0-9]{22})\b(?:\?.*)?"
)
_OTHER = re.compile(r"spotify:(?:episode|local):\S+")


@dataclass(frozen=True)
class Track:
    """A track and what it is called."""

    uri: str
    name: str
    artist: str | None
    album: str | None

    @property
    def title(self) -> str:
        """For a person."""
        return f"{self.name} by {self.artist}" if self.artist else self.name


def known_tracks(engine: QueryEngine) -> tuple[Track, ...]:
    """All tracks that were ever played; none before the first night."""
    return tuple(Track(*row) for row in engine.ask(SONGS).rows)


def track_uri(text: str, tracks: Sequence[Track]) -> str:
    """The URI that a URI or an address means. Raises typer.BadParameter, with tracks of such a name if it is one."""
    text = text.strip()
    if found := _TRACK.fullmatch(text):
        return f"spotify:track:{found[1]}"
    if _OTHER.fullmatch(text):
        return text
    close = nearest(text, {track.name for track in tracks})
    alike = [f"{track.uri} ({track.title})" for name in close for track in tracks if track.name == name][:NEAREST]
    raise typer.BadParameter(
        f"{text!r} is no track; give its URI or its address, in Spotify: Share, Copy link to song{_or(alike)}"
    )


def playlist_id(text: str) -> str:
    """The id that an id, a URI or an address means. Raises typer.BadParameter."""
    found = _PLAYLIST.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no playlist; give its id or its address, in Spotify: Share, Copy link")
    return found[1]


def check_artist(name: str, tracks: Sequence[Track]) -> None:
    """Raises typer.BadParameter with the nearest names where nobody of that name was ever played."""
    _check("artist", name, {track.artist for track in tracks if track.artist})


def check_album(artist: str, album: str, tracks: Sequence[Track]) -> None:
    """The same for an album: of this artist, whose name is looked at first."""
    check_artist(artist, tracks)
    _check(
        "album",
        album,
        {track.album for track in tracks if track.album and _plain(track.artist or "") == _plain(artist)},
    )


def check_track(uri: str, tracks: Sequence[Track]) -> None:
    """Raises typer.BadParameter where the track was never played."""
    if tracks and uri not in {track.uri for track in tracks}:
        raise typer.BadParameter(f"{uri} was never played; to take it all the same, add --anyway")


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """Names that are most like this one, or hold it."""
    by_plain = {_plain(known): known for known in sorted(names)}
    wanted = _plain(name)
    holding = [known for known in by_plain if wanted and wanted in known]
    alike = get_close_matches(wanted, by_plain, NEAREST, ALIKE)
    return [by_plain[known] for known in dict.fromkeys([*alike, *sorted(holding, key=len)])][:NEAREST]


def _check(what: str, name: str, names: set[str]) -> None:
    if not names or _plain(name) in set(map(_plain, names)):
        return
    raise typer.BadParameter(
        f"no {what} called {name!r} was ever played{_or(nearest(name, names))}; to take it all the same, add --anyway"
    )


def _or(names: Sequence[str]) -> str:
    return f". Did you mean: {'; '.join(names)}" if names else ""


def _plain(name: str) -> str:
    """As the questions compare names."""
    return name.strip().lower()
