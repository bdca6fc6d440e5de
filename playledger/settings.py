"""Every setting, from one mapping. The only file that may look at the process's environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from playledger.errors import Misconfigured

PREFIX = "PLAYLEDGER_"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is no time zone of the tz database; write it like Europe/Stockholm") from error
    return name


class Settings(BaseModel):
    """What can be set. Each field is `PLAYLEDGER_<FIELD>` in the environment and `<field>` in config.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "UTC", description="zone of your days, as in the tz database"
    )
    spotify_client_id: str = Field("", description="client id of your Spotify app")
    spotify_api_url: str = Field("https://api.spotify.com/v1/", description="address of the Web API")
    spotify_accounts_url: str = Field("https://accounts.spotify.com/", description="address of the account service")
    hot_ttl_days: int = Field(14, ge=7, le=30, description="days a play stays in the hot store")
    enrichment_daily_calls: int = Field(150, ge=0, le=500, description="most metadata calls a day")
    playlist_name: str = Field(
        "Unplayed lately", min_length=1, max_length=100, description="name of the weekly playlist"
    )
    playlist_unplayed_days: int = Field(
        90, ge=1, le=3650, description="the playlist takes what was not played for so many days"
    )
    playlist_size: int = Field(50, ge=1, le=1000, description="most tracks in the playlist")
    mode: str = Field("live", pattern="^(live|demo)$", description="demo makes the page take its own build time as now")

    data_bucket: str = Field("", description="AWS: bucket of journal and tables")
    site_bucket: str = Field("", description="AWS: bucket of the dashboard")
    plays_table: str = Field("", description="AWS: DynamoDB table of the hot plays")
    tracks_table: str = Field("", description="AWS: DynamoDB table of the tracks")
    artists_table: str = Field("", description="AWS: DynamoDB table of the artists")
    state_table: str = Field("", description="AWS: DynamoDB table of the state")
    token_parameter: str = Field("", description="AWS: SSM parameter of the login")
    glue_database: str = Field("", description="AWS: Glue database")
    athena_workgroup: str = Field("", description="AWS: Athena workgroup")
    alerts_topic: str = Field("", description="AWS: ARN of the SNS topic of alerts")
    enrich_function: str = Field("", description="AWS: name of the function that enriches")

    @classmethod
    def load(cls, values: Mapping[str, Any], *, needed: tuple[str, ...] = ()) -> Self:
        """Settings from one mapping. Raises Misconfigured with everything that is wrong or missing, in one message."""
        try:
            settings = cls.model_validate(dict(values))
        except ValidationError as error:
            raise Misconfigured("; ".join(_sentence(problem) for problem in error.errors())) from error
        missing = [name for name in needed if not getattr(settings, name)]
        if missing:
            raise Misconfigured(f"not set: {', '.join(PREFIX + name.upper() for name in missing)}")
        return settings


def _sentence(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"setting {name}: {message}"


def process_environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ


def environment_values(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings among environment variables; other variables with our prefix are left alone."""
    named = {key.removeprefix(PREFIX).lower(): value for key, value in environ.items() if key.startswith(PREFIX)}
    return {name: value for name, value in named.items() if name in Settings.model_fields}


def config_values(path: Path) -> dict[str, Any]:
    """What config.toml sets; nothing where there is no such file. Raises Misconfigured where it is no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"{path} cannot be read as TOML: {error}") from error


def laptop_settings(home: Path, flags: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Flags over environment over config.toml over defaults; flags that are None were not given."""
    given = {name: value for name, value in flags.items() if value is not None}
    return Settings.load(config_values(home / "config.toml") | environment_values(environ) | given)
