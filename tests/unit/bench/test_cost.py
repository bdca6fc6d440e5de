"""The bill: prices times usage, free allowances once, pages of a polled journal, minimums."""

import re
from collections import Counter

import pytest

from bench.cost import Case, too_dear
from bench.cost_meter import Counts, item_size, kilobytes, metrics_in
from bench.cost_model import Prices, Question, Sample, month
from bench.cost_page import page

pytestmark = pytest.mark.unit

STORED = dict.fromkeys(
    ("journal", "tables", "answers", "hot", "metadata", "page", "page code", "page files", "objects"), 1.0
)


def sample(days: int, *, gets: int = 0, question: float = 0.0, listed: int = 0, objects: float = 0.0) -> Sample:
    counts = Counts(runs=1, units=Counter({"s3 get": gets}))
    counts.listed["journal/dt="], counts.listings["journal/dt="] = listed, 1
    asked = (Question("dashboard/totals", question, days, 0),)
    return Sample(days, {"aggregate": counts}, {"aggregate": asked}, STORED | {"objects": objects})


def test_what_is_free_is_taken_off_once_and_never_makes_a_debt() -> None:
    lines = {line.key: line for line in Prices.read().bill({"kms": 30_000, "lambda_requests": 10})}
    assert (lines["kms"].usd, lines["kms"].usd_with_free) == pytest.approx((0.09, 0.03))
    assert (lines["lambda_requests"].usd, lines["lambda_requests"].usd_with_free) == pytest.approx((2e-6, 0))


def test_usage_without_a_price_is_refused() -> None:
    with pytest.raises(KeyError, match="snowballs"):
        Prices.read().bill({"snowballs": 1})


def test_every_price_says_who_told_it_and_when_or_that_nobody_did() -> None:
    for price in Prices.read().price.values():
        assert price["source"]
        assert re.fullmatch(r"20\d\d(-\d\d){0,2}|undated|unverified", price["date"])
        assert (price["source"] == "from memory") == (price["date"] == "unverified")
        assert price["usd"] > 0 <= price["free"]


def test_the_page_names_the_source_and_the_date_of_every_price() -> None:
    prices = Prices.read()
    found = [Case(3_000, 1, month(sample(365), prices), sample(365))]
    written = page(found, prices)
    for price in prices.price.values():
        assert f"| {price['source']} | {price['date']} |" in written
    assert "| from memory | unverified |" in written


def test_each_question_is_billed_for_ten_megabytes_at_least() -> None:
    prices = Prices.read()
    days = prices.assumed["days_a_month"]
    small, large = (month(sample(1, question=size), prices).usage["athena_scanned"] for size in (5.0, 25e6))
    assert (small, large) == pytest.approx((days * 10e6 / 1e12, days * 25e6 / 1e12))


def test_a_journal_that_was_always_polled_has_more_pages_than_an_imported_one() -> None:
    prices = Prices.read()
    days = prices.assumed["days_a_month"]
    imported, polled = (month(sample(1000, listed=900, objects=each), prices).usage for each in (0.9, 20))
    assert (polled["s3_writes"] - imported["s3_writes"]) / days == pytest.approx(20 - 1)
    waited = (polled["lambda_gb_seconds"] - imported["lambda_gb_seconds"]) / days
    assert waited == pytest.approx((20 - 1) * prices.wait["s3"] * 512 / 1024)


def test_a_night_that_lists_the_last_months_lists_all_of_the_journal_once_a_week() -> None:
    prices = Prices.read()
    counts = Counts(runs=1)
    made = month(Sample(1000, {"aggregate": counts}, {}, STORED | {"objects": 20.0}), prices)
    assert made.usage["s3_writes"] / prices.assumed["days_a_month"] == pytest.approx(20 / 7)


def test_twice_the_memory_costs_the_same_for_computing() -> None:
    prices = Prices.read()
    found = []
    for name in ("ingest", "enrich after polls"):
        counts = Counts(runs=1, cpu_seconds=1.0)
        made = month(Sample(1, {name: counts}, {}, STORED), prices)
        found.append(made.usage["lambda_gb_seconds"])
    assert found[0] == pytest.approx(found[1])


def test_units_by_dynamodbs_rules() -> None:
    assert [kilobytes(size) for size in (0, 1, 1024, 1025)] == [1, 1, 1, 2]
    assert kilobytes(4097, 4) == 2
    assert item_size({"b": {"B": b"1234"}}) == 5
    assert item_size({"pk": {"S": "play"}, "n": {"N": "1234"}, "s": {"SS": ["ab", "c"]}}) == 6 + 5 + (1 + 3 + 3 + 2)


def test_metrics_are_read_from_the_log() -> None:
    line = (
        '{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["service"]],"Metrics":[{"Name":"Plays"}]}]},'
        '"service":"aggregate","Plays":[3.0]}'
    )
    assert list(metrics_in(['{"message":"done"}', line])) == ["Plays [['aggregate']]"]


def test_a_month_above_its_limit_is_told_in_a_sentence() -> None:
    from bench.cost import Case

    prices = Prices.read()
    dear = sample(365, gets=10**8)
    told = too_dear([Case(3000, 1, month(dear, prices), dear)], prices)
    assert told[0].startswith("3,000 plays a month, year 1: $")
    assert "$0.25 is the limit" in told[0]
