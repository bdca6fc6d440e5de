"""What holds for every test: no network but loopback, no home or credentials of the machine, an odd time zone.

The environment is set before the first test module is imported, so that child processes inherit it too.
"""

import ipaddress
import os
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest

KEPT = ("PLAYLEDGER_REAL_DATA", "PLAYLEDGER_REQUIRE", "PLAYLEDGER_REQUIRE_BROWSER", "PLAYLEDGER_SIMULATION")
"""The only variables with our prefix that may steer a test run."""

TIERS = ("unit", "contract", "sql", "simulation", "processes", "functional", "aws", "browser", "house")

HOME_VARIABLES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")

NOBODY_LISTENS = "http://127.0.0.1:9"

_home = pytest.StashKey[Path]()


# ---- what a machine may lack ------------------------------------------------------------------------------------


def required() -> frozenset[str]:
    """What PLAYLEDGER_REQUIRE says this machine has (`browser,real-data,...`): its tests may not be skipped."""
    return frozenset(os.environ.get("PLAYLEDGER_REQUIRE", "").replace(",", " ").split())


def needs(name: str, reason_if_missing: str) -> NoReturn:
    """Skips the test because the machine has no `name`; fails it where PLAYLEDGER_REQUIRE names it."""
    if name in required():
        pytest.fail(f"PLAYLEDGER_REQUIRE names {name}: {reason_if_missing}", pytrace=False)
    pytest.skip(f"needs {name}: {reason_if_missing}")


@pytest.fixture(scope="session", name="needs")
def needs_fixture() -> Callable[[str, str], NoReturn]:
    """The function `needs`, for tests and fixtures."""
    return needs


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real listening data, which lies outside the repository."""
    folder = os.environ.get("PLAYLEDGER_REAL_DATA", "")
    if not folder:
        needs("real-data", "PLAYLEDGER_REAL_DATA is not set")
    if not Path(folder).is_dir():
        needs("real-data", f"PLAYLEDGER_REAL_DATA is no folder: {folder}")
    return Path(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With PLAYLEDGER_REQUIRE set, a skip that did not go through `needs` is a failure: nobody decided it."""
    report: pytest.TestReport = yield
    if report.skipped and not hasattr(report, "wasxfail") and required():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not reason.removeprefix("Skipped: ").startswith("needs "):
            report.outcome = "failed"
            report.longrepr = f"skipped where nothing may be skipped: {reason}"
    return report


# ---- the surroundings -------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Puts the run into its own surroundings."""
    config.stash[_home] = Path(tempfile.mkdtemp(prefix="playledger-home-"))
    _forget_the_machine()
    _own_home(config.stash[_home])
    _wide_terminal()
    _odd_time_zone()
    _loopback_only()
    hypothesis.settings.register_profile("same every time", derandomize=True, deadline=None, database=None)
    hypothesis.settings.load_profile("same every time")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the run's home."""
    shutil.rmtree(config.stash[_home], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test says by its marker in which tier it runs."""
    unmarked = sorted({item.location[0] for item in items if not any(map(item.get_closest_marker, TIERS))})
    if unmarked:
        raise pytest.UsageError(f"tests without a marker ({', '.join(TIERS)}): {', '.join(unmarked)}")


def _forget_the_machine() -> None:
    for name in list(os.environ):
        if name.startswith("AWS_") or (name.startswith("PLAYLEDGER_") and name not in KEPT):
            del os.environ[name]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    if "browser" in required():
        os.environ["PLAYLEDGER_REQUIRE_BROWSER"] = "1"


def _own_home(home: Path) -> None:
    browsers = Path.home() / ".cache" / "ms-playwright"
    if browsers.is_dir():
        os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(browsers))
    os.environ["HOME"] = str(home)
    for name in HOME_VARIABLES:
        os.environ.pop(name, None)


def _wide_terminal() -> None:
    """Sentences are not broken, however long the paths in them."""
    os.environ["COLUMNS"] = "240"


def _odd_time_zone() -> None:
    """UTC+12:45 or +13:45: whoever confuses local time with UTC is off by a date and a quarter of an hour."""
    os.environ["TZ"] = "Pacific/Chatham"
    time.tzset()


def _loopback_only() -> None:
    """Refuses other addresses in this process; child processes are sent to a proxy where nobody listens."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ[name] = os.environ[name.upper()] = NOBODY_LISTENS
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1,::1"
    socket.socket.connect = _guarded(socket.socket.connect)
    socket.socket.connect_ex = _guarded(socket.socket.connect_ex)


def _guarded(real: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
            self.close()
            raise AssertionError(f"a test wanted to reach {address[0]}:{address[1]}; only loopback is allowed")
        return real(self, address)

    return connect


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost")


@pytest.fixture(autouse=True)
def _seeded_chance(request: pytest.FixtureRequest) -> None:
    """The global generator gives each test the same numbers, in whatever order and worker it runs."""
    random.seed(request.node.nodeid)
