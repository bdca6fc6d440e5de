"""The simulator by hand: `python -m simulator` answers as Spotify until it is stopped; `--help` tells the rest."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from rich.console import Console

from simulator.account import Account
from simulator.catalogue import Catalogue, make_catalogue
from simulator.clock import RunningClock
from simulator.export import write_export
from simulator.loss import loss_table
from simulator.plays import ListenedPlay
from simulator.profiles import PROFILES, Profile
from simulator.server import SimulatedSpotify, serve
from simulator.timeline import generate

AHEAD = timedelta(days=60)
"""How far into the future the listener's plays are made up, in virtual time."""

app = typer.Typer(
    add_completion=False, rich_markup_mode="markdown", context_settings={"help_option_names": ["-h", "--help"]}
)
console = Console(highlight=False)

ProfileName = Annotated[str, typer.Option("--profile", help=f"Who listens: {', '.join(PROFILES)}.")]
Seed = Annotated[int, typer.Option(help="Same seed, same listener.")]
Days = Annotated[int, typer.Option(min=1, max=3650, help="Days of history before now.")]


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    profile: ProfileName = "heavy",
    seed: Seed = 1,
    days: Days = 60,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.")] = 0,
    speed: Annotated[
        float, typer.Option(min=0.01, help="Virtual seconds per second: 60 plays an hour a minute.")
    ] = 1.0,
    home: Annotated[
        Path | None, typer.Option(help="Write a login and settings for this simulator into a new home.")
    ] = None,
) -> None:
    """A Spotify account on 127.0.0.1 whose listener never stops. Ctrl-C ends it.

    Try a whole poll by hand:

    `python -m simulator --home /tmp/listener &`

    `playledger --home /tmp/listener capture`
    """
    if context.invoked_subcommand is not None:
        return
    clock = RunningClock(datetime.now(UTC), time.monotonic, time.monotonic(), speed)
    catalogue = make_catalogue(seed)
    account = Account(_plays(_profile(profile), seed, clock.start, days, catalogue), catalogue=catalogue)
    with _serving(account, clock, port) as spotify:
        try:
            _say_where(spotify)
            if home is not None:
                _furnish(home, spotify)
            Event().wait()
        except KeyboardInterrupt:
            console.print(f"stopped after {len(spotify.log)} calls")


@app.command()
def losses(
    seed: Seed = 1,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days to simulate.")] = 365,
) -> None:
    """How many plays a polling schedule loses of each kind of listener."""
    console.print(loss_table(seed, datetime(2025, 1, 1, tzinfo=UTC), days))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write Streaming_History_Audio_*.json into.")],
    profile: ProfileName = "moderate",
    seed: Seed = 1,
    days: Days = 730,
) -> None:
    """The listener's past as an extended account export, to be imported."""
    end = datetime.now(UTC)
    plays = generate(_profile(profile), seed, end - timedelta(days=days), end, catalogue=make_catalogue(seed))
    for path in write_export(plays, folder):
        console.print(f"{path}")


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise typer.BadParameter(f"there is no profile {name!r}; there are {', '.join(PROFILES)}")
    return PROFILES[name]


def _plays(profile: Profile, seed: int, now: datetime, days: int, catalogue: Catalogue) -> list[ListenedPlay]:
    return generate(profile, seed, now - timedelta(days=days), now + AHEAD, catalogue=catalogue)


def _serving(account: Account, clock: RunningClock, port: int) -> SimulatedSpotify:
    try:
        return serve(account, clock=clock, port=port)
    except OSError as error:
        raise typer.BadParameter(f"port {port} cannot be used: {error.strerror}", param_hint="--port") from error


def _settings(spotify: SimulatedSpotify) -> dict[str, str]:
    return {
        "spotify_client_id": spotify.client_id,
        "spotify_api_url": spotify.api_url,
        "spotify_accounts_url": spotify.accounts_url,
    }


def _say_where(spotify: SimulatedSpotify) -> None:
    """The addresses, in the form in which a shell takes them."""
    for name, value in _settings(spotify).items():
        console.print(f"export PLAYLEDGER_{name.upper()}={value}", soft_wrap=True)


def _furnish(home: Path, spotify: SimulatedSpotify) -> None:
    """config.toml and token.json of a home that has neither."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = "".join(f'{name} = "{value}"\n' for name, value in _settings(spotify).items())
    for name, text in (("config.toml", config), ("token.json", spotify.login().model_dump_json())):
        try:
            descriptor = os.open(home / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise typer.BadParameter(f"{home / name} exists already", param_hint="--home") from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    console.print(f"home {home}: playledger --home {home} capture", soft_wrap=True)


if __name__ == "__main__":
    app()
