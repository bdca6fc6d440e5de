"""A deployment in a moto AWS of this process, with a history of N years in it, and a simulated day that is counted.

The handlers run as Lambda runs them, over the real AWS adapters and unchanged awswrangler; Athena is the local one.
"""

import copy
import io
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from adapters.metadata_cache import LEARNED_PREFIX
from adapters.packed import packed
from adapters.query_engine import AthenaQueryEngine
from adapters.table_format import PARQUET_CODEC
from adapters.table_store import MANIFESTS, DirectoryTableStore
from bench.cost_home import NIGHT, built_home, midnight
from bench.cost_meter import Counts, Elsewhere, Meter, metrics_in
from bench.cost_model import Question, Sample
from bench.history import LAST_DAY, ZONE, History
from bench.household import catalogue_for, household
from enrichment.job import EVERYTHING, week_of
from glue_catalog.tables import TABLES, object_name
from playledger.journal import decode, key_date
from playledger.models import PlayEvent
from playledger.ports import Stored
from playledger.settings import Settings
from simulator import Account, SimulatedSpotify, VirtualClock, serve
from tests.support.aws import REGION, create_table, mailbox
from tests.support.ledger_in_s3 import BUCKET, DATABASE, WORKGROUP, LedgerInS3, ledger_in_s3
from tests.support.tree import ROOT
from wiring.aws import deployed

FUNCTIONS = {"ingest": "ingestion", "enrich": "enrichment", "aggregate": "aggregation", "playlist": "playlist"}
KEYS = {
    "plays": {"pk": "HASH", "sk": "RANGE"},
    "tracks": {"track_uri": "HASH"},
    "artists": {"artist_id": "HASH"},
    "state": {"id": "HASH"},
}
ACCOUNT = "123456789012"
CACHE_FILE = "metadata.sqlite"
SITE = "ledger-site"
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUARTER = 15 * MINUTE
HOT_DAYS = Settings(time_zone=ZONE).hot_ttl_days
ARN = "arn:aws:lambda:eu-north-1:123456789012:function:ledger"
PLATFORM_LINES = 900
"""Bytes of what Lambda itself logs of an invocation in its JSON format: start, runtime done, report."""


