"""A month without a fault over the AWS adapters: what each poll costs in calls to DynamoDB and S3, what it writes."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.hot_store import STATE_KEY, DynamoHotStore
from adapters.journal import S3Journal
from ingestion.capture import CaptureReport, capture
from playledger.coverage import holes
from playledger.journal import decode
from playledger.models import Claim, from_ms
from playledger.ports import Answer
from tests.simulation.listener import DAY, MINUTE, Habits, Listener, body
from tests.simulation.scripts import EPOCH
from tests.support.aws import REGION, create_table

pytestmark = [pytest.mark.contract, pytest.mark.aws]

HOURS = 30 * 24
QUARTER = 15 * MINUTE
FIRST = EPOCH + 25 * MINUTE
"""Polls lie apart from full hours, so that one of them a day sees plays of two dates."""

BUCKET = "month"

IDLE, BUSY, NOT_DUE = 2, 3, 1
"""Most calls of a poll without and with new plays on one UTC date, and of a tick that does not poll."""


@dataclass
class Account:
    """The listener's account at a moment, which the test moves."""

    listener: Listener
    now: int = 0

    def recently_played(self, limit: int) -> Answer:
        """See the port."""
        return Answer(body(self.listener.window(self.now, limit)), from_ms(self.now - self.now % 1000))


@dataclass(frozen=True)
class Run:
    """One scheduled run: what it came to, and which calls it made."""

    report: CaptureReport
    calls: tuple[str, ...]
    dates: int


class Month:
    """Thirty days of hourly polls and the quarter-hour ticks between them, over moto's DynamoDB and S3."""

    def __init__(self, dynamodb: Any, s3: Any) -> None:
        self._dynamodb = dynamodb
        self.journal = S3Journal(s3, BUCKET)
        self.hot = DynamoHotStore(dynamodb, "plays", "state", 30)
        habits = Habits(span_hours=HOURS, history=60, activity=0.35, late=0.0, collisions=0.0, mean_play_s=200)
        self.account = Account(Listener("month", EPOCH, habits))
        self._called: list[str] = []
        for client in (dynamodb, s3):
            client.meta.events.register("before-call.*", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self._called.append(model.name)

    def live(self) -> list[Run]:
        """All runs of the month."""
        found = []
        for number in range(4 * HOURS):
            if number % 48 == 0:
                self._let_go()
            found.append(self._run(FIRST + number * QUARTER, is_tick=number % 4 > 0))
        return found

    def _let_go(self) -> None:
        """Empties the table of plays, of which capture reads nothing: moto copies all of it at every transaction."""
        self._dynamodb.delete_table(TableName="plays")
        create_table(self._dynamodb, "plays", pk="HASH", sk="RANGE")

    def _run(self, now: int, *, is_tick: bool) -> Run:
        self._called.clear()
        known = {play.key for play in self.account.listener.window(self.account.now, 50)}
        last, self.account.now = self.account.now, now
        report = capture(
            self.account,  # type: ignore[arg-type]
            self.journal,
            self.hot,
            now=from_ms(now),
            only_if_due=is_tick,
        )
        if report.outcome == "not_due":
            self.account.now = last
        shown = {play.key for play in self.account.listener.window(self.account.now, 50)}
        return Run(report, tuple(self._called), len({ms // DAY for ms, _ in shown - known}))

    def lines(self) -> list[dict[str, Any]]:
        """Every line of the journal."""
        bodies = (self.journal.read(item.key) for item in self.journal.list())
        return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]


@pytest.fixture(scope="module")
def month() -> Iterator[Month]:
    """The month before its first run."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        dynamodb, s3 = boto3.client("dynamodb", region_name=REGION), boto3.client("s3", region_name=REGION)
        create_table(dynamodb, "plays", pk="HASH", sk="RANGE")
        create_table(dynamodb, "state", **{STATE_KEY: "HASH"})
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Month(dynamodb, s3)
        dynamodb.close()
        s3.close()


@pytest.fixture(scope="module")
def runs(month: Month) -> list[Run]:
    """All runs of the month, in order."""
    return month.live()


def test_no_run_of_a_month_without_faults_makes_more_calls_than_it_may(runs: list[Run]) -> None:
    kinds = Counter((run.report.outcome, run.calls) for run in runs)
    print("\n".join(f"{count:5} x {outcome:9} {' '.join(calls)}" for (outcome, calls), count in sorted(kinds.items())))
    assert {run.report.outcome for run in runs} == {"idle", "captured", "not_due"}
    for run in runs:
        most = {"idle": IDLE, "not_due": NOT_DUE}.get(run.report.outcome, BUSY + max(0, run.dates - 1))
        assert len(run.calls) <= most, run


def test_a_month_has_idle_and_busy_polls_ticks_that_poll_and_polls_across_midnight(runs: list[Run]) -> None:
    outcomes = Counter(run.report.outcome for run in runs)
    assert min(outcomes.values()) > 100
    assert outcomes["idle"] + outcomes["captured"] > HOURS
    assert sum(run.report.outcome == "captured" and run.dates == 2 for run in runs) > 2


def test_a_month_without_faults_holds_every_play_in_one_line(runs: list[Run], month: Month) -> None:
    assert not any(run.report.gap for run in runs)
    plays = [line["key"] for line in month.lines() if line["kind"] == "play"]
    assert len(plays) == len(set(plays))
    listed = month.account.listener.published_by(month.account.now)
    assert set(plays) == {f"{play.ms}#{play.uri}" for play in sorted(listed)[10:]}
    claims = [entry for item in month.journal.list() for entry in decode(item.key, month.journal.read(item.key))]
    assert holes(entry for entry in claims if isinstance(entry, Claim)) == []
