"""The four handlers in this process, as they are deployed: moto for AWS, the simulator over HTTP for Spotify."""

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from moto import mock_aws

from adapters.athena_reader import AthenaReader
from adapters.packed import unpacked
from adapters.query_engine import DuckDbQueryEngine
from ingestion.capture import COMMITS_LEARNED_AT_ONCE
from playledger.errors import ChecksFailed, CorruptObject, Misconfigured, SpotifyUnavailable, StoreUnavailable
from playledger.journal import decode
from playledger.models import IngestionState, PlayEvent, Token, format_instant, to_ms
from playledger.ports import Question, Rows
from playledger.settings import PREFIX, Settings, environment_values
from simulator import CALM, HEAVY, Account, Faults, SimulatedSpotify, VirtualClock, generate, serve
from simulator.faults import RECENT, short_list, unavailable
from tests.support.aws import REGION, Mailbox, create_table, mailbox
from tests.support.tree import ROOT
from wiring.aws import NEEDED, Aws, deployed
from wiring.invocation import MOST_ROUNDS, OutOfTime
from wiring.laptop import Laptop
from wiring.watch import METRICS, SILENCE

pytestmark = pytest.mark.aws

START = datetime(2026, 3, 20, 0, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOST_PLAYED = "enrichment/most_played_unfetched"
CANARY = "canary-3f1b77aa"
CONTRACT = json.loads((ROOT / "terraform/env_contract.json").read_text("utf-8"))
ROOMS = {"ingest": "ingestion", "enrich": "enrichment", "aggregate": "aggregation", "playlist": "playlist"}

VALUES = {
    "PLAYLEDGER_TIME_ZONE": "Europe/Stockholm",
    "PLAYLEDGER_HOT_TTL_DAYS": "30",
    "PLAYLEDGER_ENRICHMENT_DAILY_CALLS": "20",
    "PLAYLEDGER_PLAYLIST_NAME": "Unplayed lately",
    "PLAYLEDGER_PLAYLIST_UNPLAYED_DAYS": "90",
    "PLAYLEDGER_PLAYLIST_SIZE": "50",
    "PLAYLEDGER_DATA_BUCKET": "ledger-data",
    "PLAYLEDGER_SITE_BUCKET": "ledger-site",
    "PLAYLEDGER_PLAYS_TABLE": "plays",
    "PLAYLEDGER_TRACKS_TABLE": "tracks",
    "PLAYLEDGER_ARTISTS_TABLE": "artists",
    "PLAYLEDGER_STATE_TABLE": "state",
    "PLAYLEDGER_TOKEN_PARAMETER": "/ledger/spotify-login",
    "PLAYLEDGER_GLUE_DATABASE": "ledger",
    "PLAYLEDGER_ATHENA_WORKGROUP": "ledger",
    "PLAYLEDGER_ENRICH_FUNCTION": "ledger-enrich",
}


@dataclass
class Context:
    """What Lambda hands over beside the event."""

    time_left_ms: int = 60_000
    aws_request_id: str = "request-1"
    invoked_function_arn: str = "arn:aws:lambda:eu-north-1:123456789012:function:ledger"

    def get_remaining_time_in_millis(self) -> int:
        """Until Lambda ends the function."""
        return self.time_left_ms


@dataclass
class Answers:
    """An engine that gives prepared rows."""

    given: Mapping[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def rows(self, question: Question, **_: object) -> Sequence[dict[str, Any]]:
        """The rows prepared under the question's name."""
        self.asked.append(question.name)
        return self.given.get(question.name, [])

    def ask(self, text: str) -> Rows:
        """Nobody asks ad hoc."""
        raise AssertionError(text)


@dataclass
class Stack:
    """An account in AWS with everything the functions need, and a Spotify account."""

    spotify: SimulatedSpotify
    clock: VirtualClock
    faults: Faults
    account: Account
    box: Mailbox
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def run(self, name: str, *, context: Context | None = None, at: datetime | None = None, **event: Any) -> Any:
        """One invocation, with the function's variables and no others of ours."""
        moment = at or self.clock()
        self.clock.set(moment)
        handler = import_module(f"{ROOMS[name]}.handler").lambda_handler
        with self.as_deployed(name):
            return handler({"time": moment.isoformat().replace("+00:00", "Z"), **event}, context or Context())

    def as_deployed(self, name: str) -> "Variables":
        """The variables of a function."""
        values = {**VALUES, "PLAYLEDGER_ALERTS_TOPIC": self.box.topic}
        values["PLAYLEDGER_SPOTIFY_CLIENT_ID"] = self.spotify.client_id
        given = {variable: values[variable] for variable in CONTRACT[name]}
        given["PLAYLEDGER_SPOTIFY_API_URL"] = self.spotify.api_url
        given["PLAYLEDGER_SPOTIFY_ACCOUNTS_URL"] = self.spotify.accounts_url
        return Variables(given)

    def roles(self, name: str) -> Aws:
        """The wiring that the function uses."""
        with self.as_deployed(name):
            return deployed(name)

    @cached_property
    def own(self) -> Aws:
        """All roles, for looking."""
        return Aws(Settings.load(environment_values({**VALUES, "PLAYLEDGER_ALERTS_TOPIC": self.box.topic})))

    def entries(self) -> list[Any]:
        """Every entry of the journal."""
        journal = self.own.journal
        return [entry for item in journal.list() for entry in decode(item.key, journal.read(item.key))]

    def log_in(self, **fields: Any) -> Token:
        """Consents now."""
        token = self.spotify.login().model_copy(update=fields)
        self.own.tokens.save(token, None)
        return token


class Variables:
    """Environment variables that hold for a while."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __enter__(self) -> None:
        os.environ.update(self._values)

    def __exit__(self, *_: object) -> None:
        for name in self._values:
            del os.environ[name]


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Deployed, and logged in to the account of a heavy listener."""
    account = Account(generate(HEAVY, 3, START - timedelta(days=2), START + timedelta(days=2), quirks=CALM))
    clock, faults = VirtualClock(START), Faults()
    with ExitStack() as opened:
        opened.enter_context(mock_aws())
        box = opened.enter_context(mailbox())
        spotify = opened.enter_context(serve(account, clock=clock, faults=faults))
        stack = Stack(spotify, clock, faults, account, box)
        opened.enter_context(stack.own)
        fill(stack.own)
        stack.log_in()
        deployed.cache_clear()
        caught(stack)
        for name in NEEDED:
            opened.enter_context(stack.roles(name))
        yield stack
        deployed.cache_clear()


def fill(aws: Aws) -> None:
    create_table(aws.client("dynamodb"), "plays", pk="HASH", sk="RANGE")
    for table, key in (("tracks", "track_uri"), ("artists", "artist_id"), ("state", "id")):
        create_table(aws.client("dynamodb"), table, **{key: "HASH"})
    for bucket in ("ledger-data", "ledger-site"):
        aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})


