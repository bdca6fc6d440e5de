"""What answers are made of: rows that have exactly the columns of their model, and the way to ask for them."""

from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """A row of an answer: exactly these columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyRow = TypeVar("AnyRow", bound=Row)


class Ask(Protocol):
    """Asks a question of `sql/dashboard` for rows of a model."""

    def __call__(self, name: str, model: type[AnyRow], **own: object) -> tuple[AnyRow, ...]:
        """The answer's rows; `own` are parameters that only this question takes, or takes otherwise."""
        ...
