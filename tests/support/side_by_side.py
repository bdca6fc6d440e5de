"""One simulated account, twice: polled by the deployed functions when their schedules say so, and by a laptop then."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.hot_store import TTL_ATTRIBUTE
from adapters.metadata_cache import LEARNED_PREFIX
from adapters.packed import unpacked
from adapters.token_store import ParameterTokenStore
from aggregation.job import DOCUMENT
from cli import commands
from enrichment.job import Look, enrich
from playledger.errors import PlayledgerError
from playledger.models import Model, format_instant, parse_instant
from simulator import MODERATE, Account, Accounts, Faults, Quirks, SimulatedSpotify, VirtualClock, generate, serve
from simulator.faults import RECENT, unavailable
from tests.support.deployed import Deployed
from tests.support.lambdas import Call, Invocation, Lambda, running
from tests.support.local_athena import Execution, LocalAthena, serving
from tests.support.permissions import Account as AwsAccount
from tests.support.permissions import Policy, needs
from tests.support.terraform import ANSWERS
from wiring.laptop import Laptop, open_home

START = datetime(2026, 3, 20, tzinfo=UTC)
DAYS = 14
END = START + timedelta(days=DAYS, hours=6)
STEP = timedelta(minutes=5)
OUTAGE = (START + timedelta(days=8, hours=9, minutes=20), START + timedelta(days=8, hours=15, minutes=20))
BURST = OUTAGE[0] + timedelta(hours=2)
"""Sixty plays within an hour: what Spotify lists afterwards does not reach back to the last poll before the outage."""

SEED = 2
LONG, SHORT = 60_000, 11_000
"""Milliseconds that a function has left: enough, or so few that a night stops and goes on in another invocation."""


# ---- the account ------------------------------------------------------------------------------------------------


@dataclass
class World:
    """A Spotify account under its own clock."""

    spotify: SimulatedSpotify
    clock: VirtualClock

    @property
    def settings(self) -> dict[str, str]:
        """What leads to it."""
        return {
            "spotify_client_id": self.spotify.client_id,
            "spotify_api_url": self.spotify.api_url,
            "spotify_accounts_url": self.spotify.accounts_url,
        }


@contextmanager
def world() -> Iterator[World]:
    """A moderate listener, late plays, lost contexts; Spotify is down for six hours with many plays; tokens rotate."""
    quirks = Quirks(late_share=0.01, lost_context_share=0.1, bursts=(BURST,))
    account = Account(generate(MODERATE, SEED, START - timedelta(days=3), END + timedelta(days=2), quirks=quirks))
    clock, faults = VirtualClock(START), Faults()
    faults.add(unavailable(503), on=RECENT, times=None, between=OUTAGE)
    accounts = Accounts(client_id=ANSWERS["spotify_client_id"], rotates=True)
    with serve(account, clock=clock, faults=faults, accounts=accounts) as spotify:
        yield World(spotify, clock)


# ---- when -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Schedule:
    """When a function is woken, and with what."""

    name: str
    function: str
    minutes: frozenset[int]
    hours: frozenset[int]
    weekday: int | None
    zone: ZoneInfo
    event: str

    @classmethod
    def read(cls, told: Mapping[str, Any], function: str) -> "Schedule":
        """From the answer of scheduler:GetSchedule."""
        found = re.fullmatch(r"cron\((\S+) (\S+) [*?] \* (\S+) \*\)", told["ScheduleExpression"])
        assert found, told["ScheduleExpression"]
        days = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
        return cls(
            name=told["Name"],
            function=function,
            minutes=frozenset(map(int, found[1].split(","))),
            hours=frozenset(range(24) if found[2] == "*" else map(int, found[2].split(","))),
            weekday=days.index(found[3]) if found[3] in days else None,
            zone=ZoneInfo(told["ScheduleExpressionTimezone"]),
            event=told["Target"]["Input"],
        )

    def is_due(self, moment: datetime) -> bool:
        """Whether it wakes its function then."""
        local = moment.astimezone(self.zone)
        return local.minute in self.minutes and local.hour in self.hours and self.weekday in (None, local.weekday())


def schedules(deployed: Deployed) -> list[Schedule]:
    """As they were deployed, by name."""
    client = deployed.client("scheduler")
    names = {function.arn: name for name, function in deployed.functions.items()}
    found = []
    for item in client.list_schedules()["Schedules"]:
        told = client.get_schedule(Name=item["Name"], GroupName=item["GroupName"])
        found.append(Schedule.read(told, names[told["Target"]["Arn"]]))
    return sorted(found, key=lambda schedule: schedule.name)


def timeline(known: Sequence[Schedule]) -> Iterator[tuple[datetime, Schedule]]:
    """Each waking of the fortnight, in order."""
    for step in range(int((END - START) / STEP) + 1):
        for schedule in known:
            if schedule.is_due(START + step * STEP):
                yield START + step * STEP, schedule


# ---- the laptop -------------------------------------------------------------------------------------------------


@contextmanager
def laptop(home: Path) -> Iterator[tuple[World, Laptop]]:
    """A laptop that is logged in."""
    with world() as here, open_home(home, {**here.settings, "time_zone": ANSWERS["time_zone"]}, here.clock) as opened:
        opened.tokens.save(here.spotify.login(), None)
        yield here, opened


def wake_laptop(here: World, opened: Laptop, moment: datetime, schedule: Schedule) -> None:
    """What the owner of a laptop does at such moments."""
    here.clock.set(moment)
    try:
        report = _report(opened, moment, schedule)
        if getattr(report, "is_worth_learning", False):
            calls = opened.settings.enrichment_daily_calls
            roles = (opened.journal, opened.tables, opened.cache, opened.engine, opened.spotify)
            enrich(*roles, now=moment, daily_calls=calls, look=Look.POLLS)
    except PlayledgerError:
        pass  # told by the command; the next poll mends it


def _report(opened: Laptop, moment: datetime, schedule: Schedule) -> Model:
    jobs: Mapping[str, Callable[[Laptop, datetime], Model]] = {
        "ingest": lambda *to: commands.capture_once(*to, only_if_due="quarter" in schedule.name),
        "enrich": commands.enrich_once,
        "aggregate": commands.aggregate_once,
        "playlist": commands.playlist_once,
    }
    return jobs[schedule.function](opened, moment)


# ---- AWS --------------------------------------------------------------------------------------------------------


@dataclass
class Stack:
    """The deployed functions over an account, and what they did. `refused` is what their roles did not allow."""

    world: World
    deployed: Deployed
    functions: Mapping[str, Lambda]
    athena: LocalAthena
    policies: Mapping[str, Policy]
    folder: Path
    invocations: dict[str, list[Invocation]] = field(default_factory=lambda: defaultdict(list))
    queries: dict[datetime, list[Execution]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    running: str = ""

    @property
    def account(self) -> AwsAccount:
        """What ARNs here are made of."""
        arn = self.deployed.functions["ingest"].arn.split(":")
        return AwsAccount(arn[3], arn[4], self.deployed.outputs["settings"]["PLAYLEDGER_ATHENA_WORKGROUP"])

    def wake(self, moment: datetime, schedule: Schedule, time_left_ms: int = LONG) -> Invocation:
        """As Scheduler does it, and what follows from it."""
        event = schedule.event.replace("<aws.scheduler.scheduled-time>", moment.isoformat().replace("+00:00", "Z"))
        return self.run(schedule.function, moment, json.loads(event), time_left_ms)

    def run(
        self,
        name: str,
        moment: datetime,
        event: Mapping[str, Any] | None = None,
        time_left_ms: int = LONG,
        broken: Sequence[str] = (),
    ) -> Invocation:
        """One invocation, and those of the functions it invokes."""
        self.world.clock.set(moment)
        self.running, before = name, len(self.athena.executions)
        done = self.functions[name].invoke(event or {"time": format_instant(moment)}, moment, time_left_ms, broken)
        self.invocations[name].append(done)
        self.queries.setdefault(moment, []).extend([*self.athena.executions.values()][before:])
        for call in done.calls:
            self.judge(call)
        for target, payload in done.invoked:
            self.run(self._named(target), parse_instant(payload["time"]), payload)
        return done

    def judge(self, call: Call) -> None:
        """Notes what the running function's role does not allow."""
        for action, arn in needs(call, self.account):
            if not self.policies[self.running].allows((action, arn)):
                self.refused[f"{self.running} may not {action} on {arn}"] += 1

    def _named(self, target: str) -> str:
        """By the name or the quoted ARN that a function was invoked by."""
        return next(name for name, told in self.deployed.functions.items() if target.endswith(told.name))

    def objects(self, bucket: str) -> Mapping[str, bytes]:
        """All objects of a bucket."""
        s3, found = self.deployed.client("s3"), {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.deployed.outputs[bucket]):
            for item in page.get("Contents", ()):
                key = item["Key"]
                found[key] = s3.get_object(Bucket=self.deployed.outputs[bucket], Key=key)["Body"].read()
        return found

    def published(self) -> bytes:
        """The document."""
        answer = self.deployed.client("s3").get_object(Bucket=self.deployed.outputs["site_bucket"], Key=DOCUMENT)
        body: bytes = answer["Body"].read()
        return body

    def items(self) -> Mapping[str, str]:
        """All that is in the tables, by table."""
        dynamodb, found = self.deployed.client("dynamodb"), {}
        for name in self._tables():
            pages = dynamodb.get_paginator("scan").paginate(TableName=name)
            items = [item for page in pages for item in page["Items"]]
            found[name] = str([item | ({"body": unpacked(item["body"])} if "body" in item else {}) for item in items])
        return found

    def _tables(self) -> list[str]:
        settings = self.deployed.outputs["settings"]
        return [settings[f"PLAYLEDGER_{name}_TABLE"] for name in ("PLAYS", "TRACKS", "ARTISTS", "STATE")]

    def forget_a_hot_play(self, night: datetime) -> None:
        """Takes the oldest play out of the hot store that still belongs there in that night."""
        dynamodb, table = self.deployed.client("dynamodb"), self._tables()[0]
        items = [item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]
        alive = [item for item in items if int(item[TTL_ATTRIBUTE]["N"]) > night.timestamp()]
        oldest = min(alive, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
        dynamodb.delete_item(TableName=table, Key={"pk": oldest["pk"], "sk": oldest["sk"]})

    def forget_artists(self) -> None:
        """Takes away what is known of artists, and that the journal was read: Spotify is asked for them again."""
        dynamodb, (_, _, artists, state) = self.deployed.client("dynamodb"), self._tables()
        for table, key, prefix in ((artists, "artist_id", ""), (state, "id", LEARNED_PREFIX)):
            for page in dynamodb.get_paginator("scan").paginate(TableName=table):
                for item in page["Items"]:
                    if item[key]["S"].startswith(prefix):
                        dynamodb.delete_item(TableName=table, Key={key: item[key]})
        bucket, s3 = self.deployed.outputs["data_bucket"], self.deployed.client("s3")
        for rows in ("tables/artists/", "tables/artist_versions/"):
            for item in s3.list_objects_v2(Bucket=bucket, Prefix=rows).get("Contents", ()):
                s3.delete_object(Bucket=bucket, Key=item["Key"])

    @property
    def tokens(self) -> ParameterTokenStore:
        """The login."""
        parameter = self.deployed.outputs["settings"]["PLAYLEDGER_TOKEN_PARAMETER"]
        return ParameterTokenStore(self.deployed.client("ssm"), parameter)

    def logs(self) -> Mapping[str, str]:
        """What each function printed."""
        return {name: (self.folder / f"{name}.log").read_text("utf-8") for name in self.functions}


@contextmanager
def stack(deployed: Deployed, folder: Path) -> Iterator[Stack]:
    """The deployed functions, logged in to an account of their own."""
    deployed.clear()
    athena = LocalAthena(deployed.url)
    with world() as here, serving(athena) as url:
        athena.now = here.clock
        more = {f"PLAYLEDGER_{name.upper()}": value for name, value in here.settings.items()}
        with running(deployed, folder, more | {"AWS_ENDPOINT_URL_ATHENA": url}) as functions:
            policies = {name: Policy(function.statements) for name, function in deployed.functions.items()}
            made = Stack(here, deployed, functions, athena, policies, folder)
            athena.session.register(
                "provide-client-params.*.*", lambda params, model, **_: _as_caller(made, params, model)
            )
            made.tokens.save(here.spotify.login(), None)
            yield made


def _as_caller(made: Stack, params: Mapping[str, Any], model: Any) -> None:
    """Athena reads and writes with the rights of whoever asks."""
    service = model.service_model.service_name
    if service != "athena":
        made.judge((service, model.name, params))
