"""The night: reconcile, settle, summarise, ask, check, publish. Safe to repeat; what did not change is left alone."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Literal, cast

from pydantic import Field

from aggregation.calendar import Calendar
from aggregation.checks import contradictions
from aggregation.doubts import doubts, found_sound, wrong_rows
from aggregation.lookback import Lookback, to_remember
from aggregation.payload import Surroundings, build, serialise
from aggregation.questions import ask_all
from aggregation.reading import read_by
from aggregation.rollups import roll_up
from aggregation.songs import name_songs
from aggregation.summaries import summarise
from playledger.dashboard_data import DashboardData
from playledger.errors import ChecksFailed, NeedsReauth
from playledger.models import Model, Token, utc_day
from playledger.policy import DEFAULT, Policy
from playledger.ports import HotStore, Journal, Publisher, QueryEngine, Question, Rows, TableStore, TokenStore
from playledger.settings import Settings
from settlement.job import reconcile, settle_changed, settle_gaps
from settlement.once import ListedOnce, ReadOnce

DOCUMENT = "dashboard_data.json"


class NightReport(Model):
    """What a night did. `seconds` are by stage, in their order; `bytes` is the size of what was published."""

    data_day: str | None = Field(description="last day that is counted; null before the first play")
    days_settled: int = Field(description="UTC dates settled anew")
    plays_settled: int = Field(description="plays on these dates")
    days_summarised: int = Field(description="local days summarised anew")
    rolled_up: int = Field(description="months, and tables of all closed months, made anew")
    plays: int = Field(description="plays that count, up to data_day")
    gaps: int = Field(description="holes in coverage")
    queries: int = Field(description="questions asked")
    bytes: int = Field(description="size of the published document")
    seconds: dict[str, float] = Field(description="seconds of each stage")


def aggregate(
    journal: Journal,
    tables: TableStore,
    hot: HotStore,
    tokens: TokenStore,
    engine: QueryEngine,
    publisher: Publisher,
    *,
    now: datetime,
    settings: Settings,
    policy: Policy = DEFAULT,
    sparing: bool = False,
    progress: Callable[[int, int], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> NightReport:
    """Brings everything derived up to date with the journal and publishes it; `now` decides which day is complete.

    `progress` gets days done and all, of settling and then of summarising. A `sparing` night lists the whole journal
    only where `lookback` says so. Raises ChecksFailed with the findings where tables or document contradict themselves:
    what was published before stays.
    """
    tables, counted, stages = ListedOnce(tables), _Counted(engine), _Stages(clock)
    calendar = Calendar.at(now, settings.time_zone)
    before = Lookback.remembered(tables)
    since = before.since(now) if sparing else None
    alike, done = _settle(journal, tables, hot, stages, before, now=now, since=since, progress=progress)
    with stages.timed("summarise"):
        rebuilt = summarise(tables, counted, tz=settings.time_zone, progress=progress)
    with stages.timed("roll up"):
        rolled = roll_up(tables, open_month=calendar.open_month, progress=progress)
        name_songs(tables, counted, policy, open_month=calendar.open_month)
    with stages.timed("ask"):
        answers = ask_all(counted, tables, read_by(tables, counted, calendar, policy))
        mode = cast(Literal["live", "demo"], settings.mode)
        document = build(answers, Surroundings(now, calendar, mode, hot.load_state(), _login(tokens)))
    with stages.timed("check"):
        doubted = doubts(tables, calendar)
        _checked([*wrong_rows(counted, calendar, doubted), *contradictions(document)])
        found_sound(tables, doubted, to_remember(before.listed_whole if since else utc_day(now), alike))
    with stages.timed("publish"):
        body = serialise(document)
        publisher.publish(DOCUMENT, body, "application/json")
    done |= {"days_summarised": len(rebuilt), "rolled_up": len(rolled), "queries": counted.asked.total()}
    return _report(document, len(body), done, stages.seconds)


def _settle(
    journal: Journal,
    tables: TableStore,
    hot: HotStore,
    stages: "_Stages",
    before: Lookback,
    *,
    now: datetime,
    since: date | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[Mapping[str, str], dict[str, int]]:
    """Plays and gaps from the journal. Returns what both sides hold alike, and figures of the report.

    What was read of the journal, and what it vouches for, is let go: questions need the memory.
    """
    journal = ReadOnce(journal)
    with stages.timed("reconcile"):
        reconciled = reconcile(journal, hot, now=now, alike=before.alike if since else None)
    with stages.timed("settle"):
        settled = settle_changed(journal, tables, since=since, progress=progress)
        gaps = settle_gaps(journal, tables, evidence=settled.evidence)
    figures = {"days_settled": len(settled.changed), "plays_settled": settled.plays, "gaps": len(gaps)}
    return reconciled.alike, figures


def _report(document: DashboardData, size: int, done: Mapping[str, int], seconds: dict[str, float]) -> NightReport:
    return NightReport.model_validate(
        {
            "data_day": document.data_day,
            **done,
            "plays": document.totals.plays,
            "bytes": size,
            "seconds": seconds,
        }
    )


def _login(tokens: TokenStore) -> Token | None:
    try:
        return tokens.load()[0]
    except NeedsReauth:
        return None


def _checked(findings: Sequence[str]) -> None:
    if findings:
        raise ChecksFailed(f"nothing was published, because checks failed: {' | '.join(findings)}")


class _Counted:
    """An engine that counts what it is asked: Athena bills each question."""

    def __init__(self, engine: QueryEngine) -> None:
        self._engine = engine
        self.asked: Counter[str] = Counter()

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        """See ports.QueryEngine."""
        self.asked[question.name] += 1
        return self._engine.rows(question, **params)

    def ask(self, text: str) -> Rows:
        """See ports.QueryEngine."""
        self.asked["ad hoc"] += 1
        return self._engine.ask(text)


class _Stages:
    """Seconds of each stage by the clock that is given."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measures what happens within."""
        started = self._clock()
        yield
        self.seconds[name] = round(self._clock() - started, 3)