def caught(stack: Stack) -> None:
    """Calls of functions are noted and answered as Lambda does; those of `down` are refused."""

    def answer(params: Mapping[str, Any], **_: Any) -> Any:
        name = params["url_path"].split("/")[3]
        stack.called.append((name, json.loads(params["body"])))
        response = type("Response", (), {"status_code": 202, "headers": {}})()
        return response, {"StatusCode": 202, "ResponseMetadata": {"HTTPStatusCode": 202}}

    for name in NEEDED:
        stack.roles(name).session.register("before-call.lambda.Invoke", answer)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the functions wrote to their log since it was asked last: a JSON object in every line."""
    names = [f"playledger-{name}" for name in NEEDED]
    fresh_loggers(names)
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fresh_loggers(names)


def fresh_loggers(names: list[str]) -> None:
    """powertools keeps the stream it saw first; pytest changes it with every test."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        for mark in ("init", "powertools_handler"):
            logger.__dict__.pop(mark, None)


# ---- wiring -----------------------------------------------------------------------------------------------------


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_both_wirings_have_the_same_roles_under_the_same_names() -> None:
    assert public(Aws) - {"session", "client", "call"} == public(Laptop)


def test_nothing_is_built_before_it_is_touched(stack: Stack) -> None:
    aws = stack.roles("aggregate")
    assert aws._clients == {}
    assert aws.hot is aws.hot
    assert set(aws._clients) == {"dynamodb"}


