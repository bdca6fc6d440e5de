"""The wheel, installed alone: everything it needs at run time is inside, and its commands work from any folder."""

import os
import re
import select
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.tree import PRODUCT, ROOT, files

pytestmark = [pytest.mark.functional, pytest.mark.timeout(300)]

INSIDE = (*PRODUCT, "dashboard")
CONSOLE_SCRIPT = (
    "from importlib.metadata import entry_points; (found,) = entry_points(group='console_scripts', name='playledger'); "
    "found.load()()"
)

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel, built from this tree without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as opened:
        yield opened


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The console script as a command line, in an environment that knows this one's packages but not this tree."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    wheel.extractall(packages)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return [str(folder / "bin" / "python"), "-c", CONSOLE_SCRIPT]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has nothing to do with this tree."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def playledger(installed: list[str], elsewhere: Path) -> Command:
    """Runs a command from elsewhere."""

    def run(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {"COLUMNS": "120"}
        return subprocess.run(
            [*installed, *arguments], cwd=elsewhere, env=environ, check=check, capture_output=True, text=True
        )

    return run


@pytest.fixture(scope="module")
def demo(playledger: Command, elsewhere: Path) -> subprocess.CompletedProcess[str]:
    """A whole demo, nobody watching, without years before its fortnight."""
    return playledger("--home", str(elsewhere / "demo"), "demo", "--years", "0", check=False)


def test_the_wheel_holds_every_file_of_the_product_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    ours = {path for path in files() if path.partition("/")[0] in INSIDE}
    assert inside == ours


def test_the_wheel_holds_what_the_product_reads_at_run_time(wheel: zipfile.ZipFile) -> None:
    inside = set(wheel.namelist())
    assert {"dashboard/index.html", "dashboard/style.css", "dashboard/vendor/chart.umd.js"} <= inside
    assert any(re.fullmatch(r"sql/dashboard/\w+\.sql", name) for name in inside)
    assert "glue_catalog/tables.json" in inside


def test_it_runs_from_where_it_was_installed(installed: list[str], elsewhere: Path) -> None:
    told = [*installed[:2], "import cli, playledger, sql; print(cli.__file__, playledger.__file__, sql.__file__)"]
    places = subprocess.run(told, cwd=elsewhere, check=True, capture_output=True, text=True).stdout.split()
    assert all(place.startswith(str(Path(installed[0]).parents[1])) for place in places)


def test_help_and_version_work(playledger: Command) -> None:
    assert "demo" in playledger("--help").stdout
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", playledger("--version").stdout)


def test_the_demo_ends_by_itself_with_a_page(demo: subprocess.CompletedProcess[str], elsewhere: Path) -> None:
    assert demo.returncode == 0, demo.stderr
    assert "http://127.0.0.1:" in demo.stdout
    assert (elsewhere / "demo" / "site" / "dashboard_data.json").stat().st_size > 1000


def test_what_the_demo_made_can_be_asked_and_served(
    demo: subprocess.CompletedProcess[str], playledger: Command, installed: list[str], elsewhere: Path
) -> None:
    assert demo.returncode == 0, demo.stderr
    home = str(elsewhere / "demo")
    asked = playledger("--home", home, "query", "--csv", "select count(*) as plays from plays")
    assert int(asked.stdout.split()[1]) > 100
    command = [*installed, "--home", home, "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=elsewhere, stdout=subprocess.PIPE, text=True) as server:
        try:
            spoke, _, _ = select.select([server.stdout], [], [], 60)
            assert spoke, "serve did not say where the page is"
            address = re.search(r"http://127\.0\.0\.1:\d+/?", server.stdout.readline()).group()
            with urllib.request.urlopen(address, timeout=10) as page:
                assert b"<title>" in page.read()
        finally:
            server.terminate()
