"""`playledger exclude`, `songs` and `policy`: what counts, edited and shown. Nothing is deleted, all can be undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import known
from cli.options import Aws, Json, SettingsFile, print_json, shared_of

if TYPE_CHECKING:
    from cli.policy_ledger import Ledger

Anyway = Annotated[bool, typer.Option("--anyway", help="Even if nothing of that name was ever played.")]
Artist = Annotated[str, typer.Argument(help="The artist's name, whatever its case.", show_default=False)]
AlbumName = Annotated[str, typer.Argument(metavar="ALBUM", help="The album's title.", show_default=False)]
Track = Annotated[str, typer.Argument(metavar="TRACK", help="Its URI or address (Share, Copy link to song).")]
Playlist = Annotated[str, typer.Argument(metavar="PLAYLIST", help="Its id, URI or address (Share, Copy link).")]
Day = Annotated[str, typer.Argument(metavar="FROM", help="First day, like 2025-12-24.")]
LastDay = Annotated[str | None, typer.Argument(metavar="[TO]", help="Last day. [default: the same day]")]

FORM: dict[str, Any] = {"no_args_is_help": True, "context_settings": {"help_option_names": ["-h", "--help"]}}
exclude = typer.Typer(
    **FORM,
    help=(
        "Leave something out of every number: an artist, an album, a track, what was played from a playlist, days.\n\n"
        "Nothing is deleted: the list is policy.toml in the home folder (with --aws in the data bucket), which can be "
        "edited by hand as well, and `exclude remove` takes back what was added. It applies from the next aggregate on."
    ),
)
remove = typer.Typer(**FORM, help="Count something again.")
songs = typer.Typer(
    **FORM,
    help=(
        "Which tracks are one song. A song is counted once across single, album and deluxe edition: by its recording "
        "code, else by title and artist. Where that is wrong, say so here."
    ),
)
exclude.add_typer(remove, name="remove")


@contextmanager
def opened(context: typer.Context, aws: bool, settings: Path | None) -> "Iterator[Ledger]":
    """The ledger that is meant: this machine's, or a deployment's."""
    from cli.policy_ledger import Ledger

    shared = shared_of(context)
    if aws or settings:
        with shared.deployment(settings) as deployment:
            yield Ledger(deployment, f"s3://{deployment.settings.data_bucket}/policy.toml")
    else:
        with shared.laptop() as laptop:
            yield Ledger(laptop, str(laptop.home / "policy.toml"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day; write it like 2025-12-24") from error


def _words(span: dict[str, date]) -> str:
    return " to ".join(map(str, span.values()))


def _span(first: str, last: str | None) -> dict[str, date]:
    span = {"first": _day(first), "last": _day(last or first)}
    if span["last"] < span["first"]:
        raise typer.BadParameter(f"{first} is after {last}")
    return span


# ---- exclude ----------------------------------------------------------------------------------------------------


@exclude.command("artist")
def exclude_artist(
    context: typer.Context, name: Artist, anyway: Anyway = False, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Leave out every track whose first artist is this one."""
    with opened(context, aws, settings) as ledger:
        if not anyway:
            known.check_artist(name, ledger.tracks())
        ledger.add("exclude", "artists", name, f"{name} is left out")


@exclude.command("album")
def exclude_album(
    context: typer.Context,
    artist: Artist,
    album: AlbumName,
    anyway: Anyway = False,
    aws: Aws = False,
    settings: SettingsFile = None,
) -> None:
    """Leave out the tracks of an album."""
    with opened(context, aws, settings) as ledger:
        if not anyway:
            known.check_album(artist, album, ledger.tracks())
        ledger.add("exclude", "albums", {"artist": artist, "album": album}, f"{album} by {artist} is left out")


