"""What answers are made of: rows that have exactly the columns of their model, and the way to ask for them."""

from collections.abc import Iterator
from typing import Literal, Protocol, TypeVar, get_args

from pydantic import BaseModel, ConfigDict

Mention = Literal["track_uri", "song_no", "artist_no", "album_no"]
MENTIONS = get_args(Mention)


class Row(BaseModel):
    """A row of an answer: exactly these columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def mentioned(self) -> Iterator[tuple[Mention, str | int]]:
        """What it names: tracks by URI, songs, artists and albums by number."""
        told = ((mention, getattr(self, mention, None)) for mention in MENTIONS)
        return ((mention, name) for mention, name in told if name is not None)


AnyRow = TypeVar("AnyRow", bound=Row)


class Ask(Protocol):
    """Asks a question of `sql/dashboard` for rows of a model."""

    def __call__(self, name: str, model: type[AnyRow], **own: object) -> tuple[AnyRow, ...]:
        """The answer's rows; `own` are parameters that only this question takes, or takes otherwise."""
        ...
