"""By keyboard alone: everything can be reached in reading order, seen, and used."""

from itertools import pairwise

import pytest

from tests.browser.conftest import Show, Shown
from tests.browser.datasets import sample

pytestmark = pytest.mark.browser

FOCUSED = """() => { const one = document.activeElement, style = getComputedStyle(one);
    const all = [...document.querySelectorAll('*')];
    return {at: all.indexOf(one), tag: one.localName, id: one.id, text: one.textContent.trim().slice(0, 30),
        heat: one.closest('.heat')?.id ?? null,
        isSeen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        covered: one.getBoundingClientRect().bottom < 0 || one.getBoundingClientRect().top > innerHeight} }"""


@pytest.fixture(scope="module")
def opened(show_shared: Show) -> Shown:
    """The sample's page."""
    return show_shared(sample())


@pytest.fixture
def shown(opened: Shown) -> Shown:
    """The same, loaded anew."""
    opened.page.goto("about:blank")
    return opened.open()


def test_tab_reaches_everything_in_reading_order_and_is_always_seen(shown: Shown) -> None:
    visited = []
    for _ in range(400):
        shown.page.keyboard.press("Tab")
        focused = shown.page.evaluate(FOCUSED)
        if focused["tag"] == "body":
            break
        visited.append(focused)
    assert [one["at"] for one in visited] == sorted(one["at"] for one in visited)
    assert [one["text"] for one in visited if not one["isSeen"]] == []
    assert [one["text"] for one in visited if one["covered"]] == []
    buttons = [one["text"] for one in visited if one["tag"] == "button"]
    assert buttons[:6] == ["Yesterday", "7 days", "30 days", "90 days", "Year", "All"]
    assert buttons[6:8] == ["By plays", "By time"]
    assert buttons[8] == "Show 25"
    assert buttons[-2].startswith("Show ")
    assert len([one for one in buttons[8:] if one.startswith("since ")]) == 10
    assert len([one for one in buttons[8:] if one.startswith("Show ")]) == 7
    assert visited[0]["text"] == "Skip to the numbers"
    assert [one["heat"] for one in visited if one["heat"]] == ["week", "year"]
    assert [one["id"] for one in visited if one["tag"] == "select"] == ["calendar-year", "year-choice"]
    assert len([one for one in visited if one["tag"] == "summary"]) == 5
    assert visited[-1]["tag"] == "summary"


def test_enter_and_space_choose_a_window(shown: Shown) -> None:
    shown.page.focus("button[data-window='7d']")
    shown.page.keyboard.press("Enter")
    assert shown.page.get_attribute("button[data-window='7d']", "aria-pressed") == "true"
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("Space")
    assert shown.page.get_attribute("button[data-window='90d']", "aria-pressed") == "true"


def test_focus_stays_where_it_was_when_a_list_unfolds(shown: Shown) -> None:
    shown.page.focus("#top-artists + button")
    shown.page.keyboard.press("Enter")
    assert shown.page.locator("#top-artists > li").count() == 25
    assert shown.page.evaluate("document.activeElement.previousElementSibling.id") == "top-artists"


def test_arrows_walk_through_the_week_and_the_line_below_reads_it(shown: Shown) -> None:
    hourdow = sample()["windows"]["30d"]["hourdow"]
    shown.page.locator("#week td[tabindex='0']").focus()
    assert shown.text("#week-readout") == f"Monday, 00:00 – 01:00: {plays(hourdow[0])}"  # noqa: RUF001
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowDown", "ArrowLeft"):
        shown.page.keyboard.press(key)
    assert shown.text("#week-readout") == f"Tuesday, 01:00 – 02:00: {plays(hourdow[25])}"  # noqa: RUF001
    assert shown.page.locator("#week td[tabindex='0']").count() == 1
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        shown.page.keyboard.press(key)
    assert shown.text("#week-readout").startswith("Monday, 00:00")


def test_arrows_in_a_table_do_not_scroll_the_page(shown: Shown) -> None:
    shown.page.evaluate("addEventListener('keydown', event => { window.wasStopped = event.defaultPrevented })")
    shown.page.locator("#week td[tabindex='0']").focus()
    for key, is_stopped in (("ArrowDown", True), ("ArrowUp", True), ("Control+ArrowDown", False), ("PageDown", False)):
        shown.page.keyboard.press(key)
        assert shown.page.evaluate("window.wasStopped") is is_stopped


def plays(count: int) -> str:
    return f"{count:,} play" if count == 1 else f"{count:,} plays"


def year_readout(shown: Shown) -> str:
    """The line under the year; browsers differ on a comma in a date."""
    return shown.text("#year-readout").replace(", ", " ")


def test_arrows_walk_through_the_year_from_the_last_day_back(shown: Shown) -> None:
    days = sample()["alldays"]["plays"]
    shown.page.locator("#year td[tabindex='0']").focus()
    assert year_readout(shown) == f"Tuesday 10 November 2026: {plays(days[-1])}"
    shown.page.keyboard.press("ArrowDown")
    assert year_readout(shown).startswith("Tuesday 10 November")
    shown.page.keyboard.press("ArrowLeft")
    assert year_readout(shown) == f"Tuesday 3 November 2026: {plays(days[-8])}"
    shown.page.select_option("#year-choice", "2024")
    shown.page.locator("#year tbody td:not(.none)").first.hover()
    shown.says("#year-readout", "2024")


def test_pointing_reads_a_square_too(shown: Shown) -> None:
    shown.page.locator("#week tbody tr:nth-child(5) td:nth-child(20)").hover()
    shown.says("#week-readout", "Friday, 18:00")


@pytest.mark.parametrize(
    ("canvas", "table"), [("over-time", "over-time-table"), ("hours", "hours-table"), ("discovery", "discovery-table")]
)
def test_a_chart_has_a_role_a_name_a_description_and_a_twin(shown: Shown, canvas: str, table: str) -> None:
    shown.unfold()
    attributes = {
        name: shown.page.get_attribute(f"#{canvas}", name) for name in ("role", "aria-labelledby", "aria-describedby")
    }
    assert attributes["role"] == "img"
    assert shown.text(f"#{attributes['aria-labelledby']}")
    assert len(shown.text(f"#{attributes['aria-describedby']}")) > 20
    assert shown.page.locator(f"#{table} tbody tr").count() == len(shown.chart(canvas)["labels"])


def test_headings_are_in_order_and_there_is_one_first(shown: Shown) -> None:
    levels = shown.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => Number(one.localName[1]))")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
