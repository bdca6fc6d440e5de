"""The page's source: nothing inline, nothing that turns text into markup, the library exactly the one recorded."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.tree import ROOT

pytestmark = pytest.mark.house

PAGE = ROOT / "dashboard"
MODULES = sorted((PAGE / "js").rglob("*.js"))
MAIN_LINES, MODULE_LINES = 60, 150
APP_BYTES, PAGE_BYTES = 46_000, 150_000

MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|srcdoc"
    r"|\beval\b|new Function|setAttribute\(\s*[\"'](?:style|on)|[\"']javascript:|createElementNS|\.src\s*="
)


class Tags(HTMLParser):
    """Every start tag of a document with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style") and data.strip():
            self.inline.append(data.strip())


@pytest.fixture(scope="module")
def index() -> Tags:
    """The page's only document."""
    return Tags((PAGE / "index.html").read_text("utf-8"))


def faults(tags: Tags) -> list[str]:
    """What a strict policy would refuse, or what would escape it."""
    found = list(tags.inline)
    for tag, attributes in tags.found:
        found += [f"{tag} {name}" for name in attributes if name.startswith("on") or name in ("style", "srcdoc")]
        if tag in ("style", "iframe", "object", "embed", "base", "form"):
            found.append(tag)
        if tag == "script" and not attributes.get("src"):
            found.append("script without src")
        addresses = [attributes.get(name) or "" for name in ("src", "href")]
        found += [link for link in addresses if "://" in link and tag != "a"]
    return found


def sri(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def test_the_document_has_nothing_inline_and_nothing_foreign(index: Tags) -> None:
    assert faults(index) == []


@pytest.mark.parametrize(
    "text",
    [
        "<p style='color:red'>",
        "<p onclick='x()'>",
        "<script>x()</script>",
        "<style>p{}</style>",
        "<script src='https://cdn.example/x.js'></script>",
        "<link rel=stylesheet href='https://cdn.example/x.css'>",
        "<base href='/x'>",
    ],
)
def test_such_a_line_would_be_seen(text: str) -> None:
    assert faults(Tags(text))


def test_no_module_turns_text_into_markup() -> None:
    assert [f"{path.name}: {hit.group()}" for path in MODULES for hit in MARKUP.finditer(path.read_text("utf-8"))] == []


def test_no_module_knows_a_foreign_address_but_spotifys() -> None:
    known = {"https://open.spotify.com/${kind}/${id}"}
    found = {hit for path in MODULES for hit in re.findall(r"https?://[^\"'`\s]+", path.read_text("utf-8"))}
    assert found == known


def test_the_library_is_the_recorded_one(index: Tags) -> None:
    script = next(attributes for tag, attributes in index.found if tag == "script" and "integrity" in attributes)
    readme = (PAGE / "vendor" / "README.md").read_text("utf-8")
    library = PAGE / "vendor" / "chart.umd.js"
    assert script["integrity"] == sri(library)
    assert f"`{sri(library)}`" in readme
    version = re.match(r"/\*!\s*\* Chart\.js v([\d.]+)", library.read_text("utf-8"))
    assert version
    assert script["src"] == f"vendor/chart.umd.js?v={version[1]}"
    assert f"| {version[1]} |" in readme


def test_every_module_is_loaded_ahead_and_none_is_forgotten(index: Tags) -> None:
    ahead = [attributes["href"] for tag, attributes in index.found if attributes.get("rel") == "modulepreload"]
    modules = {path.relative_to(PAGE).as_posix() for path in MODULES}
    assert sorted(map(str, ahead)) == sorted(modules - {"js/main.js", "js/types.js"})
    imported = {
        (path.parent / name).resolve()
        for path in MODULES
        for name in re.findall(r"from \"(\.[^\"]+)\"", path.read_text("utf-8"))
    }
    assert imported == {path for path in MODULES if path.name not in ("main.js", "types.js")}


def test_modules_are_short_typed_and_say_what_they_are_for() -> None:
    for path in MODULES:
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= (MAIN_LINES if path.name == "main.js" else MODULE_LINES), path.name
        assert lines[0] == "// @ts-check", path.name
        assert lines[1].startswith("/**"), path.name


def test_every_element_a_module_asks_for_is_in_the_document(index: Tags) -> None:
    present = {attributes["id"] for _, attributes in index.found if "id" in attributes}
    asked = {
        name for path in MODULES for name in re.findall(r"(?:byId|say|fill)\(\"([\w-]+)\"", path.read_text("utf-8"))
    }
    assert asked
    assert asked <= present


def test_ids_are_unique_and_references_lead_somewhere(index: Tags) -> None:
    ids = [attributes["id"] for _, attributes in index.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in index.found:
        for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_the_page_is_light() -> None:
    def packed(paths: list[Path]) -> int:
        return sum(len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in paths)

    loaded = [path for path in MODULES if path.name != "types.js"]
    app = packed([PAGE / "index.html", PAGE / "style.css", PAGE / "icon.svg", *loaded])
    assert app <= APP_BYTES
    assert app + packed([PAGE / "vendor" / "chart.umd.js", PAGE / "sample" / "dashboard_data.json"]) <= PAGE_BYTES


def test_the_policy_file_names_headers_once() -> None:
    policy = json.loads((PAGE / "headers.json").read_text("utf-8"))
    assert set(policy) == {"every", "cache_control"}
    assert policy["cache_control"][-1]["pattern"] == "*"
    names = [name.lower() for name in policy["every"]]
    assert len(names) == len(set(names))
    assert not re.search(r"unsafe|\*|data:|https?:", policy["every"]["Content-Security-Policy"])
