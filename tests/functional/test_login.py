"""Logging in: consent in the browser, PKCE and state, one account per ledger, a login nobody else can read."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.login import login
from playledger.errors import Misconfigured, NeedsReauth, WrongAccount
from simulator.account import Account
from simulator.clock import VirtualClock
from simulator.server import SimulatedSpotify, serve
from tests.support.consent import Browser
from wiring.laptop import Laptop, open_home

pytestmark = pytest.mark.functional

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PORT = 18_724


@pytest.fixture
def spotify() -> Iterator[SimulatedSpotify]:
    """An empty account."""
    with serve(Account([]), clock=VirtualClock(NOW)) as running:
        yield running


def opened(home: Path, spotify: SimulatedSpotify) -> Laptop:
    """A laptop that asks the simulated account service."""
    flags = {
        "spotify_client_id": spotify.client_id,
        "spotify_api_url": spotify.api_url,
        "spotify_accounts_url": spotify.accounts_url,
    }
    return open_home(home, flags, VirtualClock(NOW))


def test_a_login_is_stored_with_its_consent_and_account_and_only_its_owner_can_read_it(
    tmp_path: Path, spotify: SimulatedSpotify
) -> None:
    browser = Browser(f"http://127.0.0.1:{PORT}/favicon.ico")
    with opened(tmp_path / "home", spotify) as laptop:
        login(laptop, PORT, browser)
        browser.close()
        token, _ = laptop.tokens.load()
        assert laptop.spotify.me().body["id"] == "simulated"
    assert token.authorized_at == NOW
    assert token.account_hash
    assert stat.S_IMODE((tmp_path / "home" / "token.json").stat().st_mode) == 0o600


def test_an_answer_with_another_state_is_refused_and_nothing_is_stored(
    tmp_path: Path, spotify: SimulatedSpotify
) -> None:
    browser = Browser(tampered=True)
    with opened(tmp_path / "home", spotify) as laptop:
        with pytest.raises(NeedsReauth, match="wrong state"):
            login(laptop, PORT, browser)
        browser.close()
    assert not (tmp_path / "home" / "token.json").exists()


def test_another_account_cannot_take_over_a_ledger(tmp_path: Path, spotify: SimulatedSpotify) -> None:
    browser = Browser()
    with opened(tmp_path / "home", spotify) as laptop:
        login(laptop, PORT, browser)
    with serve(Account([], user_id="somebody else"), clock=VirtualClock(NOW)) as other:
        with opened(tmp_path / "home", other) as laptop, pytest.raises(WrongAccount, match="another Spotify account"):
            login(laptop, PORT, browser)
        browser.close()


def test_without_a_client_id_the_sentence_says_where_to_get_one(tmp_path: Path) -> None:
    with open_home(tmp_path / "home", {}) as laptop, pytest.raises(Misconfigured, match="redirect URI"):
        login(laptop, PORT, Browser())