@dataclass
class World:
    """The deployment. `counts` is by function what was counted, `asked` by function what Athena read."""

    ledger: LedgerInS3
    spotify: SimulatedSpotify
    clock: VirtualClock
    meter: Meter
    elsewhere: Elsewhere
    counts: dict[str, Counts] = field(default_factory=dict)
    asked: dict[str, list[Question]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    report: Mapping[str, Any] = field(default_factory=dict)

    def run(self, name: str, at: datetime, *, into: str = "", **event: Any) -> Mapping[str, Any]:
        """One invocation at this moment, counted under `into`, or not at all where that is empty."""
        self.clock.set(at)
        counts, printed = Counts(runs=1), io.StringIO()
        self.meter.counts, seen = counts, len(self.ledger.athena.executions)
        requests, before = len(self.spotify.log), self.elsewhere.seconds
        started = time.thread_time()
        with redirect_stdout(printed):
            answer: Mapping[str, Any] = self._handler(name)({"time": _zulu(at), **event}, _context())
        counts.cpu_seconds = time.thread_time() - started - (self.elsewhere.seconds - before)
        counts.spotify = len(self.spotify.log) - requests
        lines = printed.getvalue().splitlines()
        counts.printed = len(printed.getvalue().encode()) + PLATFORM_LINES
        for metric in metrics_in(lines):
            counts.metrics[metric].add(f"{at:%Y-%m-%d %H}")
        if into:
            self.counts.setdefault(into, Counts()).add(counts)
            executions = list(self.ledger.athena.executions.values())
            asked = zip(self.names[seen:], executions[seen:], strict=True)
            self.asked.setdefault(into, []).extend(_question(name, execution.opened) for name, execution in asked)
        return answer

    def _handler(self, name: str) -> Callable[[Mapping[str, Any], Any], Any]:
        handler: Callable[[Mapping[str, Any], Any], Any]
        handler = import_module(f"{FUNCTIONS[name]}.handler").lambda_handler
        return handler

    def objects(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Key and size of every object below the prefix."""
        for page in self.ledger.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
            for item in page.get("Contents", ()):
                yield item["Key"], item["Size"]

    def bytes(self, prefix: str) -> int:
        """Of all objects below the prefix."""
        return sum(size for _, size in self.objects(prefix))


def _question(name: str, opened: Mapping[str, int]) -> Question:
    parquet = sum(key.endswith(".parquet") for key in opened)
    return Question(name, sum(opened.values()), len(opened) - parquet, parquet)


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _context() -> Any:
    return SimpleNamespace(
        aws_request_id="request", invoked_function_arn=ARN, get_remaining_time_in_millis=lambda: 10**9
    )


# ---- making it --------------------------------------------------------------------------------------------------


@contextmanager
def world(history: History, *, anew: bool = False) -> Iterator[World]:
    """The deployment with the history up to the day before its last one: polled, learned and summarised."""
    home = built_home(history, anew=anew)
    clock, elsewhere = VirtualClock(history.recipe.now), Elsewhere()
    with ExitStack() as opened:
        ledger = opened.enter_context(ledger_in_s3(history.recipe.now + 3 * DAY))
        box = opened.enter_context(mailbox())
        spotify = opened.enter_context(serve(_account(history), clock=clock))
        opened.enter_context(_variables(spotify, box.topic))
        _empty_tables(ledger)
        made = World(ledger, spotify, clock, Meter(_item_bytes, _table_bytes), elsewhere)
        _fill(home)
        for name in FUNCTIONS:
            aws = opened.enter_context(deployed(name))
            aws.session.register("before-call.lambda.Invoke", _noted(made))
            aws.session.register("after-call.s3.*", _bare_etags)
            made.meter.watch(aws.session)
        deployed("ingest").tokens.save(spotify.login(), None)
        opened.enter_context(elsewhere.counted())
        opened.enter_context(_quick_transactions())
        opened.enter_context(_named(made.names))
        yield made
        deployed.cache_clear()


def _account(history: History) -> Account:
    """The listeners of the last week and all songs they like; it can be asked for all that the history may hold."""
    plays = history.recipe.plays_per_month
    zone, first = ZoneInfo(ZONE), LAST_DAY - timedelta(days=6)
    catalogue = catalogue_for(plays, history.recipe.seed)
    dates = household(plays, first, 9, zone, catalogue, history.recipe.seed)
    return Account([play for _, made in dates for _, play in made], catalogue=catalogue)


@contextmanager
def _variables(spotify: SimulatedSpotify, topic: str) -> Iterator[None]:
    """What the four functions are told, all of it to all of them."""
    keys = {f"AWS_{name}": "testing" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")}
    given = {
        "time_zone": ZONE,
        "data_bucket": BUCKET,
        "site_bucket": SITE,
        "plays_table": "plays",
        "tracks_table": "tracks",
        "artists_table": "artists",
        "state_table": "state",
        "token_parameter": "/ledger/spotify-login",
        "glue_database": DATABASE,
        "athena_workgroup": WORKGROUP,
        "enrich_function": "ledger-enrich",
        "alerts_topic": topic,
        "spotify_client_id": spotify.client_id,
        "spotify_api_url": spotify.api_url,
        "spotify_accounts_url": spotify.accounts_url,
    }
    told = (
        keys | {"AWS_DEFAULT_REGION": REGION} | {f"PLAYLEDGER_{name.upper()}": value for name, value in given.items()}
    )
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    deployed.cache_clear()
    yield
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def _empty_tables(ledger: LedgerInS3) -> None:
    with closing(ledger.session.create_client("dynamodb", region_name=REGION)) as dynamodb:
        for table, keys in KEYS.items():
            create_table(dynamodb, table, **keys)
    ledger.s3.create_bucket(Bucket=SITE, CreateBucketConfiguration={"LocationConstraint": REGION})


def _fill(home: Path) -> None:
    """What the home holds, past S3's and DynamoDB's interfaces, which moto serves slowly.

    An object gets the etag that its file has on the laptop: digests name etags, and so nothing looks changed.
    """
    oldest = LAST_DAY - HOT_DAYS * DAY
    for path in sorted((home / "journal").rglob("*.gz")):
        key = path.relative_to(home).as_posix()
        _put(key, path.read_bytes())
        if (key_date(key) or date.max) >= oldest:
            _warm(key, path.read_bytes())
    tables = DirectoryTableStore(home)
    for name, spec in TABLES.items():
        stored = tables.list(name)
        for partition, stamp in stored.items():
            place = object_name(spec, partition)
            body = (home / "tables" / place).read_bytes()
            _put(f"tables/{place}", _as_in_aws(body) if spec.format == "parquet" else body, stamp)
        manifest = {partition: [stamp.etag, stamp.digest] for partition, stamp in sorted(stored.items())}
        if manifest:
            _put(f"tables/{MANIFESTS}{name}.json", json.dumps(manifest, separators=(",", ":")).encode())
    _put("dashboard_data.json", (home / "site/dashboard_data.json").read_bytes(), bucket=SITE)
    _known(home)


def _as_in_aws(body: bytes) -> bytes:
    """The rows of a Parquet file as Arrow packs them there: a laptop's files are smaller."""
    import pyarrow.parquet as pq

    packed = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(body)), packed, **PARQUET_CODEC, store_schema=False)
    return packed.getvalue()


