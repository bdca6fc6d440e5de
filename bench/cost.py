"""What a month in AWS costs: counted calls, bytes and GB-seconds of a simulated month, times a dated price list.

`make cost` writes docs/cost.md and fails where a month costs more than it may. For each listener a deployment of each
age is made and counted. The first time that takes long. What was made is kept, and newer code brings it up to date as
it would a deployment; `--anew` makes it from nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cost_model import Month, Prices, Sample, month
from bench.cost_page import page
from bench.cost_world import counted
from bench.history import Recipe, ensure

PLAYS = (3_000, 30_000)
AGES = {1: 365, 10: 3_652}
"""Days of history in the last month of a year."""

MOST_USD, MOST_USD_ALONE = 0.25, 1.50
"""A month's limits at 30,000 plays: with AWS's always-free allowances, and with none."""

PAGE = Path(__file__).parents[1] / "docs/cost.md"


@dataclass(frozen=True)
class Case:
    """The last month of one listener's year, in the deployment that was counted."""

    plays: int
    year: int
    month: Month
    sample: Sample


def counted_case(plays: int, year: int, prices: Prices, *, anew: bool = False) -> Case:
    """A deployment of that age, made and counted."""
    sample = counted(ensure(Recipe(days=AGES[year], plays_per_month=plays)), anew=anew)
    return Case(plays, year, month(sample, prices), sample)


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
    parser.add_argument("--year", type=int, action="append", choices=AGES, help="year (default: 1 and 10)")
    parser.add_argument("--anew", action="store_true", help="make the deployments from nothing, whatever is kept")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the page goes (default: docs/cost.md)")
    given = parser.parse_args(arguments)
    prices = Prices.read()
    found = [
        counted_case(plays, year, prices, anew=given.anew)
        for plays in given.plays or PLAYS
        for year in given.year or AGES
    ]
    given.page.write_text(page(found, prices), "utf-8")
    sys.stdout.write(given.page.read_text("utf-8"))
    dear = too_dear(found, prices)
    sys.stderr.write("".join(f"{sentence}\n" for sentence in dear))
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
