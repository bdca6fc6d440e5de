"""The simulator over HTTP: what spotipy does not reach, the log, the clock, and a clean end."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from typer.testing import CliRunner

from playledger.models import Token
from simulator import Account, Faults, RunningClock, SimulatedSpotify, VirtualClock, make_catalogue, played, serve
from simulator.__main__ import app
from simulator.faults import RECENT, Garbage, Redirect, Silence, unavailable
from simulator.oauth import DEFAULT_CLIENT_ID, challenge_of

pytestmark = pytest.mark.functional

NOW = datetime(2026, 1, 20, 12, 0, 0, 700_000, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
CATALOGUE = make_catalogue(2, 20)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def spotify(clock: VirtualClock) -> Iterator[SimulatedSpotify]:
    with serve(Account(played(NOW - timedelta(hours=4), *CATALOGUE.tracks[:60])), clock=clock, faults=Faults()) as one:
        yield one


@pytest.fixture
def session(spotify: SimulatedSpotify) -> Iterator[requests.Session]:
    with requests.Session() as one:
        one.headers["Authorization"] = f"Bearer {spotify.accounts.consent(NOW)['access_token']}"
        yield one


def test_it_listens_on_loopback_only(spotify: SimulatedSpotify) -> None:
    assert spotify.api_url.startswith("http://127.0.0.1:")


def test_the_date_is_the_virtual_time(
    spotify: SimulatedSpotify, session: requests.Session, clock: VirtualClock
) -> None:
    first = session.get(spotify.api_url + "me").headers["Date"]
    clock.advance(timedelta(minutes=61))
    second = session.get(spotify.api_url + "me")

    assert first == "Tue, 20 Jan 2026 12:00:00 GMT"
    assert second.headers["Date"] == "Tue, 20 Jan 2026 13:01:00 GMT"
    assert second.json() == {"error": {"status": 401, "message": "The access token expired"}}


@pytest.mark.parametrize(
    ("header", "message"), [("", "No token provided"), ("Bearer nonsense", "Invalid access token")]
)
def test_without_a_good_token_nothing_is_told(spotify: SimulatedSpotify, header: str, message: str) -> None:
    answer = requests.get(spotify.api_url + "me", headers={"Authorization": header}, timeout=5)

    assert (answer.status_code, answer.json()["error"]["message"]) == (401, message)


def test_every_request_is_logged_with_its_query_and_status(
    spotify: SimulatedSpotify, session: requests.Session
) -> None:
    spotify.faults.add(unavailable(503), on="PUT me/nothing")
    session.get(spotify.api_url + "me/player/recently-played", params={"limit": 3})
    session.put(spotify.api_url + "me/nothing")

    assert spotify.log == [("GET", "/v1/me/player/recently-played", "limit=3", 200), ("PUT", "/v1/me/nothing", "", 503)]


def test_a_body_that_is_no_json_is_refused(spotify: SimulatedSpotify, session: requests.Session) -> None:
    answer = session.post(spotify.api_url + "me/playlists", data=b"{")

    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Error parsing JSON.")


def test_a_browsers_login_comes_back_with_a_code_that_buys_a_token(spotify: SimulatedSpotify) -> None:
    query = {
        "client_id": DEFAULT_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1:8080/callback",
        "code_challenge_method": "S256",
        "code_challenge": challenge_of("secret"),
        "scope": "user-library-read",
        "state": "s",
    }
    sent = requests.get(spotify.accounts_url + "authorize", params=query, allow_redirects=False, timeout=5)
    back = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))
    form = {"grant_type": "authorization_code", "code": back["code"], "client_id": DEFAULT_CLIENT_ID}
    form |= {"redirect_uri": query["redirect_uri"], "code_verifier": "secret"}
    granted = requests.post(spotify.accounts_url + "api/token", data=form, timeout=5).json()

    assert (sent.status_code, back["state"]) == (302, "s")
    assert granted["scope"] == "user-library-read"
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}
    assert requests.get(spotify.api_url + "me/tracks", headers=bearer, timeout=5).status_code == 200


def test_a_refused_login_says_so_in_the_account_services_shape(spotify: SimulatedSpotify) -> None:
    answer = requests.post(spotify.accounts_url + "api/token", data={"client_id": "another"}, timeout=5)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_login_for_tests_is_a_token_of_this_moment(spotify: SimulatedSpotify) -> None:
    token = spotify.login("user-library-read")

    assert isinstance(token, Token)
    assert token.authorized_at == NOW
    assert token.scope == "user-library-read"


def test_garbage_and_redirects_go_out_as_they_are(spotify: SimulatedSpotify, session: requests.Session) -> None:
    spotify.faults.add(Garbage(b"\x00\xff", 200, "text/html"), on=RECENT)
    spotify.faults.add(Redirect("http://127.0.0.1:9/"), on=RECENT)
    url = spotify.api_url + "me/player/recently-played"

    assert session.get(url).content == b"\x00\xff"
    assert session.get(url, allow_redirects=False).headers["Location"] == "http://127.0.0.1:9/"


def test_the_end_waits_for_nobody_who_still_waits_for_an_answer() -> None:
    spotify = serve(Account([]), clock=VirtualClock(NOW))
    spotify.faults.add(Silence())
    with socket.create_connection(("127.0.0.1", int(spotify.address.rpartition(":")[2])), timeout=5) as waiting:
        waiting.sendall(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n")
        while not spotify.log:
            time.sleep(0.001)
        spotify.close()

        assert waiting.recv(1) == b""


def test_an_error_of_the_simulator_itself_is_not_swallowed(
    session: requests.Session, spotify: SimulatedSpotify
) -> None:
    spotify.account.liked = None  # type: ignore[assignment]
    with pytest.raises(requests.ConnectionError):
        session.get(spotify.api_url + "me/tracks")

    with pytest.raises(TypeError):
        spotify.close()
    spotify.errors.clear()


def test_a_running_clock_runs_as_fast_as_it_is_told() -> None:
    seconds = iter([100.0, 160.0])
    clock = RunningClock(NOW, lambda: next(seconds), 100.0, speed=60)

    assert clock() == NOW
    assert clock() == NOW + timedelta(hours=1)


# ---- by hand --------------------------------------------------------------------------------------------------------


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def test_by_hand_it_says_where_it_is_furnishes_a_home_and_ends_when_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with subprocess.Popen(
        command("--home", str(home), "--days", "3", "--profile", "light"), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        told = dict(run.stdout.readline().strip().removeprefix("export ").split("=", 1) for _ in range(3))
        assert str(home) in run.stdout.readline()
        answer = requests.get(told["PLAYLEDGER_SPOTIFY_API_URL"] + "me", timeout=5)
        run.send_signal(2)
        rest = run.stdout.read()

    token = Token.model_validate_json((home / "token.json").read_text("utf-8"))
    assert answer.status_code == 401
    assert run.returncode == 0
    assert "stopped after 1 calls" in rest
    assert token.refresh_token.startswith("simulated-refresh")
    assert (home / "token.json").stat().st_mode & 0o777 == 0o600
    assert told["PLAYLEDGER_SPOTIFY_API_URL"] in (home / "config.toml").read_text("utf-8")


@pytest.fixture
def by_hand() -> CliRunner:
    return CliRunner()


def test_by_hand_it_refuses_a_home_that_has_a_login_and_a_profile_that_is_none(
    by_hand: CliRunner, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("")
    taken = by_hand.invoke(app, ["--home", str(tmp_path), "--days", "1"])
    unknown = by_hand.invoke(app, ["--profile", "idle"])

    assert (taken.exit_code, unknown.exit_code) == (2, 2)
    assert "exists already" in taken.output
    assert "there is no profile" in unknown.output


def test_by_hand_it_refuses_a_busy_port(by_hand: CliRunner, spotify: SimulatedSpotify) -> None:
    refused = by_hand.invoke(app, ["--days", "1", "--port", spotify.address.rpartition(":")[2]])

    assert refused.exit_code == 2
    assert "cannot be used" in refused.output


def test_by_hand_it_explains_itself_and_writes_an_export(by_hand: CliRunner, tmp_path: Path) -> None:
    told = by_hand.invoke(app, ["--help"]).output
    written = by_hand.invoke(app, ["export", str(tmp_path), "--days", "5"])

    assert "capture" in told
    assert "losses" in told
    assert written.exit_code == 0
    assert list(tmp_path.glob("Streaming_History_Audio_*_0.json"))


def test_by_hand_it_prints_what_polling_loses(by_hand: CliRunner) -> None:
    assert "heavy+marathons" in by_hand.invoke(app, ["losses", "--days", "2"]).output
