"""What each function takes to load and to run: memory and seconds of fresh processes over the built code zip.

A process gets the zip, the layer's packages for this machine, this environment's boto3 and awswrangler where AWS brings
its own, and the variables for its memory that Terraform sets. It runs once against a local AWS, after a day of polls.
`make bench-memory` prints the table and fails past a limit; the runtime's own memory is added to what is measured.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.session import Session, get_session

from adapters.token_store import ParameterTokenStore
from playledger.models import format_instant
from simulator import CALM, HEAVY, Account, SimulatedSpotify, VirtualClock, generate, serve
from tests.support.aws import REGION, create_table
from tests.support.built import built
from tests.support.lambda_process import start
from tests.support.ledger_in_s3 import BUCKET, DATABASE, WORKGROUP, make_catalog, make_workgroup
from tests.support.local_athena import LocalAthena, serving
from tests.support.local_aws import running
from tests.support.tree import ROOT

RUNTIME_MB = 35
"""What Lambda's own runtime takes beside a bare Python, at most as far as is told."""

MOST_MB = {"ingest": 110, "enrich": 256, "aggregate": 200, "playlist": 256}
ROOMS = {"ingest": "ingestion", "enrich": "enrichment", "aggregate": "aggregation", "playlist": "playlist"}
START = datetime(2026, 3, 16, 0, 10, tzinfo=UTC)
POLLS = 24
MB = 1 << 20
KEY_NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
KEYS = {"tracks": "track_uri", "artists": "artist_id", "state": "id"}


@dataclass(frozen=True)
class Taken:
    """MB when loaded and at most, with the runtime's; processor seconds to load and to run once."""

    function: str
    loaded_mb: float
    most_mb: float
    load_seconds: float
    run_seconds: float

    @property
    def is_too_much(self) -> bool:
        """Whether it is above the function's limit."""
        return self.most_mb > MOST_MB[self.function]


def measured() -> Iterator[Taken]:
    """Each function, in the order in which one needs what another did."""
    with _deployment() as (environ, clock):
        artifacts = built()
        for name, room in ROOMS.items():
            with start(artifacts, f"{room}.handler.lambda_handler", environ) as process:
                cold, runs = process.cold, []
                for moment in _moments(name):
                    clock.set(moment)
                    runs.append(process.invoke(time=format_instant(moment)))
            if failed := [run for run in (cold, *runs) if "error" in run or "failed" in run.get("answer", {})]:
                raise RuntimeError(f"{name} failed: {failed[0]}")
            yield Taken(
                name,
                cold["rss"] / MB + RUNTIME_MB,
                max(run["peak"] for run in runs) / MB + RUNTIME_MB,
                cold["cpu_seconds"],
                runs[0]["cpu_seconds"],
            )


def _moments(name: str) -> list[datetime]:
    polls = [START + number * timedelta(hours=1) for number in range(POLLS)]
    return polls if name == "ingest" else [polls[-1] + timedelta(hours=5)]


@contextmanager
def _deployment() -> Iterator[tuple[Mapping[str, str], VirtualClock]]:
    """A local AWS with everything in it, a Spotify account, and the variables that lead there."""
    account = Account(generate(HEAVY, 3, START - timedelta(days=3), START + timedelta(days=8), quirks=CALM))
    clock = VirtualClock(START)
    os.environ.update(dict.fromkeys(KEY_NAMES, "testing"))  # for the local Athena, which asks the local AWS
    with ExitStack() as opened:
        url = opened.enter_context(running())
        athena_url = opened.enter_context(serving(LocalAthena(url, now=clock)))
        spotify = opened.enter_context(serve(account, clock=clock))
        session = get_session()
        _fill(session, url, spotify)
        yield _variables(url, athena_url, spotify), clock


def _fill(session: Session, url: str, spotify: SimulatedSpotify) -> None:
    with ExitStack() as opened:
        names = ("s3", "dynamodb", "ssm", "glue", "athena", "sns")
        made: dict[str, Any] = {}
        for name in names:
            made[name] = session.create_client(name, region_name=REGION, endpoint_url=url)
            opened.enter_context(closing(made[name]))
        for bucket in (BUCKET, "ledger-site"):
            made["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        create_table(made["dynamodb"], "plays", pk="HASH", sk="RANGE")
        for table, key in KEYS.items():
            create_table(made["dynamodb"], table, **{key: "HASH"})
        make_catalog(made["glue"])
        make_workgroup(made["athena"])
        made["sns"].create_topic(Name="alerts")
        ParameterTokenStore(made["ssm"], "/ledger/spotify-login").save(spotify.login(), None)


def _variables(url: str, athena_url: str, spotify: SimulatedSpotify) -> Mapping[str, str]:
    keys = dict.fromkeys(KEY_NAMES, "testing")
    there = {"AWS_ENDPOINT_URL": url, "AWS_ENDPOINT_URL_ATHENA": athena_url, "AWS_REGION": REGION, "TZ": ":UTC"}
    told = {
        "time_zone": "Europe/Stockholm",
        "data_bucket": BUCKET,
        "site_bucket": "ledger-site",
        **{f"{table}_table": table for table in ("plays", *KEYS)},
        "token_parameter": "/ledger/spotify-login",
        "glue_database": DATABASE,
        "athena_workgroup": WORKGROUP,
        "alerts_topic": f"arn:aws:sns:{REGION}:123456789012:alerts",
        "enrich_function": "ledger-enrich",
        "spotify_client_id": spotify.client_id,
        "spotify_api_url": spotify.api_url,
        "spotify_accounts_url": spotify.accounts_url,
    }
    deployed = json.loads((ROOT / "terraform/memory_env.json").read_text("utf-8"))
    return {**deployed, **keys, **there, "AWS_DEFAULT_REGION": REGION} | {
        f"PLAYLEDGER_{key.upper()}": said for key, said in told.items()
    }


def table(found: Sequence[Taken]) -> str:
    """For people."""
    heads = f"{'function':12}{'loaded MB':>11}{'at most MB':>12}{'limit':>7}{'load s':>9}{'run s':>8}"
    rows = [
        f"{one.function:12}{one.loaded_mb:11.1f}{one.most_mb:12.1f}{MOST_MB[one.function]:7}"
        f"{one.load_seconds:9.2f}{one.run_seconds:8.2f}{'   too much' if one.is_too_much else ''}"
        for one in found
    ]
    title = f"With {RUNTIME_MB} MB for the runtime; processor seconds of this machine, Python {sys.version.split()[0]}"
    return "\n".join([title, heads, *rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 where a function takes too much."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    given = parser.parse_args(arguments)
    found = list(measured())
    print(table(found))
    if given.out:
        given.out.write_text(table(found) + "\n", "utf-8")
    return 1 if any(one.is_too_much for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
