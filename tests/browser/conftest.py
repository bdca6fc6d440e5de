"""The page in a real Chromium, served by the product's own server under its own header policy."""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from cli.serve import PAGE, serving
from tests.support.browsing import chromium, chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

UNFOLD = """() => Promise.all([...document.querySelectorAll('details:not([open])')].map(one =>
    new Promise(done => { one.addEventListener('toggle', done, {once: true}); one.open = true })))"""

Needs = Callable[[str, str], NoReturn]


@pytest.fixture(scope="session")
def browser(needs: Needs) -> "Iterator[Browser]":
    """One Chromium for the whole run."""
    path = chromium_path()
    if path is None or importlib.util.find_spec("playwright") is None:
        reason = "no Chromium on this machine" if path is None else "playwright is not installed"
        if os.environ.get("PLAYLEDGER_REQUIRE_BROWSER") == "1":
            pytest.fail(f"PLAYLEDGER_REQUIRE_BROWSER is 1: {reason}", pytrace=False)
        needs("browser", reason)
    with chromium(path) as running:
        yield running


class Shown:
    """A page that was opened, and everything that went wrong on it. What a policy refuses the console tells, too."""

    def __init__(self, page: "Page", address: str) -> None:
        self.page = page
        self.address = address
        self.faults: list[str] = []
        self._heard = {"console": self._console, "pageerror": self._error, "requestfailed": self._failed}
        for event, hear in self._heard.items():
            page.on(event, hear)  # type: ignore[call-overload]

    def let_go(self) -> None:
        """Stops listening."""
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _error(self, error: Exception) -> None:
        self.faults.append(f"error: {error}")

    def _failed(self, request: "Request") -> None:
        self.faults.append(f"failed: {request.url}")

    def foreign(self) -> list[str]:
        """What was asked of anybody but our own server."""
        asked = self.page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
        return [url for url in asked if not url.startswith(self.address)]

    def open(self, fragment: str = "") -> "Shown":
        """Loads the page and waits until it has said something."""
        self.page.goto(self.address + fragment, wait_until="load")
        self.page.wait_for_selector("body:not([data-state=loading])")
        return self

    @property
    def state(self) -> str | None:
        """What the page makes of its data: ready, empty, problem."""
        return self.page.get_attribute("body", "data-state")

    def text(self, selector: str) -> str:
        """The text of the one element."""
        return (self.page.locator(selector).text_content() or "").strip()

    def says(self, selector: str, part: str) -> None:
        """Waits until the element's text holds `part`: what a pointer does takes a frame."""
        self.page.locator(selector, has_text=part).wait_for()

    def texts(self, selector: str) -> list[str]:
        """The texts of all such elements, hidden ones too."""
        return [text.strip() for text in self.page.locator(selector).all_text_contents()]

    def chart(self, canvas: str) -> dict[str, Any]:
        """What Chart.js draws on a canvas: labels, data, and the gaps."""
        script = """id => { const chart = Chart.getChart(id); return {labels: chart.data.labels,
            data: chart.data.datasets[0].data, colour: chart.data.datasets[0].backgroundColor,
            gaps: chart.options.plugins.hatching.gaps.map(({from, to}) => [from, to])} }"""
        return dict(self.page.evaluate(script, canvas))

    def choose(self, name: str) -> None:
        """Presses the button of a window, or picks a calendar year."""
        if name.isdigit():
            self.page.select_option("#calendar-year", name)
        else:
            self.page.click(f"button[data-window='{name}']")

    def unfold(self) -> None:
        """Opens all that is folded; tables that are folded are not filled."""
        self.page.evaluate(UNFOLD)

    def axe(self) -> list[str]:
        """What axe-core objects to: `rule: element` for every violation."""
        if not self.page.evaluate("typeof axe !== 'undefined'"):
            self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(result => result.violations)",
            AXE_TAGS,
        )
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


Show = Callable[..., Shown]


def at(now: str) -> "Callable[[BrowserContext], None]":
    """Makes a context's clock stand at a moment."""

    def fixed(context: "BrowserContext") -> None:
        context.clock.set_fixed_time(now)

    return fixed


class Pages:
    """Pages to be used again: a new context costs three times what a new document does."""

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self._idle: list[Page] = []

    def take(self, width: int, scheme: str) -> "Page":
        """A page as if it were new, but for what its context has cached."""
        page = self._idle.pop() if self._idle else self._browser.new_context().new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="null", color_scheme=scheme, forced_colors="null", reduced_motion="null")  # type: ignore[arg-type]
        return page

    def give_back(self, page: "Page") -> None:
        """For the next one."""
        page.goto("about:blank")
        self._idle.append(page)


@pytest.fixture(scope="session")
def pages(browser: "Browser") -> Pages:
    """The run's pages."""
    return Pages(browser)


@pytest.fixture
def show(browser: "Browser", pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """Opens the page over a document: bytes as they are, a dict as JSON, or None for no file at all."""
    with ExitStack() as stack:
        yield Opener(browser, pages, tmp_path_factory, stack)


@pytest.fixture(scope="module")
def show_shared(browser: "Browser", pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """The same for pages that several tests look at."""
    with ExitStack() as stack:
        yield Opener(browser, pages, tmp_path_factory, stack)


class Opener:
    """What `show` is."""

    def __init__(self, browser: "Browser", pages: Pages, folders: pytest.TempPathFactory, stack: ExitStack) -> None:
        self._browser, self._pages, self._folders, self._stack = browser, pages, folders, stack

    def __call__(
        self,
        document: dict[str, Any] | bytes | None,
        *,
        width: int = 1280,
        scheme: str = "light",
        fragment: str = "",
        page: Path = PAGE,
        own: "Callable[[BrowserContext], object] | None" = None,
        **options: Any,
    ) -> Shown:
        """`own` prepares a context of its own, `options` are that context's; `page` is another page's folder."""
        folder = self._folders.mktemp("site")
        if document is not None:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            (folder / "dashboard_data.json").write_bytes(body)
        address = self._stack.enter_context(serving(data=folder, page=page))
        if own or options:
            size = {"width": width, "height": 900}
            context = self._browser.new_context(viewport=size, color_scheme=scheme, **options)  # type: ignore[arg-type]
            self._stack.callback(context.close)
            if own:
                own(context)
            return Shown(context.new_page(), address).open(fragment)
        taken = self._pages.take(width, scheme)
        shown = Shown(taken, address)
        self._stack.callback(self._pages.give_back, taken)
        self._stack.callback(shown.let_go)
        return shown.open(fragment)