def _put(key: str, body: bytes, stamp: Stored | None = None, *, bucket: str = BUCKET) -> None:
    from moto.s3.models import s3_backends

    made = s3_backends[ACCOUNT]["aws"].put_object(bucket, key, body, etag=stamp.etag if stamp else None)
    if stamp:
        made.set_metadata({"x-amz-meta-digest": stamp.digest})


def _known(home: Path) -> None:
    """The laptop's metadata cache, item for item."""
    with closing(sqlite3.connect(home / CACHE_FILE)) as db:
        for table, key in (("tracks", "track_uri"), ("artists", "artist_id")):
            for name, rank, body in db.execute(f"select id, grade_rank, body from {table}"):  # noqa: S608
                item = {key: {"S": name}, "grade_rank": {"N": str(rank)}, "body": packed(body)}
                _backend(table).put_item(item)
        for dt, digest in db.execute("select dt, digest from learned"):
            _backend("state").put_item({"id": {"S": f"{LEARNED_PREFIX}{dt}"}, "digest": {"S": digest}})


def _bare_etags(parsed: Any = None, **_: Any) -> None:
    """Etags as a laptop writes them: without S3's quotes."""
    for told in (parsed, *parsed.get("Contents", ())):
        if "ETag" in told:
            told["ETag"] = told["ETag"].strip('"')


def _warm(key: str, body: bytes) -> None:
    """Puts the polled plays of an object into the hot table, past DynamoDB's interface, which moto serves slowly."""
    for entry in decode(key, body):
        if isinstance(entry, PlayEvent):
            _backend("plays").put_item(
                {
                    "pk": {"S": "play"},
                    "sk": {"S": entry.key},
                    "expires_at": {"N": str(int((entry.played_at + HOT_DAYS * DAY).timestamp()))},
                    "body": packed(entry.model_dump_json()),
                }
            )


def _noted(made: World) -> Callable[..., Any]:
    def answer(params: Mapping[str, Any], **_: Any) -> Any:
        event = json.loads(params["body"])
        del event["time"]
        made.calls.append((params["url_path"].split("/")[3], event))
        response = SimpleNamespace(status_code=202, headers={})
        return response, {"StatusCode": 202, "ResponseMetadata": {"HTTPStatusCode": 202}}

    return answer


