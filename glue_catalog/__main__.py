"""`python -m glue_catalog` writes tables.json: what Terraform makes Glue tables of."""

import json
from pathlib import Path
from typing import Any

from glue_catalog.columns import Column, columns, journal_columns
from glue_catalog.tables import TABLES, Format, TableSpec

TARGET = Path(__file__).with_name("tables.json")

FORMATS: dict[Format, dict[str, Any]] = {
    "jsonl": {
        "input_format": "org.apache.hadoop.mapred.TextInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "serde": "org.openx.data.jsonserde.JsonSerDe",
        "serde_parameters": {"case.insensitive": "true", "ignore.malformed.json": "false"},
    },
    "parquet": {
        "input_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "serde": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "serde_parameters": {"serialization.format": "1"},
    },
}

PARTITIONS = {
    "dt": ("UTC date, YYYY-MM-DD", "yyyy-MM-dd", "DAYS", "2006-01-01,NOW+1DAYS"),
    "day": ("local date, YYYY-MM-DD", "yyyy-MM-dd", "DAYS", "2006-01-01,NOW+1DAYS"),
    "month": ("local month, YYYY-MM", "yyyy-MM", "MONTHS", "2006-01,NOW+1MONTHS"),
}
"""Comment, format, unit and range of each partition column. Spotify was founded in 2006: no play is older."""


def catalog() -> dict[str, Any]:
    """All tables by name. Locations are below the data bucket, with a `/` at the end."""
    tables = {name: _table(spec, f"tables/{name}/", columns(spec.row)) for name, spec in TABLES.items()}
    journal = TableSpec("journal", "every entry as it was written, append-only", TABLES["plays"].row, "dt")
    return tables | {"journal": _table(journal, "journal/", journal_columns())}


def _table(spec: TableSpec, location: str, row: tuple[Column, ...]) -> dict[str, Any]:
    parameters = {"EXTERNAL": "TRUE", "classification": "json" if spec.format == "jsonl" else "parquet"}
    return {
        "description": spec.about,
        "location": location,
        "columns": [{"name": column.name, "type": column.glue, "comment": column.comment} for column in row],
        **FORMATS[spec.format],
        "parameters": parameters | _projection(spec.partition),
        **_partitioning(spec.partition, location),
    }


def _partitioning(partition: str, location: str) -> dict[str, Any]:
    """Partition columns and where a partition lies; Terraform puts the bucket before the template."""
    if not partition:
        return {"partition_keys": [], "location_template": ""}
    key = {"name": partition, "type": "string", "comment": PARTITIONS[partition][0]}
    return {"partition_keys": [key], "location_template": f"{location}{partition}=${{{partition}}}/"}


def _projection(partition: str) -> dict[str, str]:
    """Partition projection: Athena works the partitions out, nobody has to register them."""
    if not partition:
        return {}
    _, spelling, unit, span = PARTITIONS[partition]
    return {
        "projection.enabled": "true",
        f"projection.{partition}.type": "date",
        f"projection.{partition}.format": spelling,
        f"projection.{partition}.interval": "1",
        f"projection.{partition}.interval.unit": unit,
        f"projection.{partition}.range": span,
    }


def rendered() -> str:
    """The file's text."""
    return json.dumps(catalog(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), "utf-8")
