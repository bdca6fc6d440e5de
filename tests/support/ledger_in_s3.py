"""A ledger in a moto AWS of this process: bucket, catalog and workgroup as Terraform makes them, and tables in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from botocore.session import Session, get_session
from moto import mock_aws

from adapters.athena_reader import AthenaReader
from adapters.query_engine import AthenaQueryEngine
from adapters.table_store import S3TableStore
from tests.support.aws import REGION
from tests.support.local_athena import LocalAthena, serving
from tests.support.tree import ROOT
from wiring.aws import with_clients

BUCKET, DATABASE, WORKGROUP = "ledger-data", "ledger", "ledger"
RESULTS = "athena-results/"
CUTOFF = 1 << 30
CATALOG = json.loads((ROOT / "glue_catalog/tables.json").read_text("utf-8"))


@dataclass
class LedgerInS3:
    """The AWS of a ledger: clients for looking, its tables, and the Athena that answers from them."""

    athena: LocalAthena
    url: str
    session: Session
    s3: Any
    glue: Any
    workgroups: Any

    @property
    def tables(self) -> S3TableStore:
        """The tables, by a store that knows nothing of them yet."""
        return S3TableStore(self.s3, BUCKET)

    def client(self) -> Any:
        """A client of the local Athena."""
        return self.session.create_client("athena", region_name=REGION, endpoint_url=self.url)

    def through_reader(self, **how: Any) -> AthenaQueryEngine:
        """The engine of the functions without pandas."""
        return AthenaQueryEngine(AthenaReader(self.client(), **how), database=DATABASE, workgroup=WORKGROUP)

    def through_wrangler(self) -> AthenaQueryEngine:
        """The engine of the night."""
        import awswrangler

        where = {"database": DATABASE, "workgroup": WORKGROUP, "boto3_session": self.for_wrangler}
        return AthenaQueryEngine(awswrangler.athena.read_sql_query, **where)

    @cached_property
    def for_wrangler(self) -> Any:
        """The one boto3 session: with a new one for each question awswrangler takes ten times as long."""
        import boto3

        session = boto3.Session(region_name=REGION)
        return with_clients(session, cache(session.client))

    def fill(self, home: Path) -> None:
        """Puts tables and journal of a laptop's home into the bucket, object by object."""
        for path in sorted(path for name in ("journal", "tables") for path in (home / name).rglob("*")):
            if path.is_file():
                self.s3.put_object(Bucket=BUCKET, Key=path.relative_to(home).as_posix(), Body=path.read_bytes())

    def empty(self) -> None:
        """No table, no journal, no answers."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for item in page.get("Contents", ()):
                self.s3.delete_object(Bucket=BUCKET, Key=item["Key"])
        self.athena.executions.clear()


@contextmanager
def ledger_in_s3(now: datetime) -> Iterator[LedgerInS3]:
    """An empty ledger; `AWS_ENDPOINT_URL_ATHENA` leads to its Athena, whose partitions end with `now`."""
    import pytest

    with mock_aws(), pytest.MonkeyPatch.context() as variables:
        session = get_session()
        s3, glue, workgroups = (session.create_client(name, region_name=REGION) for name in ("s3", "glue", "athena"))
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        make_catalog(glue)
        make_workgroup(workgroups)
        athena = LocalAthena(now=lambda: now)
        with serving(athena) as url:
            variables.setenv("AWS_ENDPOINT_URL_ATHENA", url)
            yield LedgerInS3(athena, url, session, s3, glue, workgroups)
        for client in (s3, glue, workgroups):
            client.close()


def make_workgroup(client: Any) -> None:
    configuration = {
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": CUTOFF,
        "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/{RESULTS}"},
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
    }
    client.create_work_group(Name=WORKGROUP, Configuration=configuration)


def make_catalog(glue: Any) -> None:
    """The tables as terraform/catalog.tf makes them of the same file."""
    glue.create_database(DatabaseInput={"Name": DATABASE})
    for name, table in CATALOG.items():
        template = table["location_template"]
        where = {"storage.location.template": f"s3://{BUCKET}/{template}"} if template else {}
        told = {
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": table["parameters"] | where,
            "PartitionKeys": [_column(key) for key in table["partition_keys"]],
            "StorageDescriptor": {
                "Columns": [_column(column) for column in table["columns"]],
                "Location": f"s3://{BUCKET}/{table['location']}",
                "InputFormat": table["input_format"],
                "OutputFormat": table["output_format"],
                "SerdeInfo": {
                    "SerializationLibrary": table["serde"],
                    "Parameters": table["serde_parameters"],
                },
            },
        }
        glue.create_table(DatabaseName=DATABASE, TableInput=told)


def _column(told: dict[str, str]) -> dict[str, str]:
    return {"Name": told["name"], "Type": told["type"], "Comment": told["comment"]}