def test_the_night_alone_asks_through_pandas(stack: Stack) -> None:
    import awswrangler

    readers = {name: stack.roles(name).engine._read for name in ("enrich", "aggregate", "playlist")}
    assert readers.pop("aggregate") is awswrangler.athena.read_sql_query
    assert {type(reader) for reader in readers.values()} == {AthenaReader}


def test_the_nights_session_makes_one_client_of_each_service(stack: Stack) -> None:
    session = stack.roles("aggregate").engine._where["boto3_session"]
    assert session.client("s3", use_ssl=True) is session.client("s3")
    assert session.client("s3") is not session.client("athena")


def test_each_function_demands_just_what_terraform_gives_and_has_no_default() -> None:
    defaults = Settings()
    for name, given in CONTRACT.items():
        fields = {variable.removeprefix(PREFIX).lower() for variable in given}
        assert {field for field in fields if getattr(defaults, field) == ""} == set(NEEDED[name])


def test_a_missing_variable_is_named(stack: Stack) -> None:
    deployed.cache_clear()
    given = {name: "x" for name in CONTRACT["playlist"] if name.endswith(("BUCKET", "TOPIC"))}
    with Variables(given), pytest.raises(Misconfigured, match="PLAYLEDGER_TOKEN_PARAMETER"):
        deployed("playlist")


def test_ten_metrics_at_most() -> None:
    assert sum(len(metrics) for metrics in METRICS.values()) <= 10


# ---- ingest -----------------------------------------------------------------------------------------------------


def test_a_day_of_hourly_polls_ends_with_every_play_in_journal_and_hot_store(stack: Stack, printed: Any) -> None:
    reports = [stack.run("ingest", at=START + hour * HOUR, tick="hour") for hour in range(25)]
    last = START + 24 * HOUR
    listed = [play for play in stack.account.visible if play.published_at_ms <= to_ms(last)]
    before = sum(play.published_at_ms <= to_ms(START) for play in listed)
    due = {play.key for play in sorted(listed, key=lambda play: play.played_at_ms)[max(before - 50, 0) :]}
    polled = {entry.key for entry in stack.entries() if isinstance(entry, PlayEvent)}
    assert len(due) > 100
    assert polled == due
    assert {play.key for play in stack.own.hot.plays(last)} == polled
    assert sum(report["new"] for report in reports) == len(polled)
    again = stack.run("ingest", at=last + timedelta(minutes=1), tick="hour")
    assert (again["outcome"], again["new"], again["objects"]) == ("idle", 0, 0)
    lines = printed()
    assert [line for line in lines if "_aws" in line] == []  # an hourly metric would cost more than all else
    assert [line["report"]["new"] for line in lines if line.get("message") == "done"][:25] == [
        r["new"] for r in reports
    ]


def test_enrich_is_called_for_the_first_commit_and_every_24th_after_it_by_the_same_time(stack: Stack) -> None:
    assert stack.run("ingest")["new"] > 0
    assert stack.called == [("ledger-enrich", {"time": format_instant(START), "tick": "poll"})]
    assert stack.run("ingest", at=START + timedelta(seconds=1))["outcome"] == "idle"
    state = stack.own.hot.load_state()
    assert state
    assert state.version == 1
    stack.own.hot.replace_state(state.model_copy(update={"version": COMMITS_LEARNED_AT_ONCE - 1}))
    reports = {hour: stack.run("ingest", at=START + hour * HOUR) for hour in range(1, 24)}
    [asked] = [hour for hour, report in reports.items() if report["version"] == 25 and report["new"]]
    assert [event["time"] for _, event in stack.called[1:]] == [format_instant(START + asked * HOUR)]


