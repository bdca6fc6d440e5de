"""Measurements as text: tables for people, limits with a verdict each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.stage import Asked, Measured


@dataclass(frozen=True)
class Limit:
    """A figure and how large (or small) it may be. `found` is None where the histories are too short to tell."""

    name: str
    found: float | None
    most: float
    is_least: bool = False
    unit: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether the figure is past its limit."""
        if self.found is None:
            return False
        return self.found < self.most if self.is_least else self.found > self.most


def limit_table(limits: Sequence[Limit]) -> str:
    """Each limit with its figure and verdict."""
    rows = []
    for limit in limits:
        found = "-" if limit.found is None else f"{limit.found:,.2f}"
        verdict = "not judged" if limit.found is None else "BROKEN" if limit.is_broken else "kept"
        bound = f"{'at least' if limit.is_least else 'at most'} {limit.most:,g}{limit.unit}"
        rows.append(f"{limit.name:<58}{found:>12}{limit.unit:<4}{bound:>20}  {verdict}")
    return "\n".join(rows)


def step_table(title: str, steps: Mapping[str, Measured]) -> str:
    """One line for each step: seconds, memory, questions, and where the seconds went."""
    columns = {"seconds": 9, "cpu s": 9, "peak MB": 9, "asked": 7, "slowest": 9, "files": 9, "MB read": 10}
    heads = f"{title:<24}" + "".join(f"{name:>{width}}" for name, width in columns.items()) + "  stages"
    return "\n".join([heads, *(_step(name, step) for name, step in steps.items())])


def _step(name: str, step: Measured) -> str:
    asked = step.asked.values()
    files, size = sum(one.files for one in asked), total_bytes(step)
    slowest = max((one.slowest for one in asked), default=0.0)
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in step.report.get("seconds", {}).items())
    numbers = f"{step.seconds:>9.1f}{step.cpu:>9.1f}{step.peak_mb:>9.0f}{times(step):>7}{slowest:>9.2f}"
    read = f"{files:>9,}{size / 1e6:>10,.1f}" if files else f"{'-':>9}{'-':>10}"
    return f"{name:<24}{numbers}{read}  {stages}"


def times(step: Measured) -> int:
    """How many questions were asked."""
    return sum(one.times for one in step.asked.values())


def total_bytes(step: Measured) -> int:
    """Bytes read for all questions."""
    return sum(sum(one.bytes.values()) for one in step.asked.values())


def question_table(title: str, metered: Measured, timed: Measured) -> str:
    """One line for each question, most bytes first; seconds and memory are those of the night that counted none."""
    heads = f"{title:<34}{'times':>6}{'seconds':>9}{'peak MB':>9}{'files':>8}{'bytes':>14}  of which"
    ordered = sorted(metered.asked.items(), key=lambda item: (-sum(item[1].bytes.values()), item[0]))
    return "\n".join([heads, *(_question(name, asked, timed.asked.get(name)) for name, asked in ordered)])


def _question(name: str, asked: Asked, timed: Asked | None) -> str:
    took = f"{timed.seconds:>9.3f}{timed.peak_mb:>9.0f}" if timed else f"{'-':>9}{'-':>9}"
    parts = ", ".join(f"{table} {size:,}" for table, size in sorted(asked.bytes.items(), key=lambda part: -part[1]))
    return f"{name:<34}{asked.times:>6}{took}{asked.files:>8,}{sum(asked.bytes.values()):>14,}  {parts}"


def size_table(sizes: Mapping[str, Any]) -> str:
    """Files and bytes of each table on disk."""
    heads = f"{'on disk':<24}{'files':>9}{'bytes':>15}{'a file':>11}"
    rows = [f"{name:<24}{files:>9,}{size:>15,}{size // max(files, 1):>11,}" for name, (files, size) in sizes.items()]
    return "\n".join([heads, *rows])
