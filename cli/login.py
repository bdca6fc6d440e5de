"""Logging in: one request is awaited on 127.0.0.1, traded for a login, and the ledger is tied to its account."""

import webbrowser
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import requests

from adapters.spotify import account_hash
from adapters.spotify_login import Consent
from cli.show import say
from playledger.errors import Misconfigured, NeedsReauth, WrongAccount
from playledger.models import Token
from playledger.ports import HotStore, Spotify, TokenStore
from playledger.settings import Settings

PATH = "/callback"
PATIENCE_S = 180.0
DONE = b"<!doctype html><title>Playledger</title><p>Logged in. You can close this page.</p>"


class Ledger(Protocol):
    """A ledger one can log in to: a laptop's or a deployment's."""

    @property
    def settings(self) -> Settings:
        """Client id and addresses of Spotify."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """Now."""

    @property
    def tokens(self) -> TokenStore:
        """Where the login goes."""

    @property
    def hot(self) -> HotStore:
        """Where the account is known from."""

    def spotify_as(self, tokens: TokenStore) -> Spotify:
        """The account that these tokens belong to."""


class _Listener(HTTPServer):
    """Waits for the one request that brings the code; any other path is refused and does not count."""

    allow_reuse_address = True
    answer: dict[str, str] | None = None

    def handle_timeout(self) -> None:
        """Nobody came."""
        raise NeedsReauth("nobody agreed within three minutes; start again")


class _Handler(BaseHTTPRequestHandler):
    """Takes the answer from the address and shows a fixed page; nothing of the request is echoed or logged."""

    def do_GET(self) -> None:
        """Spotify sends the browser here."""
        parts = urlsplit(self.path)
        ours = parts.path == PATH
        if ours and isinstance(self.server, _Listener):
            self.server.answer = dict(parse_qsl(parts.query))
        self.send_response(200 if ours else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(DONE if ours else b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing: the address holds a code."""


def login(
    ledger: Ledger, port: int, show: Callable[[str], object] = webbrowser.open, *, config: str = "config.toml"
) -> None:
    """Runs the login and stores it. Raises NeedsReauth, Misconfigured, or WrongAccount before anything is stored."""
    if not ledger.settings.spotify_client_id:
        raise Misconfigured(
            "no Spotify client id: make an app on Spotify's developer dashboard with the redirect URI "
            f"http://127.0.0.1:{port}{PATH} and set spotify_client_id in {config}"
        )
    consent = Consent(
        ledger.settings.spotify_client_id, f"http://127.0.0.1:{port}{PATH}", ledger.settings.spotify_accounts_url
    )
    answer = _await_answer(consent, port, show)
    with requests.Session() as session:
        token = consent.trade(consent.code(answer), session, ledger.clock)
    _keep(ledger, token)
    say(f"Logged in. Spotify lets this login die on {token.dies_at:%Y-%m-%d}; log in again before.")


def _await_answer(consent: Consent, port: int, show: Callable[[str], object]) -> dict[str, str]:
    try:
        listener = _Listener(("127.0.0.1", port), _Handler)
    except OSError as error:
        raise Misconfigured(
            f"port {port} on 127.0.0.1 is taken ({error.strerror}); choose another with --port"
        ) from error
    with listener:
        listener.timeout = PATIENCE_S
        say(f"Open this address and agree:\n{consent.address}")
        show(consent.address)
        while listener.answer is None:
            listener.handle_request()
    return listener.answer


class _Held:
    """A token store for the moment between consent and storing: it holds one login in memory."""

    def __init__(self, token: Token) -> None:
        self.token = token

    def load(self) -> tuple[Token, str]:
        """The login in hand."""
        return self.token, ""

    def save(self, token: Token, version: str | None) -> str:  # noqa: ARG002
        """Keeps it in memory."""
        self.token = token
        return ""


def _keep(ledger: Ledger, token: Token) -> None:
    """Stores the login with its account's hash, unless the ledger belongs to another account."""
    held = _Held(token)
    owner = account_hash(ledger.spotify_as(held).me().body)
    if _ledger_owner(ledger) not in (None, owner):
        raise WrongAccount(
            "this ledger belongs to another Spotify account; log in with that one or choose another ledger"
        )
    ledger.tokens.save(held.token.model_copy(update={"account_hash": owner}), None)


def _ledger_owner(ledger: Ledger) -> str | None:
    state = ledger.hot.load_state()
    if state and state.account_hash:
        return state.account_hash
    try:
        return ledger.tokens.load()[0].account_hash
    except NeedsReauth:
        return None
