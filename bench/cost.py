"""What a month in AWS costs: counted calls, bytes and GB-seconds of a simulated month, times a dated price list.

`make cost` writes docs/cost.md and fails where a month costs more than it may. Two deployments of different age are
counted for each listener; any other age lies on the line through them, or is counted too: `--count 3653`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cost_model import Month, Prices, Sample, at, month
from bench.cost_page import page
from bench.cost_world import counted
from bench.history import Recipe, ensure

PLAYS = (3_000, 30_000)
YEARS = (1, 10)
DAYS_A_YEAR = 365
COUNTED = (91, 365)
MOST_USD, MOST_USD_ALONE = 0.25, 1.50
"""A month's limits at 30,000 plays: with AWS's always-free allowances, and with none."""

PAGE = Path(__file__).parents[1] / "docs/cost.md"


@dataclass(frozen=True)
class Case:
    """A month of one listener in one year; `is_counted` where the deployment of that age was there itself."""

    plays: int
    year: int
    month: Month
    sample: Sample
    is_counted: bool


def cases(plays: int, samples: Sequence[Sample], prices: Prices) -> list[Case]:
    """The last month of each year."""
    by_age = {sample.days: sample for sample in samples}
    near, *_, far = sorted(samples, key=lambda sample: sample.days)
    made = []
    for year in YEARS:
        days = year * DAYS_A_YEAR
        sample = by_age.get(days) or at(days, near, far)
        made.append(Case(plays, year, month(sample, prices), sample, days in by_age))
    return made


def too_dear(found: Sequence[Case], prices: Prices) -> list[str]:
    """A sentence for every month above its limit."""
    sentences = []
    for case in found:
        lines = prices.bill(case.month.usage)
        with_free, alone = sum(line.usd_with_free for line in lines), sum(line.usd for line in lines)
        for usd, most, how in ((with_free, MOST_USD, "with"), (alone, MOST_USD_ALONE, "without")):
            if usd > most:
                sentences.append(
                    f"{case.plays:,} plays a month, year {case.year}: ${usd:.2f} {how} AWS's free allowances, "
                    f"${most:.2f} is the limit"
                )
    return sentences


def main(arguments: Sequence[str] | None = None) -> int:
    """Counts, writes the page, prints what is too dear; 1 where anything is."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--plays", type=int, action="append", help="plays a month (default: 3000 and 30000)")
    parser.add_argument(
        "--count", type=int, action="append", help="days of history that are counted (default: 91, 365)"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="where the page goes (default: docs/cost.md)")
    given = parser.parse_args(arguments)
    prices, found = Prices.read(), []
    for plays in given.plays or PLAYS:
        samples = [counted(ensure(Recipe(days=days, plays_per_month=plays))) for days in given.count or COUNTED]
        found += cases(plays, samples, prices)
    given.page.write_text(page(found, prices, given.count or COUNTED), "utf-8")
    sys.stdout.write(given.page.read_text("utf-8"))
    dear = too_dear(found, prices)
    sys.stderr.write("".join(f"{sentence}\n" for sentence in dear))
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