def test_a_poll_is_good_even_if_enrich_cannot_be_called(stack: Stack, printed: Any) -> None:
    def refuse(**_: Any) -> None:
        raise StoreUnavailable("the call failed")

    stack.roles("ingest").client("lambda").meta.events.register_first("before-call.lambda.Invoke", refuse)
    assert stack.run("ingest")["outcome"] == "captured"
    assert "the call failed" in [line.get("message") for line in printed()]


def test_a_quarter_tick_polls_only_where_it_is_due(stack: Stack) -> None:
    stack.own.hot.replace_state(IngestionState(version=1, last_run_timestamp=START, last_seen_played_at=START))
    assert stack.run("ingest", at=START + timedelta(minutes=15), tick="quarter")["outcome"] == "not_due"
    assert stack.run("ingest", at=START + timedelta(minutes=61), tick="quarter")["outcome"] != "not_due"


def test_a_tick_that_is_not_due_reads_the_state_and_nothing_else(stack: Stack) -> None:
    stack.own.hot.replace_state(IngestionState(version=1, last_run_timestamp=START, last_seen_played_at=START))
    sent: list[str] = []
    stack.roles("ingest").session.register("before-call.*.*", lambda model, **_: sent.append(model.name))
    assert stack.run("ingest", at=START + timedelta(minutes=15), tick="quarter")["outcome"] == "not_due"
    assert sent == ["GetItem"]


def test_whoever_must_log_in_again_is_told_once_a_day(stack: Stack) -> None:
    stack.spotify.accounts.revoke()
    answers = [stack.run("ingest", at=START + hour * HOUR) for hour in (0, 1, 2)]
    assert {answer["failed"] for answer in answers} == {"needs_reauth"}
    assert [subject for subject, _ in stack.box.messages()] == ["Playledger: log in to Spotify again"]
    stack.roles("enrich").engine = Answers({MOST_PLAYED: [{"entity_id": "a" * 22, "plays": 1, "unfetched": 1}]})
    assert stack.run("enrich", at=START + 3 * HOUR)["failed"] == "needs_reauth"
    assert stack.box.messages() == []
    stack.run("ingest", at=START + 24 * HOUR)
    assert len(stack.box.messages()) == 1


def test_a_gap_is_told(stack: Stack) -> None:
    stack.run("ingest")
    days_later = START + timedelta(days=2)
    assert stack.run("ingest", at=days_later)["gap"]
    assert [subject for subject, _ in stack.box.messages()] == ["Playledger: plays may be lost"]


def test_a_list_that_is_cut_is_told_once_a_day(stack: Stack) -> None:
    stack.run("ingest")
    stack.faults.add(short_list(keep=5), on=RECENT, times=2)
    for minutes in (15, 30):
        assert stack.run("ingest", at=START + timedelta(minutes=minutes))["short_window"]
    assert [subject for subject, _ in stack.box.messages()] == ["Playledger: Spotify's list is cut"]


def test_a_state_that_cannot_be_read_is_told_once_a_day_and_polls_go_on(stack: Stack) -> None:
    stack.run("ingest")
    unread = {"id": {"S": "ingestion"}, "version": {"N": "1"}, "body": {"S": "{}{"}}
    stack.own.client("dynamodb").put_item(TableName=VALUES["PLAYLEDGER_STATE_TABLE"], Item=unread)
    answers = [stack.run("ingest", at=START + hour * HOUR) for hour in (1, 2)]
    assert [answer["outcome"] for answer in answers] == ["degraded", "degraded"]
    assert [subject for subject, _ in stack.box.messages()] == ["Playledger: the state of capture cannot be read"]


def test_three_hours_without_a_poll_are_told_and_the_function_fails(stack: Stack) -> None:
    stack.run("ingest")
    stack.faults.add(unavailable(503), on=RECENT, times=None)
    told = {}
    for hour in (1, 2, 3, 4):
        with pytest.raises(SpotifyUnavailable):
            stack.run("ingest", at=START + hour * HOUR + timedelta(seconds=1))
        told[hour] = [subject for subject, _ in stack.box.messages()]
    assert told == {1: [], 2: [], 3: ["Playledger: no poll for hours"], 4: []}


