"""What counts, as the listener wants it: asked of every question, never of what is written. The file is policy.toml."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from playledger.errors import Misconfigured
from playledger.models import Media

HEARD_SECONDS = (0, 5, 10, 20, 30, 60, 120, 240)
"""What `least_seconds` can be: the summaries know of each play that it lasted at least so long."""


def _known_length(value: Any) -> Any:
    if value not in HEARD_SECONDS:
        raise ValueError(f"{value!r} is none of {', '.join(map(str, HEARD_SECONDS))}: summaries know no other lengths")
    return value


class Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Album(Part):
    """An album, by the names that plays were observed with."""

    artist: str
    album: str


class Days(Part):
    """Local days from `first` to `last`, both left out."""

    first: date
    last: date

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"{self.first} is after {self.last}")
        return self


class Exclusions(Part):
    """What is left out of every number. Artists and albums by name, whatever their case."""

    artists: tuple[str, ...] = ()
    albums: tuple[Album, ...] = ()
    tracks: tuple[str, ...] = Field((), description="track URIs")
    playlists: tuple[str, ...] = Field((), description="ids of playlists, or of other contexts")
    days: tuple[Days, ...] = ()


class Songs(Part):
    """What the listener knows better about which tracks are one song."""

    same: tuple[tuple[str, ...], ...] = Field((), description="track URIs that are one song, the first one names it")
    apart: tuple[str, ...] = Field((), description="track URIs that are a song of their own")


class Policy(Part):
    """What counts as a play, what is left out, which tracks are one song."""

    least_seconds: Annotated[Literal[0, 5, 10, 20, 30, 60, 120, 240], BeforeValidator(_known_length)] = 30
    count_finished: bool = Field(True, description="a track that ended by itself counts, however short")
    count_incognito: bool = Field(False, description="private sessions count, where an export tells of them")
    kinds: tuple[Media, ...] = Field((Media.MUSIC,), min_length=1)
    exclude: Exclusions = Exclusions()
    songs: Songs = Songs()

    @classmethod
    def load(cls, values: dict[str, Any]) -> Self:
        """The policy of a parsed policy.toml. Raises Misconfigured with all that is wrong, in one message."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise Misconfigured("; ".join(map(_sentence, error.errors()))) from error


def _sentence(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    return f"policy.toml, {name}: {str(problem['msg']).removeprefix('Value error, ')}"
