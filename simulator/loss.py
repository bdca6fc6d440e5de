"""How many plays a polling schedule loses: polls a timeline through the 50-item window.

`python -m simulator losses` prints the table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from playledger.models import to_ms
from simulator.account import Account
from simulator.catalogue import make_catalogue
from simulator.listener import CALM
from simulator.profiles import HARD, HEAVY, LIGHT, MODERATE, Profile
from simulator.timeline import generate

HOURLY = timedelta(hours=1)


@dataclass(frozen=True)
class Loss:
    """What one schedule did: plays that it should have seen, those it never saw, polls made and missed."""

    plays: int
    lost: int
    polls: int
    missed: int

    @property
    def share(self) -> float:
        """Lost of all plays, 0 to 1."""
        return self.lost / self.plays if self.plays else 0.0


def polling_loss(
    account: Account,
    start: datetime,
    end: datetime,
    *,
    every: timedelta = HOURLY,
    missed_share: float = 0.0,
    seed: int = 1,
) -> Loss:
    """Polls at start + every, + 2 every ... up to `end`; each poll is missed by chance, the last one never."""
    rng = Random(f"missed:{seed}")
    seen: set[int] = set()
    polls = missed = 0
    for moment in _moments(start, end, every):
        if moment < end and rng.random() < missed_share:
            missed += 1
            continue
        polls += 1
        seen.update(map(id, account.window(moment)))
    expected = [play for play in account.visible if play.published_at_ms <= to_ms(end)]
    return Loss(len(expected), sum(id(play) not in seen for play in expected), polls, missed)


def _moments(start: datetime, end: datetime, every: timedelta) -> Iterator[datetime]:
    moment = start
    while moment < end:
        moment = min(moment + every, end)
        yield moment


def prompt_account(profile: Profile, seed: int, start: datetime, end: datetime) -> Account:
    """An account whose feed lists every play within seconds."""
    online = replace(profile, offline_share=0.0)
    return Account(generate(online, seed, start, end, catalogue=make_catalogue(seed), quirks=CALM), liked=())


def loss_table(
    seed: int, start: datetime, days: int, profiles: Sequence[Profile] = (LIGHT, MODERATE, HEAVY, HARD)
) -> str:
    """For people: what polling every one, two, four and twelve hours loses of each profile, and with missed polls.

    The feed is prompt, so that all that is lost was pushed out of the window by newer plays.
    """
    end = start + timedelta(days=days)
    lines = [
        f"Plays lost in {days} days, seed {seed}",
        f"{'profile':17}{'plays':>7}" + "".join(f"{h:>9}" for h in _HEADS),
    ]
    for profile in profiles:
        account = prompt_account(profile, seed, start, end)
        losses = [polling_loss(account, start, end, every=every, missed_share=missed) for every, missed in _SCHEDULES]
        lines.append(f"{profile.name:17}{losses[0].plays:7}" + "".join(f"{loss.lost:9}" for loss in losses))
    return "\n".join(lines)


_SCHEDULES = ((HOURLY, 0.0), (HOURLY, 0.1), (2 * HOURLY, 0.0), (4 * HOURLY, 0.0), (12 * HOURLY, 0.0))
_HEADS = ("1 h", "1 h -10%", "2 h", "4 h", "12 h")