def test_no_token_is_in_any_line_state_or_answer(stack: Stack, printed: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("botocore").setLevel(logging.INFO)  # the SDK's own DEBUG lines hold whole requests
    token = stack.log_in(access_token=CANARY, expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    answers = [stack.run("ingest")]
    stack.spotify.accounts.revoke()
    answers.append(stack.run("ingest", at=START + HOUR))
    assert answers[1]["failed"] == "needs_reauth"
    texts = [
        json.dumps(answers),
        json.dumps(printed()),
        caplog.text,
        json.dumps(stack.called),
        str(stack.box.messages()),
    ]
    dynamodb = stack.own.client("dynamodb")
    items = [item for table in ("plays", "state") for item in dynamodb.scan(TableName=table)["Items"]]
    texts += [json.dumps(item, default=lambda body: unpacked({"B": body})) for item in items]
    assert any("coverage_from" in text for text in texts)  # the state was looked into
    secrets = {CANARY, token.refresh_token, stack.own.tokens.load()[0].refresh_token}
    assert [secret for secret in secrets for text in texts if secret in text] == []


def test_an_event_without_a_time_is_now_and_a_wrong_time_is_refused(stack: Stack) -> None:
    handler = import_module("ingestion.handler").lambda_handler
    with stack.as_deployed("ingest"):
        assert handler({}, None)["outcome"] == "captured"
        with pytest.raises(Misconfigured, match="no moment"):
            handler({"time": "soon"}, None)


# ---- the others -------------------------------------------------------------------------------------------------


def test_enrich_learns_from_the_journal_and_asks_spotify(stack: Stack) -> None:
    stack.run("ingest")
    plays = [entry for entry in stack.entries() if isinstance(entry, PlayEvent)]
    artist = next(play.artist_ids[0] for play in plays if play.artist_ids)
    engine = Answers({MOST_PLAYED: [{"entity_id": artist, "plays": 1, "unfetched": 1}]})
    stack.roles("enrich").engine = engine
    report = stack.run("enrich", at=START + timedelta(minutes=1))
    assert (report["calls"], report["fetched"], report["left"], report["stopped"]) == (1, 1, 0, "done")
    assert report["tracks_learned"] == len({play.track_uri for play in plays})
    assert stack.own.tables.list("tracks")
    assert set(stack.own.cache.get_artists([artist or ""])) == {artist}


def test_enrich_after_a_poll_asks_for_its_new_artists_and_no_question(stack: Stack) -> None:
    stack.run("ingest")
    engine = Answers()
    stack.roles("enrich").engine = engine
    [(_, event)] = stack.called
    report = stack.run("enrich", tick=event["tick"])
    assert engine.asked == []
    half = int(VALUES["PLAYLEDGER_ENRICHMENT_DAILY_CALLS"]) // 2
    assert report["fetched"] == min(report["artists_learned"], half) > 0
    assert stack.run("enrich", at=START + timedelta(minutes=1), tick="poll")["calls"] == 0


def test_playlist_writes_liked_songs_that_were_not_played(stack: Stack) -> None:
    stack.roles("playlist").engine = Answers()
    report = stack.run("playlist")
    assert report["chosen"] == min(50, report["candidates"])
    assert len(stack.own.tables.read("playlists", "2026-03-16")) == report["chosen"]


@dataclass
class Refusing:
    """An engine that fails as it is told to."""

    error: Exception

    def rows(self, _: Question, **__: object) -> Sequence[dict[str, Any]]:
        """Fails."""
        raise self.error

    def ask(self, _: str) -> Rows:
        """Fails."""
        raise self.error


def test_a_fault_that_is_not_the_owners_is_lambdas_to_retry_and_tells_nobody(stack: Stack) -> None:
    stack.run("ingest")
    stack.roles("aggregate").engine = Refusing(CorruptObject("an object is damaged"))
    with pytest.raises(CorruptObject):
        stack.run("aggregate", at=START + HOUR)
    assert stack.box.messages() == []
    assert stack.own.tables.list("plays")


def test_failed_checks_are_told_and_not_tried_again(stack: Stack) -> None:
    stack.run("ingest")
    stack.roles("aggregate").engine = Refusing(ChecksFailed("plays do not add up"))
    answer = stack.run("aggregate", at=START + HOUR)
    assert answer == {"failed": "checks_failed", "message": "plays do not add up"}
    assert stack.box.messages() == [("Playledger: the night's checks failed", "plays do not add up")]


def test_a_night_without_enough_time_goes_on_in_another_invocation(stack: Stack) -> None:
    stack.run("ingest")
    stack.called.clear()
    night, context = START + HOUR, Context(time_left_ms=5_000)
    assert stack.run("aggregate", at=night, context=context, round=3) == {"continued": 4}
    assert stack.called == [(quote(context.invoked_function_arn, safe=""), {"time": format_instant(night), "round": 4})]
    assert stack.own.tables.list("plays")


def test_a_night_that_comes_to_no_end_fails(stack: Stack) -> None:
    stack.run("ingest")
    stack.called.clear()
    with pytest.raises(OutOfTime):
        stack.run("aggregate", at=START + HOUR, context=Context(time_left_ms=5_000), round=MOST_ROUNDS)
    assert stack.called == []


class Mirror:
    """DuckDB over a copy of the data bucket, which is made anew for every question."""

    def __init__(self, aws: Aws, root: Path) -> None:
        self._aws = aws
        self._root = root

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        """What the objects say now."""
        s3 = self._aws.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="ledger-data"):
            for item in page["Contents"]:
                path = self._root / item["Key"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(s3.get_object(Bucket="ledger-data", Key=item["Key"])["Body"].read())
        with closing(DuckDbQueryEngine(self._root)) as engine:
            return engine.rows(question, **params)

    def ask(self, text: str) -> Rows:
        """Nobody asks ad hoc."""
        raise AssertionError(text)


def test_a_night_publishes_the_plays_of_the_whole_days(stack: Stack, tmp_path: Path, printed: Any) -> None:
    for hour in range(26):
        stack.run("ingest", at=START + hour * HOUR)
    stack.roles("aggregate").engine = Mirror(stack.own, tmp_path)
    printed()
    report = stack.run("aggregate", at=START + 26 * HOUR)
    document = json.loads(stack.own.publisher.published("dashboard_data.json") or b"")
    midnight = datetime(2026, 3, 21, tzinfo=ZoneInfo("Europe/Stockholm"))
    heard = {entry.key for entry in stack.entries() if isinstance(entry, PlayEvent) and entry.played_at < midnight}
    assert report["plays"] == document["totals"]["plays"] == len(heard) > 50
    assert report["data_day"] == "2026-03-20"
    assert stack.box.messages() == []
    [metrics] = [line for line in printed() if "_aws" in line]
    assert metrics["Plays"] == [float(len(heard))]


@pytest.mark.parametrize(
    ("days_left", "told"),
    [(31, []), (30, ["within a month"]), (8, ["within a month"]), (7, ["within a week"]), (-1, ["within a week"])],
)
def test_the_night_tells_of_a_login_that_ends(stack: Stack, days_left: int, told: list[str]) -> None:
    token = stack.log_in()
    now = token.dies_at - timedelta(days=days_left)
    stack.roles("aggregate").engine = Refusing(CorruptObject("not looked at"))
    for minute in (0, 1):
        with pytest.raises(CorruptObject):
            stack.run("aggregate", at=now + timedelta(minutes=minute))
    assert [subject for subject, _ in stack.box.messages()] == [f"Playledger: the login ends {words}" for words in told]


def test_the_night_tells_that_nobody_polls(stack: Stack) -> None:
    stack.run("ingest")
    stack.roles("aggregate").engine = Refusing(CorruptObject("not looked at"))
    with pytest.raises(CorruptObject):
        stack.run("aggregate", at=START + SILENCE + timedelta(seconds=1))
    assert [subject for subject, _ in stack.box.messages()] == ["Playledger: no poll for hours"]
