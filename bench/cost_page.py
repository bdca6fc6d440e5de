"""docs/cost.md: the bill of each case, itemised, and what it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.cost_model import MEMORY, OF_FUNCTION, Line, Month, Prices, month

if TYPE_CHECKING:
    from bench.cost import Case

CENT = 0.00005
HEAD = """# What a month costs

Written by `make cost`, which counts and does not estimate: the four handlers run over the real AWS adapters and
unchanged awswrangler against a local AWS and a local Athena, for a simulated day, its night and a week's playlist, in
deployments that hold a history of {ages} days. Each call to AWS is counted where it is sent, DynamoDB's units by
AWS's rules over the items that are there, Athena's bytes by the files that each question opens. Counts times how often
each run happens times [the price list](../bench/prices.toml). Dollars a month in {region}, without tax. The prices were
not read from AWS's live pages but from what is named [at the end](#where-the-prices-are-from), some of it years old and
some from memory; nobody has compared them with a bill yet.
"""


MODEL = """GB-seconds are not counted but modelled: waiting for each call in turn, as long as the price list says, and
the processor time measured here, scaled to the share of a processor that the memory buys. Every run is taken for a cold
start. A night that takes longer than its function may has to be cut into several.
"""


GROUNDS = """## What is counted, what is derived, what is assumed

- **Counted**, in a deployment of that age: calls to S3, DynamoDB, SSM, Lambda, SNS, Glue and Athena; DynamoDB units;
  bytes put and stored; files and bytes of each question; bytes of log lines; custom metrics and the hours they are sent
  in. The night is one from the middle of a month, the mean of all; the one in which a month closes reads some hundred
  objects more.
- **Derived**: The history was polled for its last 90 days and exported before. What lists all of the journal once a
  week therefore gets the LIST pages, and the wait for them, of a journal that was polled from its first day, with as
  many objects a day as the counted one; that journal's bytes are stored. The night's own weekly listing comes on top of
  the counted night, which lists the last months. Every byte put below `tables/` is taken for a replaced object that is
  kept 30 days. Athena's minimum of 10 MB is applied to each question.
- **By rule**: Athena lists each partition it opens and gets a JSON object once, a Parquet object three times; each
  answer is two objects. The local Athena counts a Parquet file whole, where Athena reads the columns it needs.
- **Assumed**: the waits, the speed of Lambda's processor, four visits to the page a day with nothing cached, four
  mails a month; `wait` and `assumed` in the price list. Traffic within one region is free.
"""


def page(found: "Sequence[Case]", prices: Prices) -> str:
    """The whole page."""
    ages = sorted({case.sample.days for case in found})
    parts = [
        HEAD.format(ages=" and of ".join(f"{days:,}" for days in ages), region="us-east-1"),
        _summary(found, prices),
        _dominating(found, prices),
        *(_itemised(case, prices) for case in found),
        _time(found, prices),
        GROUNDS,
        _sources(prices),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _sums(usage: "Month", prices: Prices) -> tuple[float, float]:
    lines = prices.bill(usage.usage)
    return sum(line.usd_with_free for line in lines), sum(line.usd for line in lines)


def _summary(found: "Sequence[Case]", prices: Prices) -> str:
    rows = [
        "| plays a month | year | with AWS's always-free allowances | with none | queries a night |",
        "|---|---|---|---|---|",
    ]
    for case in found:
        free, alone = _sums(case.month, prices)
        rows.append(f"| {case.plays:,} | {case.year} | **${free:.2f}** | ${alone:.2f} | {case.month.queries_a_night} |")
    return "\n".join(rows) + "\n"


def _dominating(found: "Sequence[Case]", prices: Prices) -> str:
    """The three largest lines of each case."""
    sentences = ["## What dominates\n"]
    for case in found:
        lines = prices.bill(case.month.usage)
        for how, paid in (("with the allowances", "usd_with_free"), ("with none", "usd")):
            largest = sorted(lines, key=lambda line: -getattr(line, paid))[:3]
            told = ", ".join(f"{line.what} ${getattr(line, paid):.3f}" for line in largest)
            sentences.append(f"- {case.plays:,} plays, year {case.year}, {how}: {told}.")
    return "\n".join(sentences) + "\n"


def _itemised(case: "Case", prices: Prices) -> str:
    rows = [
        f"## {case.plays:,} plays a month, year {case.year}\n",
        f"A deployment {case.sample.days:,} days old.\n",
        "| what | a month | price | with allowances | with none |",
        "|---|---|---|---|---|",
    ]
    rows += [_row(line, prices) for line in prices.bill(case.month.usage) if line.amount]
    free, alone = _sums(case.month, prices)
    return "\n".join([*rows, f"| **sum** | | | **${free:.4f}** | **${alone:.4f}** |"]) + "\n"


def _row(line: Line, prices: Prices) -> str:
    price = prices.price[line.key]
    amount = f"{line.amount:,.0f}" if line.amount >= 100 else f"{line.amount:.4g}"
    return f"| {line.what} | {amount} | {_each(price)} | {_usd(line.usd_with_free)} | {_usd(line.usd)} |"


def _each(price: Mapping[str, Any]) -> str:
    return f"${price['usd']:g} / {price['per']:,}" if price["per"] > 1 else f"${price['usd']:g}"


def _usd(amount: float) -> str:
    return "-" if amount < CENT else f"${amount:.4f}"


def _time(found: "Sequence[Case]", prices: Prices) -> str:
    """Seconds of each run, and the sum where every wait and every computation takes twice as long."""
    rows = [
        "## How long a run takes, by the model\n",
        MODEL,
        "| plays a month | year | " + " | ".join(f"{name}, {MEMORY[of]} MB" for name, of in OF_FUNCTION.items()) + " |",
        "|---|---|" + "---|" * len(OF_FUNCTION),
    ]
    for case in found:
        seconds = " | ".join(f"{case.month.seconds.get(name, 0):.1f} s" for name in OF_FUNCTION)
        rows.append(f"| {case.plays:,} | {case.year} | {seconds} |")
    return "\n".join([*rows, "", *_twice(found, prices)]) + "\n"


def _twice(found: "Sequence[Case]", prices: Prices) -> Iterator[str]:
    slow = Prices(
        prices.price,
        {name: 2 * wait for name, wait in prices.wait.items()},
        dict(prices.assumed) | {"processor": 2 * prices.assumed["processor"]},
    )
    for case in found:
        free, alone = _sums(month(case.sample, slow), slow)
        yield (
            f"- Twice as slow in everything, {case.plays:,} plays in year {case.year}: "
            f"${free:.2f} with the allowances, ${alone:.2f} with none."
        )


def _sources(prices: Prices) -> str:
    """Each price with the page that told it, and that page's date."""
    rows = [
        "## Where the prices are from\n",
        "| what | price | told by | of |",
        "|---|---|---|---|",
        *(
            f"| {price['what']} | {_each(price)} | {price['source']} | {price['date']} |"
            for price in prices.price.values()
        ),
    ]
    return "\n".join(rows) + "\n"
