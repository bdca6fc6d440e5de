"""The built code zip in processes of its own, over the layer's packages: it loads, works, and is what was tested."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.token_store import ParameterTokenStore
from playledger.models import format_instant
from simulator import CALM, HEAVY, Account, SimulatedSpotify, VirtualClock, generate, serve
from tests.support import built, local_aws
from tests.support.aws import REGION, create_table
from tests.support.lambda_process import start
from tests.support.tree import ROOT
from wiring.package import OF_PANDAS_LAYER, PACKAGES

pytestmark = [pytest.mark.aws, pytest.mark.timeout(300)]

NOW = datetime(2026, 3, 20, 12, 10, tzinfo=UTC)
ROOMS = {"ingest": "ingestion", "enrich": "enrichment", "aggregate": "aggregation", "playlist": "playlist"}
NAMES = {
    "PLAYLEDGER_TIME_ZONE": "Europe/Stockholm",
    "PLAYLEDGER_DATA_BUCKET": "ledger-data",
    "PLAYLEDGER_PLAYS_TABLE": "plays",
    "PLAYLEDGER_STATE_TABLE": "state",
    "PLAYLEDGER_TOKEN_PARAMETER": "/ledger/spotify-login",
    "PLAYLEDGER_ALERTS_TOPIC": f"arn:aws:sns:{REGION}:123456789012:none",
    "PLAYLEDGER_ENRICH_FUNCTION": "ledger-enrich",
}


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    """An AWS with what a poll needs."""
    import boto3

    with local_aws.running() as url:
        with closing(boto3.client("dynamodb", region_name=REGION, endpoint_url=url)) as dynamodb:
            create_table(dynamodb, "plays", pk="HASH", sk="RANGE")
            create_table(dynamodb, "state", id="HASH")
        with closing(boto3.client("s3", region_name=REGION, endpoint_url=url)) as s3:
            s3.create_bucket(Bucket="ledger-data", CreateBucketConfiguration={"LocationConstraint": REGION})
        yield url


@pytest.fixture(scope="module")
def spotify() -> Iterator[SimulatedSpotify]:
    """The account of a heavy listener."""
    account = Account(generate(HEAVY, 3, NOW - timedelta(days=2), NOW, quirks=CALM))
    with serve(account, clock=VirtualClock(NOW)) as served:
        yield served


def environ(url: str, spotify: SimulatedSpotify | None = None) -> dict[str, str]:
    """What Lambda would set, and what leads to the local AWS."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "testing")
    there = {"AWS_ENDPOINT_URL": url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "TZ": ":UTC"}
    if spotify is None:
        return keys | there
    account = {
        "PLAYLEDGER_SPOTIFY_CLIENT_ID": spotify.client_id,
        "PLAYLEDGER_SPOTIFY_API_URL": spotify.api_url,
        "PLAYLEDGER_SPOTIFY_ACCOUNTS_URL": spotify.accounts_url,
    }
    return keys | there | NAMES | account


@pytest.mark.parametrize("name", ROOMS)
def test_a_handler_loads_from_zip_and_layer_and_loads_nothing_of_the_pandas_layer(
    artifacts: Path, aws_url: str, name: str
) -> None:
    with start(artifacts, f"{ROOMS[name]}.handler.lambda_handler", environ(aws_url)) as process:
        assert "error" not in process.cold
        assert f"{ROOMS[name]}.handler" in process.cold["modules"]
        refused = process.invoke(time=format_instant(NOW))
    assert refused["error"] == "Misconfigured"
    assert not OF_PANDAS_LAYER.intersection(refused["packages"])
    assert "botocore" in refused["packages"]


def test_a_poll_from_the_built_zip_stores_what_spotify_lists(
    artifacts: Path, aws_url: str, spotify: SimulatedSpotify
) -> None:
    import boto3

    with closing(boto3.client("ssm", region_name=REGION, endpoint_url=aws_url)) as ssm:
        ParameterTokenStore(ssm, NAMES["PLAYLEDGER_TOKEN_PARAMETER"]).save(spotify.login(), None)
    with start(artifacts, "ingestion.handler.lambda_handler", environ(aws_url, spotify)) as process:
        first = process.invoke(time=format_instant(NOW), tick="hour")
        again = process.invoke(time=format_instant(NOW + timedelta(minutes=1)), tick="hour")
    assert (first["answer"]["outcome"], first["answer"]["new"]) == ("captured", 50)
    assert again["answer"]["outcome"] == "idle"
    with closing(boto3.client("s3", region_name=REGION, endpoint_url=aws_url)) as s3:
        assert s3.list_objects_v2(Bucket="ledger-data")["KeyCount"] == first["answer"]["objects"]
    assert any('"outcome":"captured"' in line for line in first["printed"])


def test_of_awswrangler_the_night_loads_only_what_asks_athena() -> None:
    program = (
        "import sys; from wiring.aws import athena_of_awswrangler as load; print(load().read_sql_query.__name__);"
        "print(*[name.split('.')[1] for name in sys.modules if name.startswith('awswrangler.')])"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    asks, parts = said.splitlines()
    assert asks == "read_sql_query"
    assert {"athena", "s3"} <= set(parts.split())
    assert not {"redshift", "neptune", "opensearch", "quicksight"}.intersection(parts.split())


def test_the_zip_holds_the_very_files_that_the_other_tests_run(artifacts: Path) -> None:
    with zipfile.ZipFile(artifacts / "code.zip") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert {name.partition("/")[0] for name in held} == set(PACKAGES)
    assert [name for name, body in held.items() if (ROOT / name).read_bytes() != body] == []


def test_a_build_is_made_once_and_again_where_an_input_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def build(folder: Path) -> None:
        made.append(folder.name)
        folder.mkdir()

    monkeypatch.setattr(built, "_build", build)
    first = built.built(tmp_path)
    assert built.built(tmp_path) == first
    monkeypatch.setattr(built.package, "LOCKED", "requirements/uv.txt")
    assert built.built(tmp_path) != first
    assert len(made) == 2


def test_old_builds_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built, "_build", lambda folder: folder.mkdir())
    numbers: Any = iter(range(9))
    monkeypatch.setattr(built, "digest", lambda: f"{next(numbers)}")
    for _ in range(built.KEPT + 2):
        assert built.built(tmp_path).is_dir()
    assert len(list(tmp_path.iterdir())) == built.KEPT
