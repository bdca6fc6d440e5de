"""What every file here keeps to, and what must never be in one."""

import ast
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.tree import ROOT, Source, files, product_files, python_files

pytestmark = pytest.mark.house

MIB = 1_000_000
VENDORED = ("vendor/", ".min.js")
LOCKS = ("uv", "build", "laptop", "aws", "dev", "lambda", "checkov")

# Written so that no pattern matches its own text.
STRAYS = {
    "host of a package registry": r"pythonhosted[.]org|registry[.]npmjs|https?://[\w.-]*/simple|\"resolved\": *\"http",
    "path of one machine": r"(?<![\w.}/])/(?:root|work|opt/pypi)/|[.]library/|/home/[a-z]+/(?!\.)",
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "private key": r"BEGIN [A-Z ]*PRIVATE KEY",
    "token": r"\bgh[pousr]_[A-Za-z0-9]{36}|\bxox[abp]-[0-9]|\bAQ[A-Za-z0-9_-]{120,}",
    "client secret": r"(?i)client_?secret[\"']?\s*[:=]\s*[\"'][0-9a-f]{32}",
}
UNFINISHED = r"(?<![\w-])(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)(?!\w)|pytest\.mark\.skip\("
NO_NAMES = re.compile(r"(?:^|/|_)(?:utils?|common|helpers?|misc|manager)(?:/|\.|_|$)", re.IGNORECASE)


def texts() -> list[tuple[str, str]]:
    """Path and text of every file of ours that is text."""
    found = []
    for path in files():
        if not any(mark in path for mark in VENDORED) and not path.startswith("requirements/"):
            body = (ROOT / path).read_bytes()
            if b"\0" not in body[:8000]:
                found.append((path, body.decode("utf-8")))
    return found


def lines_with(pattern: str, suffixes: tuple[str, ...] = ("",)) -> list[str]:
    """`path:line` of every match in files with such an ending."""
    found = []
    for path, text in texts():
        if path.endswith(suffixes):
            found += [f"{path}:{text.count(chr(10), 0, hit.start()) + 1}" for hit in re.finditer(pattern, text)]
    return found


def test_every_python_file_says_what_it_is_for():
    assert [source.path for source in python_files() if not ast.get_docstring(source.tree)] == []


def test_only_the_settings_look_at_the_environment():
    readers = [
        f"{source.path}:{line}"
        for source in product_files()
        for name, line in [*source.dotted(), *source.imports()]
        if name in ("os.environ", "os.getenv", "os.putenv") and source.path != "playledger/settings.py"
    ]
    assert readers == []


def is_command(source: Source) -> bool:
    return source.package in ("wiring", "cli") or source.path.endswith("/__main__.py")


def test_only_wiring_and_commands_look_at_the_clock():
    clocks = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.localtime")
    readers = [
        f"{source.path}:{line} {name}"
        for source in product_files()
        for name, line in source.dotted()
        if name.removeprefix("datetime.") in (*clocks, "now", "utcnow") and not is_command(source)
    ]
    assert readers == []


@pytest.mark.parametrize("kind", STRAYS)
def test_no_file_holds_a(kind):
    assert lines_with(STRAYS[kind]) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("host of a package registry", "https://files.python" + "hosted.org/x"),
        ("host of a package registry", '"resolved"' + ': "https://elsewhere"'),
        ("path of one machine", "see /wo" + "rk/main"),
        ("AWS access key", "AKIA" + "0123456789ABCDEF"),
        ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
        ("token", "AQ" + "b" * 130),
        ("client secret", "client_secret" + " = '" + "0" * 32 + "'"),
    ],
)
def test_such_a_line_is_seen(kind, text):
    assert re.search(STRAYS[kind], text)


def test_nothing_is_left_for_later():
    assert lines_with(UNFINISHED, (".py", ".js", ".sql", ".tf", ".css", ".html")) == []


def test_names_say_what_a_thing_is_for():
    assert [path for path in files() if NO_NAMES.search(path)] == []
    classes = [
        f"{source.path} {node.name}"
        for source in product_files()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(?:Manager|Helper|Utils?|Base)$", node.name)
    ]
    assert classes == []


def test_no_file_is_larger_than_a_megabyte():
    assert [path for path in files() if (ROOT / path).stat().st_size > MIB] == []


def test_nothing_names_the_registry_it_was_locked_from():
    assert [path for path in files() if path.endswith("uv.lock")] == []
    assert [path for path in files() if path.startswith("requirements/") and "://" in (ROOT / path).read_text()] == []


# ---- what is installed is locked --------------------------------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """Package -> version of a locked requirement file; every line must carry hashes."""
    found = {}
    for entry in (ROOT / f"requirements/{name}.txt").read_text("utf-8").replace("\\\n", " ").splitlines():
        requirement, *hashes = entry.split(" --hash=")
        package, version = re.fullmatch(r"([\w.-]+)==([\w.]+)(?: *;.*)?", requirement.strip()).groups()
        assert hashes, f"{package} in {name}.txt has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", digest) for digest in hashes)
        found[canonicalize_name(package)] = version
    return found


def asked() -> dict[str, list[Requirement]]:
    """What pyproject.toml asks for, by the lock that must hold it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    laptop = project["project"]["dependencies"]
    aws = [*laptop, *project["project"]["optional-dependencies"]["aws"]]
    wanted = {
        "build": project["build-system"]["requires"],
        "laptop": laptop,
        "aws": [*aws, *project["project"]["optional-dependencies"]["aggregate"]],
        "dev": [*aws, *project["dependency-groups"]["dev"]],
    }
    return {name: [Requirement(line) for line in lines] for name, lines in wanted.items()}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name):
    assert locked(name)


def test_the_locks_hold_what_is_asked_for():
    missing = [
        f"{name}: {wanted}"
        for name, requirements in asked().items()
        for wanted in requirements
        if not wanted.specifier.contains(locked(name).get(canonicalize_name(wanted.name), "0"))
    ]
    assert missing == []


@pytest.mark.parametrize(("part", "whole"), [("laptop", "aws"), ("aws", "dev"), ("lambda", "aws"), ("build", "dev")])
def test_locks_agree_on_versions(part, whole):
    inside, around = locked(part), locked(whole)
    assert {name: version for name, version in inside.items() if around.get(name, version) != version} == {}


def test_a_laptop_gets_no_aws_package_and_a_function_no_engine():
    assert {"boto3", "botocore", "awswrangler"} & set(locked("laptop")) == set()
    assert {"duckdb", "pyarrow", "boto3", "awswrangler", "typer", "rich"} & set(locked("lambda")) == set()


def test_decisions_have_a_number_each_and_fill_one_page():
    pages = [path for path in files() if path.startswith("docs/decisions/")]
    numbers = [int(path.rsplit("/", 1)[1][:4]) for path in pages]
    assert len(set(numbers)) == len(numbers) > 0
    assert [path for path in pages if len((ROOT / path).read_text("utf-8").splitlines()) > 60] == []


def test_the_patterns_for_python_see_through_the_tree():
    source = Source("ingestion/capture.py", "import os\nfrom os import getenv\nx = os.environ['A']\n")
    assert {name for name, _ in source.imports()} == {"os", "os.getenv"}
    assert ("os.environ", 3) in set(source.dotted())
