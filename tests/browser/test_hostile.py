"""Names and ids that attack the page: shown letter by letter, never run, never a link."""

import json
import re

import pytest

from tests.browser.conftest import Show, Shown
from tests.browser.datasets import NAMES, PAYLOADS, hostile, many_scripts, sample

pytestmark = pytest.mark.browser

KINDS = """() => { const counts = {};
    for (const { localName } of document.querySelectorAll('*')) counts[localName] = (counts[localName] ?? 0) + 1;
    return counts }"""
ALLOWED_LINK = re.compile(
    r"#main|dashboard_data\.json|https://www\.spotify\.com/|https://open\.spotify\.com/\w+/[A-Za-z0-9]{22}"
)


@pytest.fixture(scope="module", params=[hostile, many_scripts], ids=["hostile", "many_scripts"])
def attacked(request: pytest.FixtureRequest, show_shared: Show) -> Shown:
    """The page over such names, everything unfolded."""
    shown = show_shared(request.param())
    for name in ("1d", "7d", "90d", "365d", "all", "30d"):
        shown.choose(name)
    for button in shown.page.locator("button.more:visible").all():
        button.click()
    shown.unfold()
    return shown


def values_of(attacked: Shown) -> tuple[str, ...]:
    """Which list the page was filled with."""
    return PAYLOADS if "question <script>window.__hit=1</script>" in attacked.texts("#questions th") else NAMES


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) >= 20


def test_nothing_ran_and_nothing_was_reported(attacked: Shown) -> None:
    assert attacked.page.evaluate("window.__hit") is None
    assert attacked.faults == []
    assert attacked.page.url.startswith(attacked.address)


def test_no_element_of_a_strange_kind_was_made(attacked: Shown, show: Show) -> None:
    plain = set(show(sample()).page.evaluate(KINDS))
    assert set(attacked.page.evaluate(KINDS)) <= plain
    assert attacked.page.locator("script").count() == 2
    attributes = attacked.page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(one => [...one.attributes].map(({name}) => name))"
    )
    assert [name for name in attributes if name.startswith("on") or name == "srcdoc"] == []


def test_every_name_is_shown_as_it_is_written(attacked: Shown) -> None:
    values = values_of(attacked)
    body = attacked.page.evaluate("document.body.textContent")
    shown = [text.strip() for text in attacked.page.locator("bdi").all_text_contents()]
    for value in values:
        assert (value.strip() or "(no name)") in shown if value else "(no name)" in shown
        assert f"question {value}" in body


def test_links_lead_to_spotify_or_stay_here(attacked: Shown) -> None:
    links = attacked.page.evaluate("[...document.querySelectorAll('a')].map(one => one.getAttribute('href'))")
    assert [link for link in links if not ALLOWED_LINK.fullmatch(link)] == []
    assert "open.spotify.com" not in json.dumps(links)


@pytest.mark.parametrize(
    ("spotify_id", "is_link"),
    [
        ("0123456789ABCDEFGHIJKL", True),
        ("0123456789ABCDEFGHIJK", False),
        ("0123456789ABCDEFGHIJKLM", False),
        ("0123456789ABCDEFGHIJK\n", False),
        ("0123456789ABCDEFGHIJKL\n", False),
        ("0123456789ABCDEFGHIJ-L", False),
        ("", False),
        (None, False),
    ],
)
def test_only_an_id_of_spotifys_form_makes_a_link(attacked: Shown, spotify_id: str | None, is_link: bool) -> None:
    script = "id => import('./js/dom.js').then(({named}) => named('A', 'track', id)).then(made => made.href ?? null)"
    href = f"https://open.spotify.com/track/{spotify_id}" if is_link else None
    assert attacked.page.evaluate(script, spotify_id) == href
