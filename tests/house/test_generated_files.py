"""Files that come from the models are what the models say now: `make generate` writes them."""

import json

import pytest

import sql
from aggregation import payload
from cli import ask
from glue_catalog import __main__ as glue_catalog
from glue_catalog.tables import TABLES

pytestmark = pytest.mark.house


def test_the_table_catalog_is_fresh() -> None:
    assert glue_catalog.TARGET.read_text("utf-8") == glue_catalog.rendered()


def test_the_schema_of_the_document_is_fresh() -> None:
    assert payload.SCHEMA.read_text("utf-8") == payload.schema()


def test_the_page_of_the_cookbook_is_fresh() -> None:
    assert ask.PAGE.read_text("utf-8") == ask.page()


def test_every_query_of_the_cookbook_runs_as_it_stands_in_athena_too() -> None:
    """Named queries have no parameters; their name and description are short."""
    queries = [sql.load(name) for name in sql.names("cookbook")]
    assert len(queries) >= 15
    assert [query.name for query in queries if query.params or len(query.answers) > 1024 or len(query.name) > 128] == []


def test_the_table_catalog_fits_what_glue_takes() -> None:
    tables = json.loads(glue_catalog.TARGET.read_text("utf-8"))
    assert set(tables) == {*TABLES, "journal"}
    for name, table in tables.items():
        keys = [*table["columns"], *table["partition_keys"]]
        assert len({column["name"] for column in keys}) == len(keys), f"{name}: a column twice"
        assert all(column["name"] == column["name"].lower() for column in keys), f"{name}: Glue knows lower case only"
        assert max(len(column["comment"]) for column in keys) <= 255, f"{name}: a comment is too long for Glue"


@pytest.mark.parametrize("name", ["journal", *TABLES])
def test_every_partitioned_table_is_projected_where_its_objects_lie(name: str) -> None:
    table = json.loads(glue_catalog.TARGET.read_text("utf-8"))[name]
    spec = TABLES.get(name)
    partition = spec.partition if spec else "dt"
    assert table["location"] == ("journal/" if name == "journal" else f"tables/{name}/")
    assert [key["name"] for key in table["partition_keys"]] == ([partition] if partition else [])
    if partition:
        assert table["location_template"] == f"{table['location']}{partition}=${{{partition}}}/"
        assert table["parameters"][f"projection.{partition}.type"] == "date"
