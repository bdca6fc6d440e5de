"""What the doctor finds on this machine, and what it says to do about it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.doctor import Finding
from playledger.models import format_instant
from tests.support.builders import NOON
from tests.support.ledger_home import contents, filled
from wiring.laptop import open_home

pytestmark = pytest.mark.functional


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A ledger in good order at NOON: logged in, polled, a page of this morning."""
    place = filled(tmp_path / "home", 12)
    (place / "config.toml").write_text('time_zone = "Europe/Stockholm"\n')
    (place / "site").mkdir()
    (place / "site/dashboard_data.json").write_text(json.dumps({"generated_at": format_instant(NOON)}))
    return place


def examined(
    home: Path, capsys: pytest.CaptureFixture[str], after: timedelta = timedelta()
) -> tuple[int, dict[str, Finding]]:
    """Exit code and findings, so long after NOON."""
    code = run(["--home", str(home), "--now", (NOON + after).isoformat(), "doctor", "--json"])
    said: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return code, {item["what"]: Finding.model_validate(item) for item in said}


def test_a_ledger_in_good_order_is_found_so_and_not_touched(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(home)
    code, found = examined(home, capsys)
    assert (code, {finding.verdict for finding in found.values()}) == (0, {"ok"})
    assert found["journal"].says == "12 objects, each holds what its name says"
    assert contents(home) == before


def test_a_new_home_has_notes_and_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = examined(tmp_path / "new", capsys)
    assert code == 0
    assert {what for what, finding in found.items() if finding.verdict == "note"} == {
        "login",
        "polls",
        "page",
        "time zone",
    }
    assert "playledger login" in found["login"].advice


def test_a_damaged_object_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    victim = sorted((home / "journal").rglob("*.jsonl.gz"))[5]
    victim.write_bytes(victim.read_bytes()[:-9])
    code, found = examined(home, capsys)
    assert code == 12
    assert victim.name in found["journal"].says
    assert "migrate --to laptop" in found["journal"].advice


@pytest.mark.parametrize(
    ("after", "what", "verdict", "code"),
    [
        (timedelta(hours=2), "polls", "ok", 0),
        (timedelta(hours=4), "polls", "wrong", 11),
        (timedelta(days=140), "login", "ok", 11),
        (timedelta(days=160), "login", "note", 11),
        (timedelta(days=190), "login", "wrong", 11),
        (timedelta(hours=37), "page", "note", 11),
    ],
)
def test_what_time_does_to_it(
    home: Path, capsys: pytest.CaptureFixture[str], after: timedelta, what: str, verdict: str, code: int
) -> None:
    given, found = examined(home, capsys, after)
    assert (given, found[what].verdict) == (code, verdict)


def test_a_login_that_spotify_refuses_or_of_another_account_is_wrong(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_home(home, {}, lambda: NOON) as laptop:
        state = laptop.hot.load_state()
        assert state is not None
        changed = {"version": state.version + 1, "needs_reauth": True, "account_hash": "b" * 64}
        laptop.hot.commit([], state.model_copy(update=changed))
    code, found = examined(home, capsys)
    assert code == 11
    assert (found["login"].verdict, found["account"].verdict) == ("wrong", "wrong")


def test_a_login_newer_than_the_refusal_is_not_the_refused_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_home(home, {}, lambda: NOON) as laptop:
        state, (token, _) = laptop.hot.load_state(), laptop.tokens.load()
        assert state is not None
        laptop.hot.commit([], state.model_copy(update={"version": state.version + 1, "needs_reauth": True}))
        laptop.tokens.save(token.model_copy(update={"authorized_at": NOON + timedelta(minutes=5)}), None)
    code, found = examined(home, capsys, timedelta(minutes=6))
    assert (code, found["login"].verdict) == (0, "ok")


def test_a_home_that_others_may_open_is_wrong(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.chmod(0o755)
    code, found = examined(home, capsys)
    assert code == 13
    assert found["privacy"].advice == f"chmod go= {home}"


def test_a_page_that_cannot_be_read_is_wrong(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "site/dashboard_data.json").write_text("{")
    code, found = examined(home, capsys)
    assert (code, found["page"].verdict) == (12, "wrong")


def test_a_person_reads_one_line_for_each_with_the_advice_below(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(home), "--now", "2026-03-10T18:00:00Z", "doctor"]) == 11
    lines = capsys.readouterr().out.splitlines()
    assert any("wrong" in line and "polls" in line and "over three hours ago" in line for line in lines)
    assert any("run playledger capture every hour" in line for line in lines)
