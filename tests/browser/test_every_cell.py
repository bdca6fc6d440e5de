"""Every kind of document, three widths, light and dark: nothing fails, nothing sticks out, axe objects to nothing."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from cli.serve import PAGE
from tests.browser.conftest import Show, Shown
from tests.browser.datasets import DATASETS, sample
from tests.browser.layout import CLIPPED, OUTSIDE, OVERLAPPING

pytestmark = pytest.mark.browser

WIDTHS = (320, 390, 1280)
UNTRUSTED = (
    "try { document.body.insertAdjacentHTML('beforeend', '<i></i>') } catch (error) { console.error(String(error)) }"
)


@pytest.fixture(
    scope="module", params=[(name, scheme) for name in DATASETS for scheme in ("light", "dark")], ids="-".join
)
def cell(request: pytest.FixtureRequest, show_shared: Show) -> Iterator[Shown]:
    """The page over one document in one colour scheme; closed again before the next is opened."""
    name, scheme = request.param
    shown = show_shared(DATASETS[name](), scheme=scheme)
    yield shown
    shown.page.goto("about:blank")


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_whole_and_accessible(cell: Shown, width: int) -> None:
    cell.page.set_viewport_size({"width": width, "height": 900})
    cell.unfold()
    assert cell.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert cell.page.evaluate(OUTSIDE) == []
    assert cell.page.evaluate(CLIPPED) == []
    assert cell.page.evaluate(OVERLAPPING) == []
    assert cell.axe() == []
    assert cell.foreign() == []
    assert cell.faults == []


def test_a_window_made_narrower_fits_before_the_charts_are_told(show: Show) -> None:
    deaf = "window.ResizeObserver = class { observe() {} unobserve() {} disconnect() {} }"
    shown = show(DATASETS["one_play"](), own=lambda context: context.add_init_script(deaf))
    shown.page.set_viewport_size({"width": 320, "height": 900})
    assert shown.page.evaluate("document.documentElement.scrollWidth") == 320
    assert shown.page.evaluate(OUTSIDE) == []


def broken_copy(folder: Path, old: str, new: str, name: str = "index.html") -> Path:
    """The page with one change."""
    page = folder / "page"
    copytree(PAGE, page, ignore=lambda *_: ["__pycache__", "sample"])
    text = (page / name).read_text("utf-8")
    assert text.count(old) >= 1
    (page / name).write_text(text.replace(old, new), "utf-8")
    return page


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        ("style.css", "--soft: #605c55", "--soft: #c9c6c0", "color-contrast"),
        ("index.html", '<label for="year-choice">Show</label>', "", "select-name"),
        ("index.html", '<html lang="en">', "<html>", "html-has-lang"),
        ("js/heat.js", 'scope: "row"', 'scope: "diagonal"', "scope-attr-valid"),
    ],
)
def test_axe_notices_a_broken_page(show: Show, tmp_path: Path, name: str, old: str, new: str, rule: str) -> None:
    shown = show(sample(), page=broken_copy(tmp_path, old, new, name))
    assert any(found.startswith(rule) for found in shown.axe())


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("index.html", "<footer>", '<footer style="color: red">', "style"),
        ("index.html", "<footer>", "<script>1</script><footer>", "script"),
        ("index.html", "<footer>", '<img src="https://evil.example/x.png" alt=""><footer>', "evil.example"),
        ("js/main.js", "const answer", f"{UNTRUSTED}\nconst answer", "TrustedHTML"),
        ("js/main.js", "const answer", "console.warn('something');\nconst answer", "something"),
        ("js/main.js", "const answer", "fetch('nothing.json');\nconst answer", "404"),
    ],
)
def test_a_breach_of_the_policy_is_noticed(
    show: Show, tmp_path: Path, name: str, old: str, new: str, fault: str
) -> None:
    shown = show(sample(), page=broken_copy(tmp_path, old, new, name))
    shown.page.wait_for_load_state("networkidle")
    assert any(fault in found for found in shown.faults)


def test_the_checks_of_layout_notice_a_broken_page(show: Show, tmp_path: Path) -> None:
    wide = broken_copy(tmp_path, "max-width: 78rem", "min-width: 90rem", "style.css")
    shown = show(sample(), width=390, page=wide)
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0
    assert shown.page.evaluate(OUTSIDE) != []
    shown.page.evaluate("document.querySelector('.figure').textContent = 'x'.repeat(400)")
    shown.page.evaluate("document.querySelector('.figure').style.overflow = 'hidden'")
    shown.page.evaluate("document.querySelector('.figure').style.whiteSpace = 'nowrap'")
    shown.page.evaluate("document.querySelector('.figure').style.maxWidth = '80px'")
    assert shown.page.evaluate(CLIPPED) != []
    shown.page.evaluate("document.querySelector('.tiles > div:last-child').style.marginTop = '-8rem'")
    assert shown.page.evaluate(OVERLAPPING) != []