@contextmanager
def _named(names: list[str]) -> Iterator[None]:
    """Notes the name of each question before Athena gets its text."""
    real = AthenaQueryEngine.rows
    kind: Any = AthenaQueryEngine

    def rows(engine: AthenaQueryEngine, question: Any, **params: object) -> Any:
        names.append(question.name)
        return real(engine, question, **params)

    kind.rows = rows
    try:
        yield
    finally:
        kind.rows = real


def _backend(table: str) -> Any:
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[ACCOUNT][REGION].tables[table]


@contextmanager
def _quick_transactions() -> Iterator[None]:
    """moto copies a table whole, item by item, for every action of a transaction: here only what it may put back."""
    from moto.dynamodb.models import table as models

    kind: Any = models.Table

    def copied(table: Any, _memo: Any) -> Any:
        twin = copy.copy(table)
        twin.items = copy.copy(table.items)
        for name, held in table.items.items():
            twin.items[name] = copy.copy(held) if isinstance(held, dict) else held
        return twin

    kind.__deepcopy__ = copied
    try:
        yield
    finally:
        del kind.__deepcopy__


def _item_bytes(table: str, key: Mapping[str, Any]) -> int:
    """Of the item that is there now; 1 where there is none."""
    from moto.dynamodb.models.dynamo_type import DynamoType

    found = _backend(table)
    values = [DynamoType(key[name]) for name in (*found.hash_key_names, *found.range_key_names) if name in key]
    item = found.get_item(*values)
    return _measured(item) if item else 1


def _table_bytes(table: str) -> int:
    return sum(map(_measured, _backend(table).all_items()))


def _measured(item: Any) -> int:
    return sum(len(name.encode()) + int(value.size()) for name, value in item.attrs.items())


# ---- what is counted --------------------------------------------------------------------------------------------


def live(made: World) -> None:
    """A first poll and its enrichment, uncounted; then a day of polls, counted, its night, and a playlist.

    The night is one from the middle of a month, when half its days are there: the mean of all nights but the one in
    which a month closes.
    """
    first = midnight()
    made.run("ingest", first - HOUR, tick="hour")
    made.calls.clear()
    for number in range(24 * 4):
        moment = first + 10 * MINUTE + number * QUARTER
        made.run("ingest", moment, into="ingest", tick="quarter" if number % 4 else "hour")
        while made.calls:
            _, event = made.calls.pop()
            made.run("enrich", moment + 5 * SECOND, into="enrich after polls", **event)
    night = first + DAY + NIGHT
    deployed("enrich").cache.mark_learned({EVERYTHING: week_of(night)})
    made.run("enrich", night + 20 * MINUTE, into="enrich at night")
    deployed("enrich").cache.mark_learned({EVERYTHING: "a week before"})
    made.run("enrich", night + 30 * MINUTE, into="enrich once a week")
    made.report = made.run("aggregate", night + 40 * MINUTE, into="aggregate")
    made.run("playlist", night + HOUR, into="playlist")


def counted(history: History, *, anew: bool = False) -> Sample:
    """A day and its night over this history."""
    with world(history, anew=anew) as made:
        live(made)
        asked = {name: tuple(questions) for name, questions in made.asked.items()}
        return Sample(history.recipe.days, made.counts, asked, _stored(made))


def _stored(made: World) -> dict[str, float]:
    code = [path for path in (ROOT / "dashboard").rglob("*") if path.suffix in (".html", ".css", ".js", ".svg")]
    return {
        "journal": made.bytes("journal/"),
        "tables": made.bytes("tables/"),
        "answers": made.bytes("athena-results/"),
        "hot": _table_bytes("plays") + _table_bytes("state"),
        "metadata": _table_bytes("tracks") + _table_bytes("artists"),
        "page": float(made.report["bytes"]),
        "page code": sum(path.stat().st_size for path in code),
        "page files": len(code) + 1,
        "objects": made.counts["ingest"].calls["s3 PutObject"],
    }
