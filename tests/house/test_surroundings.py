"""The guards of conftest.py do guard."""

import os
import random
import socket
import subprocess
import sys
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

OURS = Path(__file__).parents[1] / "conftest.py"

ELSEWHERE = "192.0.2.1"
"""An address that is reserved for documentation: nobody has it."""


def test_a_test_cannot_reach_another_machine():
    with pytest.raises(AssertionError, match="only loopback"):
        socket.create_connection((ELSEWHERE, 80), timeout=1)


def test_a_test_can_reach_its_own_machine():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=1):
        pass


def test_child_processes_are_sent_to_a_proxy_where_nobody_listens():
    fetch = f"import urllib.request; urllib.request.urlopen('http://{ELSEWHERE}/', timeout=1)"
    child = subprocess.run([sys.executable, "-c", fetch], capture_output=True, text=True, check=False)
    assert "Connection refused" in child.stderr
    assert urllib.request.proxy_bypass("127.0.0.1")


def test_no_credentials_and_no_home_of_the_machine_are_left():
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert "AWS_PROFILE" not in os.environ
    assert Path.home().name.startswith("playledger-home-")


def test_local_time_is_far_from_utc():
    offset = datetime.now().astimezone().utcoffset()
    assert offset is not None
    assert offset.total_seconds() in (12.75 * 3600, 13.75 * 3600)


@pytest.mark.parametrize("run", ["first", "second"])
def test_the_global_generator_starts_anew_in_each_test(run, request):
    drawn = random.random()
    random.seed(request.node.nodeid)
    assert drawn == random.random()


def test_what_the_machine_must_have_is_not_skipped(needs, monkeypatch):
    monkeypatch.setenv("PLAYLEDGER_REQUIRE", "browser, real-data")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        needs("browser", "no Chromium")
    with pytest.raises(pytest.skip.Exception, match="needs terraform: not installed"):
        needs("terraform", "not installed")


def test_a_skip_that_nobody_decided_is_a_failure_where_things_are_required(run_under_our_conftest):
    tests = (
        "def test_whim(): pytest.skip('felt like it')",
        "def test_need(): pytest.skip('needs a cat: none here')",
        "@pytest.mark.xfail(reason='known')\ndef test_known(): assert False",
    )
    assert "2 skipped, 1 xfailed" in run_under_our_conftest(*tests, require="")
    assert "1 failed, 1 skipped, 1 xfailed" in run_under_our_conftest(*tests, require="browser")


def test_a_test_without_a_marker_is_refused(run_under_our_conftest):
    assert "without a marker" in run_under_our_conftest("def test_it(): pass", marker="")


@pytest.fixture
def run_under_our_conftest(tmp_path):
    """Runs these tests in a process of its own, under our conftest.py; returns what pytest printed."""

    def run(*tests, marker="pytestmark = pytest.mark.house", require=""):
        (tmp_path / "conftest.py").write_text(OURS.read_text("utf-8"), "utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = house\n", "utf-8")
        (tmp_path / "test_it.py").write_text("\n".join(["import pytest", marker, *tests]), "utf-8")
        environ = os.environ | {"PLAYLEDGER_REQUIRE": require, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
        ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False, cwd=tmp_path)
        return ended.stdout + ended.stderr

    return run
