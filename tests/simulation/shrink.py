"""From a violated run to the fewest faults that still violate it, and the line that plays it again."""

import re
import shlex
from collections.abc import Sequence

from tests.simulation.faults import Fault
from tests.simulation.scripts import Script
from tests.simulation.world import Verdict, play


def shrink(script: Script, fired: Sequence[Fault], violated: str) -> list[Fault]:
    """Drops faults greedily, halves first, as long as the same invariant is violated."""
    kept, size = list(fired), max(1, len(fired) // 2)
    while size:
        at = 0
        while at < len(kept):
            fewer = [*kept[:at], *kept[at + size :]]
            if _violates(play(script, faults=fewer), violated):
                kept = fewer
            else:
                at += size
        size //= 2
    return kept


def _violates(verdict: Verdict, number: str) -> bool:
    return any(text.split()[0] == number for text in verdict.violations)


def told(script: Script, verdict: Verdict) -> str:
    """The failure for a person: what is violated, the seed, the shrunken plan, and the command that plays it again."""
    first = verdict.violations[0]
    plan = shrink(script, verdict.fired, first.split()[0])
    lines = [
        f"seed {script.seed}: {len(verdict.violations)} violations, {len(verdict.fired)} faults fired",
        f"  {first}",
    ]
    lines += [f"  {fault}" for fault in plan] or ["  without any fault"]
    return "\n".join([*lines, f"  replay: {replay_line(script, plan)}"])


def replay_line(script: Script, plan: Sequence[Fault]) -> str:
    """The command that plays this run again."""
    only = " ".join(f"--only {shlex.quote(written(fault))}" for fault in plan)
    return f"python -m tests.simulation {script.seed} {only or '--only nothing'}"


def written(fault: Fault) -> str:
    """A fault as one argument."""
    span = f":{fault.start}:{fault.end}" if fault.end else ""
    return f"{fault.where}:{fault.call}:{fault.mode}{span}"


def read(text: str) -> Fault:
    """A fault from its argument. Raises ValueError where it is none."""
    found = re.fullmatch(r"([^:]+):(\d+):([^:]+)(?::(\d+):(\d+))?", text)
    if found is None:
        raise ValueError(f"{text!r} is no fault; it reads like 'poll 3:2:crash after'")
    where, call, mode, start, end = found.groups()
    return Fault(where, int(call), mode, int(start or 0), int(end or 0))
