"""The page in a real Chromium, served by the product's own server under its own header policy."""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from cli.serve import PAGE, serving
from tests.support.browsing import chromium, chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

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
    """A page that was opened, and everything that went wrong on it."""

    def __init__(self, page: "Page", address: str) -> None:
        self.page = page
        self.address = address
        self.faults: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("requestfailed", lambda request: self.faults.append(f"failed: {request.url}"))
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def _request(self, request: "Request") -> None:
        if not request.url.startswith(self.address):
            self.faults.append(f"foreign: {request.url}")

    def _response(self, response: "Response") -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

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
        """Presses the button of a window."""
        self.page.click(f"button[data-window='{name}']")

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


@pytest.fixture
def show(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """Opens the page over a document: bytes as they are, a dict as JSON, or None for no file at all."""
    with _opener(browser, tmp_path_factory) as opened:
        yield opened


@pytest.fixture(scope="module")
def show_shared(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """The same for pages that several tests look at."""
    with _opener(browser, tmp_path_factory) as opened:
        yield opened


@contextmanager
def _opener(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    with ExitStack() as stack:

        def opened(
            document: dict[str, Any] | bytes | None,
            *,
            width: int = 1280,
            scheme: str = "light",
            fragment: str = "",
            page: Path = PAGE,
            now: str | None = None,
            before: "Callable[[BrowserContext], None] | None" = None,
            **options: Any,
        ) -> Shown:
            data = tmp_path_factory.mktemp("site")
            if document is not None:
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                (data / "dashboard_data.json").write_bytes(body)
            address = stack.enter_context(serving(data=data, page=page))
            size = {"width": width, "height": 900}
            context = browser.new_context(viewport=size, color_scheme=scheme, **options)  # type: ignore[arg-type]
            stack.callback(context.close)
            if before:
                before(context)
            if now:
                context.clock.set_fixed_time(now)
            return Shown(context.new_page(), address).open(fragment)

        yield opened
