"""Logging in to a deployment: the login becomes the parameter that the functions read, of the one account."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.login import login
from playledger.errors import NeedsReauth, WrongAccount
from playledger.models import IngestionState
from simulator.account import Account
from simulator.clock import VirtualClock
from simulator.server import SimulatedSpotify, serve
from tests.support.consent import Browser
from tests.support.remote import made_by_hand, write_settings
from wiring.remote import open_deployment

pytestmark = pytest.mark.aws

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PORT = 18_725


@pytest.fixture
def spotify() -> Iterator[SimulatedSpotify]:
    """An empty account."""
    with serve(Account([]), clock=VirtualClock(NOW)) as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, spotify: SimulatedSpotify) -> Iterator[Path]:
    """The settings of a deployment whose Spotify is the simulated one."""
    with made_by_hand():
        yield write_settings(
            tmp_path / "settings.json",
            PLAYLEDGER_SPOTIFY_CLIENT_ID=spotify.client_id,
            PLAYLEDGER_SPOTIFY_API_URL=spotify.api_url,
            PLAYLEDGER_SPOTIFY_ACCOUNTS_URL=spotify.accounts_url,
        )


def test_a_login_to_aws_is_a_secure_string_that_the_functions_read(settings: Path) -> None:
    browser = Browser()
    with open_deployment(settings, VirtualClock(NOW)) as deployment:
        login(deployment, PORT, browser)
        browser.close()
        token, _ = deployment.tokens.load()
        stored = deployment.client("ssm").get_parameter(Name="/ledger/spotify-login")["Parameter"]
        assert deployment.spotify.me().body["id"] == "simulated"
    assert token.authorized_at == NOW
    assert token.account_hash
    assert stored["Type"] == "SecureString"


def test_another_account_cannot_take_over_a_deployment(settings: Path) -> None:
    browser = Browser()
    with open_deployment(settings, VirtualClock(NOW)) as deployment:
        deployment.hot.commit([], IngestionState(version=1, account_hash="0" * 64))
        with pytest.raises(WrongAccount, match="another Spotify account"):
            login(deployment, PORT, browser)
        browser.close()
        with pytest.raises(NeedsReauth):
            deployment.tokens.load()