@exclude.command("track")
def exclude_track(
    context: typer.Context, track: Track, anyway: Anyway = False, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Leave out a song: this track and all others that are the same song."""
    with opened(context, aws, settings) as ledger:
        tracks = ledger.tracks()
        uri = known.track_uri(track, tracks)
        if not anyway:
            known.check_track(uri, tracks)
        title = next((known_track.title for known_track in tracks if known_track.uri == uri), uri)
        ledger.add("exclude", "tracks", uri, f"{title} is left out")


@exclude.command("playlist")
def exclude_playlist(
    context: typer.Context, playlist: Playlist, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Leave out what was played from a playlist; the same songs played from elsewhere count."""
    name = known.playlist_id(playlist)
    with opened(context, aws, settings) as ledger:
        ledger.add("exclude", "playlists", name, f"What was played from {name} is left out")


@exclude.command("days")
def exclude_days(
    context: typer.Context, first: Day, last: LastDay = None, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Leave out whole days, the first and the last among them."""
    span = _span(first, last)
    with opened(context, aws, settings) as ledger:
        ledger.add("exclude", "days", span, f"{_words(span)} is left out")


@exclude.command("list")
def exclude_list(context: typer.Context, json: Json = False, aws: Aws = False, settings: SettingsFile = None) -> None:
    """What is left out now."""
    with opened(context, aws, settings) as ledger:
        left_out = ledger.policy().exclude.model_dump(mode="json")
        print_json(left_out) if json else ledger.show(left_out, "Nothing is left out.")


# ---- exclude remove ---------------------------------------------------------------------------------------------


@remove.command("artist")
def remove_artist(context: typer.Context, name: Artist, aws: Aws = False, settings: SettingsFile = None) -> None:
    """Count an artist again."""
    with opened(context, aws, settings) as ledger:
        ledger.take_away("exclude", "artists", name, f"{name} counts")


@remove.command("album")
def remove_album(
    context: typer.Context, artist: Artist, album: AlbumName, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Count an album again."""
    with opened(context, aws, settings) as ledger:
        ledger.take_away("exclude", "albums", {"artist": artist, "album": album}, f"{album} by {artist} counts")


@remove.command("track")
def remove_track(context: typer.Context, track: Track, aws: Aws = False, settings: SettingsFile = None) -> None:
    """Count a track again."""
    uri = known.track_uri(track, ())
    with opened(context, aws, settings) as ledger:
        ledger.take_away("exclude", "tracks", uri, f"{uri} counts")


@remove.command("playlist")
def remove_playlist(
    context: typer.Context, playlist: Playlist, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Count again what was played from a playlist."""
    name = known.playlist_id(playlist)
    with opened(context, aws, settings) as ledger:
        ledger.take_away("exclude", "playlists", name, f"What was played from {name} counts")


@remove.command("days")
def remove_days(
    context: typer.Context, first: Day, last: LastDay = None, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Count days again; the span must be one that is listed."""
    span = _span(first, last)
    with opened(context, aws, settings) as ledger:
        ledger.take_away("exclude", "days", span, f"{_words(span)} counts")


# ---- songs ------------------------------------------------------------------------------------------------------


@songs.command("same")
def songs_same(
    context: typer.Context,
    tracks: Annotated[
        list[str], typer.Argument(metavar="TRACK TRACK ...", help="URIs or addresses; the first names it.")
    ],
    anyway: Anyway = False,
    aws: Aws = False,
    settings: SettingsFile = None,
) -> None:
    """Say that tracks are one song. The first one gives it its name."""
    with opened(context, aws, settings) as ledger:
        everything = ledger.tracks()
        uris = list(dict.fromkeys(known.track_uri(track, everything) for track in tracks))
        if len(uris) < 2:
            raise typer.BadParameter("give two tracks or more")
        for uri in () if anyway else uris:
            known.check_track(uri, everything)
        ledger.add("songs", "same", uris, f"{' and '.join(uris)} are one song")


@songs.command("apart")
def songs_apart(
    context: typer.Context, track: Track, anyway: Anyway = False, aws: Aws = False, settings: SettingsFile = None
) -> None:
    """Say that a track is a song of its own, whatever it is called."""
    with opened(context, aws, settings) as ledger:
        everything = ledger.tracks()
        uri = known.track_uri(track, everything)
        if not anyway:
            known.check_track(uri, everything)
        ledger.add("songs", "apart", uri, f"{uri} is a song of its own")


@songs.command("forget")
def songs_forget(context: typer.Context, track: Track, aws: Aws = False, settings: SettingsFile = None) -> None:
    """Take back what was said of a track, with all tracks that it was said to be the same as."""
    uri = known.track_uri(track, ())
    with opened(context, aws, settings) as ledger:
        found = [("same", nth) for nth, uris in enumerate(ledger.entries("songs", "same")) if uri in uris]
        found += [("apart", nth) for nth, apart in enumerate(ledger.entries("songs", "apart")) if apart == uri]
        if not found:
            raise typer.BadParameter(f"nothing is said of {uri} in {ledger.place}")
        ledger.take_at("songs", *found[0], f"{uri} goes by its recording code or name")


@songs.command("list")
def songs_list(context: typer.Context, json: Json = False, aws: Aws = False, settings: SettingsFile = None) -> None:
    """What was said of tracks."""
    with opened(context, aws, settings) as ledger:
        said = ledger.policy().songs.model_dump(mode="json")
        print_json(said) if json else ledger.show(said, "Nothing is said of any track.")


# ---- policy -----------------------------------------------------------------------------------------------------


def policy(context: typer.Context, json: Json = False, aws: Aws = False, settings: SettingsFile = None) -> None:
    """What counts as a play, what is left out, which tracks are said to be one song: policy.toml, checked."""
    from cli.show import policy_shown

    with opened(context, aws, settings) as ledger:
        found = ledger.policy()
        print_json(found) if json else policy_shown(found, ledger.place)
