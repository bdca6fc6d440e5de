"""A deployment for commands: made by hand in a moto AWS of this process, and the file of its settings."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.aws import REGION, create_table

ACCOUNT = "123456789012"
VALUES: Mapping[str, str] = {
    "AWS_REGION": REGION,
    "PLAYLEDGER_SPOTIFY_CLIENT_ID": "0123456789abcdef0123456789abcdef",
    "PLAYLEDGER_TIME_ZONE": "Europe/Stockholm",
    "PLAYLEDGER_DATA_BUCKET": "ledger-data",
    "PLAYLEDGER_SITE_BUCKET": "ledger-site",
    "PLAYLEDGER_PLAYS_TABLE": "ledger-plays",
    "PLAYLEDGER_TRACKS_TABLE": "ledger-tracks",
    "PLAYLEDGER_ARTISTS_TABLE": "ledger-artists",
    "PLAYLEDGER_STATE_TABLE": "ledger-state",
    "PLAYLEDGER_TOKEN_PARAMETER": "/ledger/spotify-login",
    "PLAYLEDGER_GLUE_DATABASE": "ledger",
    "PLAYLEDGER_ATHENA_WORKGROUP": "ledger",
    "PLAYLEDGER_ALERTS_TOPIC": f"arn:aws:sns:{REGION}:{ACCOUNT}:ledger-alerts",
}
KEYS = {
    "PLAYS": {"pk": "HASH", "sk": "RANGE"},
    "TRACKS": {"track_uri": "HASH"},
    "ARTISTS": {"artist_id": "HASH"},
    "STATE": {"id": "HASH"},
}


def write_settings(path: Path, **more: str) -> Path:
    """The file that `make deploy` writes, with further variables."""
    path.write_text(json.dumps({**VALUES, **more}), "utf-8")
    return path


@contextmanager
def made_by_hand(*, in_process: bool = True) -> Iterator[Mapping[str, Any]]:
    """Tables, buckets, topic and parameter in an AWS of moto's, or at AWS_ENDPOINT_URL; clients by service."""
    import boto3
    from moto import mock_aws

    with ExitStack() as opened:
        if in_process:
            opened.enter_context(mock_aws())
        clients = {
            service: opened.enter_context(closing(boto3.client(service, region_name=REGION)))
            for service in ("s3", "dynamodb", "ssm", "sns")
        }
        for bucket in ("ledger-data", "ledger-site"):
            with suppress(clients["s3"].exceptions.BucketAlreadyOwnedByYou):
                clients["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for name, keys in KEYS.items():
            create_table(clients["dynamodb"], VALUES[f"PLAYLEDGER_{name}_TABLE"], **keys)
        clients["sns"].create_topic(Name="ledger-alerts")
        clients["ssm"].put_parameter(
            Name=VALUES["PLAYLEDGER_TOKEN_PARAMETER"], Value="not logged in", Type="SecureString"
        )
        yield clients
