"""Choosing a span: buttons, keys, the address, the back button."""

import pytest

from playledger.dashboard_data import WINDOW_NAMES
from tests.browser.conftest import Show, Shown, at
from tests.browser.datasets import sample

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(show_shared: Show) -> Shown:
    """The sample's page."""
    return show_shared(sample())


@pytest.fixture
def shown(opened: Shown) -> Shown:
    """The same, loaded anew."""
    opened.page.goto("about:blank")
    return opened.open()


def pressed(shown: Shown) -> list[str | None]:
    """The windows whose buttons are pressed."""
    return [button.get_attribute("data-window") for button in shown.page.locator("#buttons [aria-pressed=true]").all()]


def shows(shown: Shown, name: str) -> bool:
    """Whether the page shows this window, its button included."""
    shown.page.wait_for_selector(f"[data-window='{name}'][aria-pressed=true]")
    return pressed(shown) == [name] and shown.text("#plays") == f"{sample()['windows'][name]['plays']:,}"


def test_it_begins_with_thirty_days(shown: Shown) -> None:
    assert shows(shown, "30d")
    assert shown.text("#span") == "12 Oct – 10 Nov 2026"  # noqa: RUF001


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_a_button_chooses(opened: Shown, name: str) -> None:
    opened.choose(name)
    assert shows(opened, name)
    assert opened.page.url.endswith(f"#{name}") or name == "30d"


@pytest.mark.parametrize(("key", "name"), list(zip("123456", WINDOW_NAMES, strict=True)))
def test_a_key_chooses(opened: Shown, key: str, name: str) -> None:
    opened.page.keyboard.press(key)
    assert shows(opened, name)


def test_other_keys_and_shortcuts_do_nothing(shown: Shown) -> None:
    for key in ("0", "7", "a", "Control+1", "Alt+2", "Escape"):
        shown.page.keyboard.press(key)
    shown.page.focus("#year-choice")
    shown.page.keyboard.press("2")
    assert shows(shown, "30d")


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_address_chooses(shown: Shown, name: str) -> None:
    shown.page.goto("about:blank")
    assert shows(shown.open(f"#{name}"), name)


def test_the_address_chooses_a_calendar_year_and_a_key_leaves_it(shown: Shown) -> None:
    shown.page.goto("about:blank")
    shown.open("#2025")
    assert (shown.page.input_value("#calendar-year"), pressed(shown)) == ("2025", [])
    assert shown.text("#span") == "1 Jan – 31 Dec 2025"  # noqa: RUF001
    shown.page.keyboard.press("6")
    assert shows(shown, "all")
    shown.page.go_back()
    shown.says("#span", "31 Dec 2025")


@pytest.mark.parametrize("fragment", ["#nonsense", "#30D", "#__proto__", "#<img>", "#main"])
def test_an_address_that_names_none_shows_thirty_days(shown: Shown, fragment: str) -> None:
    shown.page.goto("about:blank")
    assert shows(shown.open(fragment), "30d")


def test_back_and_forward_go_through_what_was_chosen(shown: Shown) -> None:
    shown.choose("7d")
    shown.page.keyboard.press("6")
    shown.page.go_back()
    assert shows(shown, "7d")
    shown.page.go_back()
    assert shows(shown, "30d")
    shown.page.go_forward()
    assert shows(shown, "7d")


def test_the_way_to_the_numbers_keeps_the_span(shown: Shown) -> None:
    shown.choose("90d")
    shown.page.focus(".skip")
    shown.page.keyboard.press("Enter")
    assert shown.page.evaluate("document.activeElement.id") == "main"
    assert shows(shown, "90d")


def test_an_opened_list_stays_open_over_a_change(shown: Shown) -> None:
    button = shown.page.locator("#top-tracks + button")
    button.click()
    shown.choose("90d")
    assert shown.page.locator("#top-tracks > li").count() == 25
    assert (button.text_content(), button.get_attribute("aria-expanded")) == ("Show 10", "true")
    button.click()
    assert shown.page.locator("#top-tracks > li").count() == 10


def test_the_shortest_span_is_called_yesterday_only_when_it_is(show: Show) -> None:
    button = "#buttons button:first-child"
    live = sample() | {"mode": "live"}
    assert show(live, own=at("2026-11-11T08:00:00Z")).text(button) == "Yesterday"
    assert show(live, own=at("2026-11-12T08:00:00Z")).text(button) == "Last day"
    assert show(live, own=at("2026-11-10T22:30:00Z")).text(button) == "Last day"
    assert show(sample(), own=at("2030-01-01T00:00:00Z")).text(button) == "Yesterday"
