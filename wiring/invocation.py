"""One invocation of a function: its event, and around its job the log, the metrics, the alerts and the next call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from playledger.errors import Misconfigured, NeedsReauth, PlayledgerError, StoreUnavailable, TryAgain
from playledger.models import Model, format_instant, parse_instant
from playledger.ports import Alert
from wiring import watch

if TYPE_CHECKING:
    from wiring.aws import Aws

TIME_TO_STOP_MS = 12_000
"""What is left of a function's time when it stops and goes on in another one: one day's work and the call."""

MOST_ROUNDS = 12
"""How often in a row; Lambda itself ends such loops at 16."""


class OutOfTime(TryAgain):
    """The function's time is nearly over; what is done is stored."""


@dataclass(frozen=True)
class Event:
    """What a function is called with. `now` is the scheduled time, which a retry keeps."""

    now: datetime
    is_quarter: bool
    is_after_poll: bool
    round: int
    time_left_ms: Callable[[], int]

    @classmethod
    def read(cls, event: Mapping[str, Any], context: Any, clock: Callable[[], datetime]) -> Self:
        """From Scheduler's input, or another function's; called by hand without a time it is now.

        Raises Misconfigured where the time is none.
        """
        try:
            now = parse_instant(event["time"]) if "time" in event else clock()
        except ValueError as error:
            raise Misconfigured(f"the event's time is no moment: {error}") from error
        left = getattr(context, "get_remaining_time_in_millis", lambda: TIME_TO_STOP_MS)
        tick = event.get("tick")
        return cls(now, tick == "quarter", tick == "poll", int(event.get("round", 0)), left)

    def stop_in_time(self, _done: int, _all: int) -> None:
        """To be called between two steps of which each is stored. Raises OutOfTime."""
        if self.time_left_ms() < TIME_TO_STOP_MS:
            raise OutOfTime(f"stopped in round {self.round}, with little time left")


class Run:
    """One invocation."""

    def __init__(self, name: str, aws: "Aws", event: Event, context: Any) -> None:
        self._name = name
        self._aws = aws
        self._event = event
        self._arn = getattr(context, "invoked_function_arn", "")
        from aws_lambda_powertools import Logger

        self._log = Logger(service=f"playledger-{name}")
        self._log.append_keys(request=getattr(context, "aws_request_id", None), now=format_instant(event.now))

    def do(self, job: "Callable[[Aws, Event], Model]") -> dict[str, Any]:
        """The job and all around it; returns the answer of the handler."""
        if self._name == "aggregate":
            self._watch(self._login_and_polls)
        try:
            report = job(self._aws, self._event)
        except OutOfTime as error:
            return self._go_on(error)
        except PlayledgerError as error:
            return self._failed(error)
        answer = report.model_dump(mode="json")
        self._log.info("done", report=answer)
        self._count(report)
        if self._name == "ingest":
            self._after_poll(report)
        return answer

    def _failed(self, error: PlayledgerError) -> dict[str, Any]:
        """Raises the error, unless the owner is told of it."""
        self._log.error(str(error), kind=type(error).__name__)
        alert = watch.of_error(error, self._event.now)
        if alert is None:
            if self._name == "ingest":
                self._watch(self._polls)
            raise error
        self._tell(alert)
        return {"failed": alert.condition, "message": str(error)}

    def _go_on(self, error: OutOfTime) -> dict[str, Any]:
        """The same again in a new invocation, which finds done what is done."""
        self._log.warning(str(error))
        if not self._arn or self._event.round >= MOST_ROUNDS:
            raise error
        self._call(self._arn, round=self._event.round + 1)
        return {"continued": self._event.round + 1}

    def _after_poll(self, report: Any) -> None:
        if report.gap:
            self._watch(lambda: self._tell(watch.of_gap(self._event.now)))
        if report.short_window:
            self._watch(lambda: self._tell(watch.of_short_window(self._event.now)))
        if report.outcome in ("blocked", "degraded"):
            self._watch(self._polls)
        if report.is_worth_learning:
            # the plays are kept; what is known of them can wait for a later poll or the night
            self._watch(lambda: self._call(self._aws.settings.enrich_function, tick="poll"))

    def _login_and_polls(self) -> None:
        try:
            token, _ = self._aws.tokens.load()
        except NeedsReauth as error:
            self._tell(watch.of_error(error, self._event.now))
        else:
            self._tell(watch.of_login(token, self._event.now))
        self._polls()

    def _polls(self) -> None:
        try:
            state = self._aws.hot.load_state()
        except StoreUnavailable as error:
            self._tell(watch.of_unread_state(error, self._event.now))
        else:
            self._tell(watch.of_silence(state, self._event.now))

    def _watch(self, look: Callable[[], None]) -> None:
        """Does what the job does not depend on: a store that is down then is logged, no more."""
        try:
            look()
        except StoreUnavailable as error:
            self._log.warning(str(error))

    def _tell(self, alert: Alert | None) -> None:
        if alert and self._aws.alerts.tell(alert):
            self._log.warning("alert", condition=alert.condition)

    def _call(self, target: str, **more: int | str) -> None:
        """Calls a function that goes by the same time."""
        self._aws.call(target, {"time": format_instant(self._event.now), **more})

    def _count(self, report: Model) -> None:
        from aws_lambda_powertools.metrics import EphemeralMetrics

        metrics = EphemeralMetrics(namespace="Playledger", service=self._name)
        counted = watch.counted(self._name, report)
        for name, value in counted.items():
            metrics.add_metric(name=name, unit="Count", value=value)
        if counted:
            metrics.flush_metrics()
