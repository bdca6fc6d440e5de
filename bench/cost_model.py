"""From what was counted to a month's bill: how often each run happens, what Lambda waits, and the price list."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

from bench.cost_meter import GET, LIST, PUT, READS, WRITES, Counts

PRICE_LIST = Path(__file__).with_name("prices.toml")
MEMORY = {"ingest": 128, "enrich": 256, "aggregate": 512, "playlist": 256}
"""MB, as in terraform/locals.tf."""

OF_FUNCTION = {
    "ingest": "ingest",
    "enrich after polls": "enrich",
    "enrich at night": "enrich",
    "enrich once a week": "enrich",
    "aggregate": "aggregate",
    "playlist": "playlist",
}
WEEKLY = frozenset({"enrich once a week", "playlist"})
"""The first night of a week looks at the whole journal. It is counted by itself, as if the others came on top."""

DAYS_A_WEEK = 7
GB, TB, MB = 10**9, 10**12, 10**6
JOURNAL = "journal/dt="
LISTED_AT_ONCE = 1000
ATHENA_MINIMUM = 10 * MB


@dataclass(frozen=True)
class Question:
    """What Athena read for one question of one run: bytes, files by their kind."""

    name: str
    bytes: float
    json_files: float
    parquet_files: float


@dataclass(frozen=True)
class Sample:
    """A day and its night in a deployment that is so many days old."""

    days: int
    counts: Mapping[str, Counts]
    questions: Mapping[str, tuple[Question, ...]]
    stored: Mapping[str, float]
    """Bytes: journal, tables, hot, metadata, page (of the site), objects (a day's new objects of the journal)."""


@dataclass(frozen=True)
class Line:
    """One line of the bill."""

    key: str
    what: str
    amount: float
    usd: float
    usd_with_free: float


@dataclass
class Prices:
    """The price list; `wait` and `assumed` are its other tables."""

    price: Mapping[str, Mapping[str, Any]]
    wait: Mapping[str, float]
    assumed: Mapping[str, float]

    @classmethod
    def read(cls, path: Path = PRICE_LIST) -> "Prices":
        """From the file."""
        told = tomllib.loads(path.read_text("utf-8"))
        return cls(told["price"], told["wait"], told["assumed"])

    def bill(self, usage: Mapping[str, float]) -> list[Line]:
        """The lines of this usage, in the list's order. Raises KeyError for usage without a price."""
        if unknown := set(usage) - set(self.price):
            raise KeyError(f"without a price: {', '.join(sorted(unknown))}")
        return [self._line(key, price, usage.get(key, 0.0)) for key, price in self.price.items()]

    def _line(self, key: str, price: Mapping[str, Any], amount: float) -> Line:
        beyond = max(0.0, amount - price["free"])
        return Line(
            key, price["what"], amount, amount * price["usd"] / price["per"], beyond * price["usd"] / price["per"]
        )


# ---- a month ----------------------------------------------------------------------------------------------------


@dataclass
class Month:
    """A month of a deployment: what is used, and how long each run of a function takes by the model."""

    usage: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    queries_a_night: int = 0


def month(sample: Sample, prices: Prices) -> Month:
    """A month of such days, nights and weeks."""
    made = Month(usage=dict.fromkeys(prices.price, 0.0))
    days = prices.assumed["days_a_month"]
    for name, counts in sample.counts.items():
        times = days / DAYS_A_WEEK if name in WEEKLY else days
        _requests(made, counts, times)
        _asked(made, sample.questions.get(name, ()), times, prices)
        _running(made, name, counts, len(sample.questions.get(name, ())), times, prices)
    for name, pages in _more_pages(sample).items():
        made.usage["s3_writes"] += days * pages
        made.usage["lambda_gb_seconds"] += days * pages * prices.wait["s3"] * MEMORY[OF_FUNCTION[name]] / 1024
    made.queries_a_night = len(sample.questions.get("aggregate", ()))
    _kept(made, sample, prices)
    _looked_at(made, sample, days, prices)
    made.usage["cloudwatch_alarms"] = prices.assumed["alarm_metrics"]
    made.usage["cloudwatch_metrics"] = sum(_metrics(sample))
    return made


def _requests(made: Month, counts: Counts, times: float) -> None:
    units, calls = counts.units, counts.calls
    usage = {
        "s3_writes": units[LIST] + units[PUT],
        "s3_reads": units[GET],
        "dynamodb_writes": units[WRITES],
        "dynamodb_reads": units[READS],
        "kms": sum(number for call, number in calls.items() if call.startswith("ssm ")),
        "glue_requests": sum(number for call, number in calls.items() if call.startswith("glue ")),
        "lambda_requests": counts.runs,
        "scheduler": counts.runs,
        "cloudwatch_logs": counts.printed / GB,
    }
    for key, amount in usage.items():
        made.usage[key] += times * amount


def _asked(made: Month, questions: tuple[Question, ...], times: float, prices: Prices) -> None:
    """Athena reads through S3 as we do: a LIST for each partition that holds something, GETs for each object."""
    for question in questions:
        files = question.json_files + question.parquet_files
        gets = question.json_files + prices.assumed["parquet_gets"] * question.parquet_files
        made.usage["athena_scanned"] += times * max(question.bytes, ATHENA_MINIMUM) / TB
        made.usage["athena_s3_writes"] += times * (max(files, 1) + 2)
        made.usage["athena_s3_reads"] += times * gets
        made.usage["glue_requests"] += times * 3


def _running(made: Month, name: str, counts: Counts, queries: int, times: float, prices: Prices) -> None:
    """Seconds of one run: it waits for its calls one after the other and computes on its share of a processor."""
    memory = MEMORY[OF_FUNCTION[name]]
    runs = max(counts.runs, 1)
    waits = sum(number * prices.wait[call.partition(" ")[0]] for call, number in counts.calls.items())
    waits += counts.spotify * prices.wait["spotify"] + queries * prices.wait["athena_query"]
    computed = counts.cpu_seconds + runs * prices.assumed["cold_cpu_seconds"]
    share = memory / prices.assumed["vcpu_at_mb"]
    seconds = waits + computed * prices.assumed["processor"] / share
    made.seconds[name] = seconds / runs
    made.usage["lambda_gb_seconds"] += times * seconds * memory / 1024


def _more_pages(sample: Sample) -> dict[str, float]:
    """LIST pages a day beyond those counted, by who asks for them: an imported history has few objects, a polled one a
    score for each day. A night like the counted one lists the last months, and once a week all of it."""
    whole = ceil(sample.stored["objects"] * sample.days / LISTED_AT_ONCE)
    pages = {"aggregate": whole / DAYS_A_WEEK}
    for name, counts in sample.counts.items():
        if listings := counts.listings[JOURNAL]:
            more = whole - ceil(counts.listed[JOURNAL] / listings / LISTED_AT_ONCE)
            pages[name] = listings * max(0, more) / (DAYS_A_WEEK if name in WEEKLY else 1)
    return pages


def _kept(made: Month, sample: Sample, prices: Prices) -> None:
    """Storage; replaced objects stay a while, and every byte put below tables/ is taken for one that was replaced."""
    written = {
        prefix: sum(
            counts.written[key] for counts in sample.counts.values() for key in counts.written if key.startswith(prefix)
        )
        for prefix in ("tables/", "dashboard_data", "athena-results/", "journal/")
    }
    journal = max(sample.stored["journal"], written["journal/"] * sample.days)
    replaced = (written["tables/"] + sample.stored["page"]) * prices.assumed["table_versions_days"]
    answers = sample.stored["answers"] * prices.assumed["answers_days"]
    made.usage["s3_storage"] = (journal + sample.stored["tables"] + replaced + answers) / GB
    held = (sample.stored["hot"] + sample.stored["metadata"]) / GB
    made.usage["dynamodb_storage"] = made.usage["dynamodb_pitr"] = held


def _looked_at(made: Month, sample: Sample, days: float, prices: Prices) -> None:
    """The page, opened now and then with nothing cached."""
    views = prices.assumed["page_views_a_day"] * days
    made.usage["cloudfront_requests"] = made.usage["cloudfront_functions"] = views * sample.stored["page files"]
    made.usage["s3_reads"] += views * sample.stored["page files"]
    made.usage["cloudfront_out"] = views * (sample.stored["page"] + sample.stored["page code"]) / GB
    made.usage["sns_mail"] = prices.assumed["mails_a_month"]


def _metrics(sample: Sample) -> Iterator[float]:
    """Each custom metric by the share of the hours in which it was sent."""
    hours: dict[str, set[str]] = {}
    weekly: set[str] = set()
    for name, counts in sample.counts.items():
        for metric, sent in counts.metrics.items():
            if name in WEEKLY and metric not in hours:
                weekly.add(metric)
            else:
                weekly.discard(metric)
            hours.setdefault(metric, set()).update(sent)
    yield from (len(sent) / 24 / (DAYS_A_WEEK if metric in weekly else 1) for metric, sent in hours.items())
