"""Gaps on the chart: hatched where they lie on the listener's clock, named in the twin, a measure for nothing."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.browser.conftest import Show, Shown
from tests.browser.datasets import Body, gap_heavy, sample
from tests.support.sample_document import Hole, Ledger, compile_document, invented_ledger, utc

pytestmark = pytest.mark.browser

INK = """([id, from, to]) => {
    const chart = Chart.getChart(id), {left, top, width, height} = chart.chartArea, step = width / chart.data.labels.length;
    const scale = chart.currentDevicePixelRatio;
    const box = [left + from * step, top + 2, Math.max((to - from) * step, 3), height / 12].map(value => Math.round(value * scale));
    const pixels = chart.ctx.getImageData(...box).data;
    let drawn = 0;
    for (let at = 3; at < pixels.length; at += 4) if (pixels[at] > 60) drawn += 1;
    return drawn / (pixels.length / 4);
}"""  # noqa: E501


def on_axis(document: Body, iso: str, name: str) -> float:
    """Where a moment lies on the chart's axis, in bars, counted here once more."""
    local = datetime.fromisoformat(iso).astimezone(ZoneInfo(document["tz"]))
    passed = (local.hour * 60 + local.minute) / 1440
    if name == "all":
        year, month = map(int, document["monthly"]["start"].split("-"))
        length = ((local.date().replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
        return (local.year - year) * 12 + local.month - month + (local.day - 1 + passed) / length
    start = document["weekly"]["start"] if name == "365d" else document["windows"][name]["from"]
    days = (local.date() - date.fromisoformat(start)).days + passed
    return days * 24 if name == "1d" else days / 7 if name == "365d" else days


def expected(document: Body, name: str, bars: int) -> list[list[float]]:
    """All gaps on an axis, cut to it."""
    items = document["health"]["gaps"]["items"]
    spans = [[on_axis(document, item["from"], name), on_axis(document, item["to"], name)] for item in items]
    return [[max(lo, 0), min(hi, bars)] for lo, hi in spans if hi > 0 and lo < bars and hi > lo]


def zoned(tz: str, holes: list[tuple[str, str]], last: date) -> Body:
    """A short record in some zone with gaps at given local times."""
    zone = ZoneInfo(tz)
    ledger = Ledger(invented_ledger(years=0.01).music, [], last, tz=tz)
    start = datetime.combine(last - timedelta(days=40), time(12), zone)
    ledger.plays = [
        type(play)(int(start.timestamp()) + number * 7200, play.song, play.ms)
        for number, play in enumerate(invented_ledger(years=0.2).plays[:490])
    ]
    ledger.holes = [
        Hole(datetime.fromisoformat(lo).replace(tzinfo=zone), datetime.fromisoformat(hi).replace(tzinfo=zone))
        for lo, hi in holes
    ]
    return dict(compile_document(ledger).model_dump(mode="json", by_alias=True))


ZONES = {
    "clock goes back": ("Europe/Stockholm", "2026-10-24T20:00", "2026-10-25T06:30", date(2026, 10, 28)),
    "clock goes forward": ("Europe/Stockholm", "2026-03-28T20:00", "2026-03-29T06:30", date(2026, 4, 2)),
    "quarter hours": ("Asia/Kathmandu", "2026-06-10T23:10", "2026-06-12T01:05", date(2026, 6, 12)),
    "new year": ("America/St_Johns", "2025-12-31T22:00", "2026-01-01T03:00", date(2026, 1, 3)),
    "leap day": ("Pacific/Auckland", "2028-02-28T22:00", "2028-03-01T03:00", date(2028, 3, 2)),
}


@pytest.mark.parametrize("case", ZONES)
def test_a_gap_lies_where_the_listeners_clock_says(show: Show, case: str) -> None:
    tz, lo, hi, last = ZONES[case]
    document = zoned(tz, [(lo, hi)], last)
    shown = show(document)
    for name in ("1d", "7d", "30d", "90d", "365d", "all"):
        shown.choose(name)
        chart = shown.chart("over-time")
        want = expected(document, name, len(chart["labels"]))
        assert [pytest.approx(pair) for pair in want] == chart["gaps"]
    assert shown.faults == []


@pytest.fixture(scope="module", params=[sample, gap_heavy], ids=["sample", "gap_heavy"])
def holey(request: pytest.FixtureRequest, show_shared: Show) -> tuple[Body, Shown]:
    """A document with gaps, and the page over it."""
    document = request.param()
    shown = show_shared(document)
    shown.unfold()
    return document, shown


@pytest.mark.parametrize("name", ["7d", "30d", "90d", "365d", "all"])
def test_gaps_are_hatched_on_the_canvas_and_named_in_the_twin(holey: tuple[Body, Shown], name: str) -> None:
    document, shown = holey
    shown.choose(name)
    chart = shown.chart("over-time")
    bars = len(chart["labels"])
    gaps = expected(document, name, bars)
    assert gaps
    assert [pytest.approx(pair) for pair in gaps] == chart["gaps"]
    for lo, hi in gaps:
        assert shown.page.evaluate(INK, ["over-time", lo, hi]) > 0.08
    lies = [any(lo < bar + 1 and hi > bar for lo, hi in gaps) for bar in range(bars)]
    told = shown.texts("#over-time-table tbody td:last-child")
    assert told == ["may be incomplete" if lie else "complete" for lie in lies]
    assert shown.page.is_visible("#over-time-key")
    assert "not covered by any check" in shown.text("#over-time-words")


def test_without_gaps_nothing_is_hatched(show: Show) -> None:
    document = sample()
    document["health"]["gaps"] = {"total": 0, "hours": 0, "est_lost": [0, 0], "items": []}
    for window in document["windows"].values():
        window["gap_minutes"] = 0
    shown = show(document)
    shown.unfold()
    assert shown.chart("over-time")["gaps"] == []
    empty_day = document["daily"]["plays"][-30:].index(0)
    assert shown.page.evaluate(INK, ["over-time", empty_day, empty_day + 1]) < 0.02
    assert not shown.page.is_visible("#over-time-key")
    assert not shown.page.is_visible("#gaps")
    assert "complete" not in " ".join(shown.texts("#over-time-table"))
    assert shown.text("#verdict") == "Record complete"


def test_a_gap_in_the_span_before_makes_it_no_measure(show: Show) -> None:
    document = sample()
    shown = show(document)
    shown.choose("7d")
    assert shown.text("#plays-delta").startswith("−")  # noqa: RUF001
    item = document["health"]["gaps"]["items"][0]
    before = datetime.fromisoformat(document["windows"]["7d"]["from"]).replace(tzinfo=UTC) - timedelta(days=3)
    item |= {"from": utc(before), "to": utc(before + timedelta(hours=2))}
    shown = show(document, fragment="#7d")
    assert shown.text("#plays-delta") == "– a gap lies in the 7 days before"  # noqa: RUF001


def test_checks_that_had_stopped_leave_a_gap_that_is_still_open(show: Show) -> None:
    document = sample()
    document["health"] |= {"unpolled_since": "2026-11-09T06:00:00Z"}
    shown = show(document, fragment="#7d")
    shown.unfold()
    assert shown.chart("over-time")["gaps"][-1] == [pytest.approx(5 + 7 / 24), 7]
    assert shown.page.evaluate(INK, ["over-time", 6, 7]) > 0.08
    assert (shown.page.get_attribute("#health", "data-severity"), shown.text("#verdict")) == (
        "warn",
        "Checks had stopped",
    )
    assert "9 Nov 2026, 07:00" in shown.text("#concerns")
    assert shown.texts("#over-time-table tbody td:last-child")[-2:] == ["may be incomplete"] * 2
    assert shown.faults == []


def test_gaps_too_old_to_be_listed_are_owned_up_to(show: Show) -> None:
    document = gap_heavy()
    assert document["health"]["gaps"]["total"] == 60
    shown = show(document)
    assert "The newest 20 are listed" in shown.text("#gaps-words")
    shown.choose("90d")
    assert shown.text("#plays-delta").startswith("–")  # noqa: RUF001
