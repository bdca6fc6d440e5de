"""How the page arrives: nothing jumps, an altered library is refused, light and dark and print all work."""

from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from cli.serve import PAGE
from tests.browser.conftest import Show
from tests.browser.datasets import sample
from tests.browser.layout import OUTSIDE

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = pytest.mark.browser

SHIFTS = """window.__shift = 0; new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
}).observe({type: 'layout-shift', buffered: true});"""
MOST_SHIFT = 0.05
MOST_NODES = 2200


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_when_the_numbers_come(show: Show, width: int) -> None:
    shown = show(sample(), width=width, own=lambda context: context.add_init_script(SHIFTS))
    shown.page.wait_for_timeout(100)
    assert shown.page.evaluate("window.__shift") <= MOST_SHIFT


def test_a_jump_would_be_noticed(show: Show, tmp_path: Path) -> None:
    page = tmp_path / "page"
    copytree(PAGE, page, ignore=lambda *_: ["__pycache__", "sample"])
    sheet = (page / "style.css").read_text("utf-8")
    (page / "style.css").write_text(
        sheet.replace("min-height", "--gone").replace("height: 16rem", "--gone: 0"), "utf-8"
    )
    shown = show(sample(), width=390, page=page, own=lambda context: context.add_init_script(SHIFTS))
    shown.page.wait_for_timeout(100)
    assert shown.page.evaluate("window.__shift") > MOST_SHIFT


def test_the_page_stays_small_in_every_window(show: Show) -> None:
    shown = show(sample())
    for name in ("1d", "7d", "30d", "90d", "365d", "all"):
        shown.choose(name)
        assert shown.page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES


def test_one_altered_byte_of_the_library_is_refused_and_the_rest_works(show: Show, tmp_path: Path) -> None:
    page = tmp_path / "page"
    copytree(PAGE, page, ignore=lambda *_: ["__pycache__", "sample"])
    library = page / "vendor" / "chart.umd.js"
    body = bytearray(library.read_bytes())
    body[len(body) // 2] ^= 1
    library.write_bytes(bytes(body))
    shown = show(sample(), page=page)
    assert any("integrity" in fault for fault in shown.faults)
    assert shown.page.evaluate("typeof Chart") == "undefined"
    assert shown.state == "ready"
    for canvas in ("over-time", "hours", "discovery"):
        assert "could not be drawn" in shown.text(f".chart:has(#{canvas}) .refused")
        assert not shown.page.is_visible(f"#{canvas}")
    shown.unfold()
    shown.choose("7d")
    assert shown.text("#plays") == f"{sample()['windows']['7d']['plays']:,}"
    assert shown.page.locator("#over-time-table tbody tr").count() == 7
    assert shown.page.locator("#top-tracks > li").count() == 10
    assert shown.axe() == []


def test_numbers_do_not_wait_for_a_slow_library_and_charts_come_when_it_does(show: Show) -> None:
    shown = show(sample(), own=lambda _: None)
    held: list[Route] = []
    shown.page.route("**/chart.umd.js*", lambda route: held.append(route))
    shown.page.goto(shown.address, wait_until="commit")
    shown.page.wait_for_selector("body[data-state=ready]")
    assert shown.text("#plays") == f"{sample()['windows']['30d']['plays']:,}"
    assert not shown.page.is_visible(".refused")
    held[0].continue_()
    shown.page.wait_for_function("() => globalThis.Chart?.getChart('over-time') && Chart.getChart('hours')")
    assert not shown.page.is_visible(".refused")
    assert shown.faults == []


def test_charts_follow_from_light_to_dark(show: Show) -> None:
    shown = show(sample())
    light = shown.chart("over-time")["colour"]
    shown.page.emulate_media(color_scheme="dark")
    shown.page.wait_for_function(
        "light => Chart.getChart('over-time').data.datasets[0].backgroundColor !== light", arg=light
    )
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 21, 24)"
    assert shown.faults == []


@pytest.mark.parametrize(
    "media", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}, {"media": "print"}], ids=str
)
def test_other_ways_to_look_at_it(show: Show, media: dict[str, str]) -> None:
    shown = show(sample(), width=390)
    shown.page.emulate_media(**media)  # type: ignore[arg-type]
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert shown.page.evaluate(OUTSIDE) == []
    assert shown.text("#plays") == f"{sample()['windows']['30d']['plays']:,}"
    assert shown.faults == []


def test_text_of_twice_the_size_fits(show: Show) -> None:
    shown = show(sample(), width=640, own=lambda _: None)
    session = shown.page.context.new_cdp_session(shown.page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    shown.page.wait_for_function("() => getComputedStyle(document.body).fontSize === '32px'")
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert shown.page.evaluate(OUTSIDE) == []


def test_nothing_moves_by_itself(show: Show) -> None:
    shown = show(sample())
    assert shown.page.evaluate("document.getAnimations().length") == 0
    assert shown.page.evaluate("Chart.getChart('over-time').options.animation") is False


def test_a_search_engine_is_told_to_stay_away(show: Show) -> None:
    shown = show(sample())
    assert "noindex" in (shown.page.get_attribute("meta[name=robots]", "content") or "")
