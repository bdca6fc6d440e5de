"""Columns from models."""

from datetime import date, datetime
from typing import Annotated, Literal

import duckdb
import pytest
from pydantic import BaseModel, Field

from glue_catalog.columns import Column, columns, duckdb_type, glue_type, journal_columns
from glue_catalog.tables import TABLES
from playledger.models import Context, Instant, Media

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("annotation", "glue", "duck"),
    [
        (str, "string", "VARCHAR"),
        (int | None, "bigint", "BIGINT"),
        (float, "double", "DOUBLE"),
        (bool | None, "boolean", "BOOLEAN"),
        (Instant, "timestamp", "TIMESTAMP"),
        (Instant | None, "timestamp", "TIMESTAMP"),
        (datetime, "timestamp", "TIMESTAMP"),
        (date, "date", "DATE"),
        (Media, "string", "VARCHAR"),
        (Literal["a", "b"], "string", "VARCHAR"),
        (Literal[1], "bigint", "BIGINT"),
        (Annotated[int, "why"], "bigint", "BIGINT"),
        (tuple[str, ...], "array<string>", "VARCHAR[]"),
        (tuple[str | None, ...] | None, "array<string>", "VARCHAR[]"),
        (Context, "struct<type:string,id:string,uri:string>", 'STRUCT("type" VARCHAR, "id" VARCHAR, "uri" VARCHAR)'),
    ],
)
def test_a_type_has_one_name_in_each_engine(annotation: object, glue: str, duck: str) -> None:
    assert (glue_type(annotation), duckdb_type(annotation)) == (glue, duck)


@pytest.mark.parametrize("annotation", [bytes, int | str, tuple[int, str], list[int], dict[str, int], None])
def test_a_type_without_a_column_is_refused(annotation: object) -> None:
    with pytest.raises(TypeError, match="no type of a column"):
        glue_type(annotation)


def test_a_description_becomes_the_comment() -> None:
    class Row(BaseModel):
        n: int = Field(description="how many")

    assert columns(Row) == (Column("n", "bigint", "BIGINT", "how many"),)


def test_every_column_of_every_table_is_explained_and_duckdb_knows_its_type() -> None:
    with duckdb.connect() as connection:
        for spec in TABLES.values():
            for column in columns(spec.row):
                assert column.comment, f"{spec.name}.{column.name} says nothing"
                connection.execute(f'select cast(null as {column.duckdb}) as "{column.name}"')


def test_the_journal_has_the_columns_of_every_kind_of_entry() -> None:
    by_name = {column.name: column for column in journal_columns()}
    assert by_name["kind"].comment == "of all entries"
    assert by_name["ms_played"].comment == "of export"
    assert by_name["lo"].comment == "of claim, span"
    assert by_name["context"].glue.startswith("struct<")
