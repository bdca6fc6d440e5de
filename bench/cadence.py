"""What the quarter-hour ticks are worth: plays lost by hourly polling alone and with them, on the hardest listener.

The heavy profile with marathons and two devices, a prompt feed, and one in ten scheduled runs that never happens.
`python -m bench.cadence [DAYS] [SEED ...]` prints the table.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from ingestion.capture import due
from playledger.models import IngestionState, from_ms
from simulator.account import Account
from simulator.loss import prompt_account
from simulator.plays import ListenedPlay
from simulator.profiles import HARD

START = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MISSED_SHARE = 0.1
SEEDS = (1, 2, 3, 4)
DAYS = 120


@dataclass
class Poller:
    """A schedule at work: what it has seen, and what its polls remember between them."""

    account: Account
    uses_ticks: bool
    state: IngestionState = field(default_factory=IngestionState)
    seen: set[str] = field(default_factory=set)
    polls: int = 0

    def run(self, moment: datetime) -> None:
        """One scheduled run: the hourly one polls, the others only where the state says so."""
        if moment.minute == 0 or (self.uses_ticks and due(self.state, moment)):
            self._poll(moment)

    def _poll(self, moment: datetime) -> None:
        shown = self.account.window(moment)
        new = [play for play in shown if play.key not in self.seen]
        self.seen |= {play.key for play in new}
        newest = max([play.played_at_ms for play in shown], default=0)
        self.state = IngestionState(
            version=self.state.version + 1,
            last_run_timestamp=moment,
            last_seen_played_at=from_ms(newest) if newest else None,
            last_new=len(new),
        )
        self.polls += 1

    def lost(self, plays: Iterable[ListenedPlay]) -> int:
        """Plays it never saw."""
        return sum(play.key not in self.seen for play in plays)


@dataclass(frozen=True)
class Comparison:
    """One listener under both schedules."""

    seed: int
    plays: int
    hourly_lost: int
    ticks_lost: int
    hourly_polls: int
    ticks_polls: int


def compare(seed: int, days: int = DAYS) -> Comparison:
    """Both schedules miss the same runs; the last one is never missed."""
    end = START + timedelta(days=days)
    account = prompt_account(HARD, seed, START, end)
    pollers = [Poller(account, uses_ticks=False), Poller(account, uses_ticks=True)]
    for moment in _scheduled(seed, end):
        for poller in pollers:
            poller.run(moment)
    hourly, ticks = pollers
    plays = account.visible
    return Comparison(seed, len(plays), hourly.lost(plays), ticks.lost(plays), hourly.polls, ticks.polls)


def _scheduled(seed: int, end: datetime) -> Iterator[datetime]:
    rng = Random(f"missed:{seed}")
    moment = START
    while moment < end:
        if rng.random() >= MISSED_SHARE:
            yield moment
        moment += QUARTER
    yield end


def table(comparisons: Sequence[Comparison], days: int) -> str:
    """For people."""
    heads = f"{'seed':>5}{'plays':>8}{'lost: hourly':>14}{'with ticks':>12}{'polls: hourly':>15}{'with ticks':>12}"
    rows = [
        f"{one.seed:5}{one.plays:8}{one.hourly_lost:14}{one.ticks_lost:12}{one.hourly_polls:15}{one.ticks_polls:12}"
        for one in comparisons
    ]
    hourly, ticks = sum(one.hourly_lost for one in comparisons), sum(one.ticks_lost for one in comparisons)
    ratio = f"{ticks / hourly:.2f}" if hourly else "-"
    title = f"{HARD.name}, {days} days, {MISSED_SHARE:.0%} of the scheduled runs never happen"
    return "\n".join([title, heads, *rows, f"lost with ticks / lost hourly: {ticks} / {hourly} = {ratio}"])


def main(arguments: Sequence[str]) -> None:
    """Prints the table for so many days and these seeds."""
    days, *seeds = [int(text) for text in arguments] or [DAYS]
    print(table([compare(seed, days) for seed in seeds or SEEDS], days))


if __name__ == "__main__":
    main(sys.argv[1:])
