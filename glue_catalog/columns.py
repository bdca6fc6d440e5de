"""Columns from models: what a Python type is called in Glue and in DuckDB."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from playledger.models import Entry

GLUE = {str: "string", int: "bigint", float: "double", bool: "boolean", datetime: "timestamp", date: "date"}
DUCKDB = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", datetime: "TIMESTAMP", date: "DATE"}


@dataclass(frozen=True)
class Column:
    """One column: its type as Glue and as DuckDB spell it."""

    name: str
    glue: str
    duckdb: str
    comment: str


def columns(model: type[BaseModel]) -> tuple[Column, ...]:
    """A model's columns in the order of its fields. Raises TypeError for a type that has no column."""
    return tuple(
        Column(name, glue_type(field.annotation), duckdb_type(field.annotation), field.description or "")
        for name, field in model.model_fields.items()
    )


def journal_columns() -> tuple[Column, ...]:
    """The union of what the entries hold; a comment tells which kinds of entry have the column."""
    union: dict[str, Column] = {}
    kinds: dict[str, list[str]] = {}
    for model in get_args(Entry):
        for column in columns(model):
            if union.setdefault(column.name, column) != column:
                raise TypeError(f"{model.__name__}.{column.name} has another type than in the entries before")
            kinds.setdefault(column.name, []).append(model.model_fields["kind"].default)
    return tuple(
        Column(name, column.glue, column.duckdb, f"of {_listed(kinds[name])}") for name, column in union.items()
    )


def _listed(kinds: Iterable[str]) -> str:
    names = sorted(kinds)
    return "all entries" if len(names) == len(get_args(Entry)) else ", ".join(names)


def glue_type(annotation: Any) -> str:
    """`array<string>`, `struct<type:string,id:string>`, `bigint` ..."""
    kind, inner = _resolved(annotation)
    if kind is tuple:
        return f"array<{glue_type(inner)}>"
    if issubclass(kind, BaseModel):
        return f"struct<{','.join(f'{column.name}:{column.glue}' for column in columns(kind))}>"
    return GLUE[kind]


def duckdb_type(annotation: Any) -> str:
    """`VARCHAR[]`, `STRUCT("type" VARCHAR, "id" VARCHAR)`, `BIGINT` ..."""
    kind, inner = _resolved(annotation)
    if kind is tuple:
        return f"{duckdb_type(inner)}[]"
    if issubclass(kind, BaseModel):
        fields = ", ".join(f'"{column.name}" {column.duckdb}' for column in columns(kind))
        return f"STRUCT({fields})"
    return DUCKDB[kind]


def _resolved(annotation: Any) -> tuple[type, Any]:
    """The bare type beneath None, Annotated, Literal and StrEnum; for a tuple also the type of its items."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _resolved(arguments[0])
    if origin in (Union, UnionType):
        rest = [argument for argument in arguments if argument is not NoneType]
        if len(rest) == 1:
            return _resolved(rest[0])
    elif origin is Literal:
        return _resolved(type(arguments[0]))
    elif origin is tuple and arguments[1:] == (...,):
        return tuple, arguments[0]
    elif isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return str, None
    elif isinstance(annotation, type) and (annotation in GLUE or issubclass(annotation, BaseModel)):
        return annotation, None
    raise TypeError(f"{annotation} is no type of a column")
