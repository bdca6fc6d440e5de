"""What counts, as the listener wants it: asked of every question, never of what is written. The file is policy.toml."""

import re
import tomllib
from collections.abc import Iterable
from datetime import date
from itertools import chain
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from playledger.errors import Misconfigured
from playledger.models import Media

FILE = "policy.toml"

HEARD_SECONDS = (0, 5, 10, 20, 30, 60, 120, 240)
"""What `least_seconds` can be: the summaries know of each play that it lasted at least so long."""


def _known_length(value: Any) -> Any:
    if isinstance(value, bool) or value not in HEARD_SECONDS:
        raise ValueError(f"{value!r} is none of {', '.join(map(str, HEARD_SECONDS))}: summaries know no other lengths")
    return value


_LINE = re.compile(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*")
_URI = re.compile(r"spotify:(track|episode|local):[^\s]+")
_ID = re.compile(r"[A-Za-z0-9]+")


def _name(value: str) -> str:
    if not _LINE.fullmatch(value):
        raise ValueError(f"{value!r} is no name: it must be one line that is not blank")
    return value


def _track_uri(value: str) -> str:
    if not _URI.fullmatch(value):
        raise ValueError(f"{value!r} is no track; write it like spotify:track:4uLU6hMCjMI75M1A2tKUQC")
    return value


def _context_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError(f"{value!r} is no id of a playlist; write it like 37i9dQZF1DX4sWSpwq3LiO")
    return value


Name = Annotated[str, AfterValidator(_name)]
TrackUri = Annotated[str, AfterValidator(_track_uri)]
ContextId = Annotated[str, AfterValidator(_context_id)]


class Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Album(Part):
    """An album, by the names that plays were observed with."""

    artist: Name
    album: Name


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

    artists: tuple[Name, ...] = ()
    albums: tuple[Album, ...] = ()
    tracks: tuple[TrackUri, ...] = Field((), description="track URIs")
    playlists: tuple[ContextId, ...] = Field((), description="ids of playlists, or of other contexts")
    days: tuple[Days, ...] = ()


class Songs(Part):
    """What the listener knows better about which tracks are one song."""

    same: tuple[Annotated[tuple[TrackUri, ...], Field(min_length=2)], ...] = Field(
        (), description="track URIs that are one song, the first one names it"
    )
    apart: tuple[TrackUri, ...] = Field((), description="track URIs that are a song of their own")

    @model_validator(mode="after")
    def _once(self) -> Self:
        mentioned = [*chain.from_iterable(self.same), *self.apart]
        if twice := sorted({uri for uri in mentioned if mentioned.count(uri) > 1}):
            raise ValueError(f"{', '.join(twice)} is mentioned twice: a track belongs to one song")
        return self


class Policy(Part):
    """What counts as a play, what is left out, which tracks are one song."""

    least_seconds: Annotated[Literal[0, 5, 10, 20, 30, 60, 120, 240], BeforeValidator(_known_length)] = 30
    count_finished: bool = Field(True, description="a track that ended by itself counts, however short")
    count_incognito: bool = Field(False, description="private sessions count, where an export tells of them")
    kinds: tuple[Media, ...] = Field((Media.MUSIC,), min_length=1)
    exclude: Exclusions = Exclusions()
    songs: Songs = Songs()

    @property
    def counting(self) -> dict[str, object]:
        """The parameters by which questions count: kinds, private sessions, seconds, and what ended by itself."""
        return {
            "p_kinds": " ".join(self.kinds),
            "p_incognito": self.count_incognito,
            "p_seconds": self.least_seconds,
            "p_done": self.count_finished,
        }

    @classmethod
    def load(cls, values: dict[str, Any], *, place: str = FILE) -> Self:
        """The policy of a parsed policy.toml. Raises Misconfigured with all that is wrong, in one message."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise Misconfigured("; ".join(f"{place}, {_sentence(problem)}" for problem in error.errors())) from error

    @classmethod
    def parse(cls, text: str, *, place: str = FILE) -> Self:
        """The policy in a policy.toml. Raises Misconfigured with the line, or the key and what it may be."""
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Misconfigured(f"{place} is no TOML: {error}") from error
        return cls.load(values, place=place)


_WORDS = {
    "tuple_type": "it must be a list in square brackets",
    "model_type": "it must be a part of its own, with a heading in square brackets",
    "string_type": "it must be text in quotes",
    "too_short": "it lists too few",
    "missing": "it is missing",
}


def _sentence(problem: Any) -> str:
    """Key and complaint; of a key that there is none of, those that there are."""
    name = ".".join(map(str, problem["loc"])) or "all of it"
    if problem["type"] == "extra_forbidden":
        return f"{name}: there is no such key, only {', '.join(_keys(problem['loc'][:-1]))}"
    return f"{name}: {_WORDS.get(problem['type'], str(problem['msg']).removeprefix('Value error, '))}"


def _keys(above: Iterable[object]) -> list[str]:
    """The keys of a part of the file."""
    part: Any = Policy
    for step in above:
        inner = part if isinstance(step, int) else part.model_fields[step].annotation
        part = next((kind for kind in (inner, *get_args(inner)) if hasattr(kind, "model_fields")), inner)
    return list(part.model_fields)


DEFAULT = Policy()
"""What counts where nobody said otherwise."""
