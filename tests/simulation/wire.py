"""Spotify over a wire without a network: the real client of the project under the probe, and tokens to lose."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from adapters.spotify import SpotipyClient
from playledger.errors import AccessRefused, RateLimited, SpotifyUnavailable
from playledger.models import Token, from_ms
from playledger.ports import TokenStore
from simulator.oauth import Accounts, OAuthError
from tests.simulation.faults import Probe
from tests.simulation.ports import SimSpotify
from tests.support.memory import MemoryTokenStore

SECRET = "simulated-"
"""Every token of the simulated account service begins like this."""


@dataclass
class SimTokenStore:
    """Token store under the probe."""

    inner: TokenStore
    probe: Probe

    def load(self) -> tuple[Token, str]:
        """See the port."""
        return self.probe.call("tokens.load", self.inner.load)

    def save(self, token: Token, version: str | None) -> str:
        """See the port."""
        return self.probe.call("tokens.save", lambda: self.inner.save(token, version))


class Wire(BaseAdapter):
    """Carries requests to the listener's account and to the account service instead of to the network."""

    def __init__(self, account: SimSpotify, accounts: Accounts, probe: Probe) -> None:
        super().__init__()
        self._account = account
        self._accounts = accounts
        self._probe = probe
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The answer to one request; a ConnectionError where the probe lets it fail."""
        is_token = str(request.url).endswith("/api/token")
        site = "spotify.token" if is_token else "spotify.recently_played"
        try:
            answer = self._probe.call(site, lambda: self._answered(request, is_token=is_token))
        except SpotifyUnavailable as error:
            raise requests.ConnectionError(f"no answer from {request.url}", request=request) from error
        return self._builder.build_response(request, answer)

    def close(self) -> None:
        """Nothing is open."""

    def _answered(self, request: requests.PreparedRequest, *, is_token: bool) -> HTTPResponse:
        status, headers, body = self._token(request) if is_token else self._listed(request)
        return HTTPResponse(
            io.BytesIO(json.dumps(body).encode()),
            {"Content-Type": "application/json", "Date": http_date(self._now()), **headers},
            status,
            reason=HTTPStatus(status).phrase,
            preload_content=False,
        )

    def _token(self, request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], Any]:
        try:
            return 200, {}, self._accounts.token(dict(parse_qsl(str(request.body))), self._now())
        except OAuthError as error:
            self._probe.tally["branch refresh refused"] += 1
            return error.status, {}, error.body

    def _listed(self, request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], Any]:
        bearer = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
        try:
            self._accounts.scopes(bearer, self._now())
            answer = self._account.answer(50)
            return 200, {"Date": http_date(answer.server_now)}, answer.body
        except OAuthError as error:
            return error.status, {}, {"error": {"status": error.status, "message": "The access token expired"}}
        except RateLimited as error:
            wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
            reason = {"reason": "QUOTA_EXCEEDED"} if error.quota else {}
            return 429, wait, {"error": {"status": 429, "message": str(error), **reason}}
        except AccessRefused as error:
            return 403, {}, {"error": {"status": 403, "message": str(error)}}

    def _now(self) -> datetime:
        return from_ms(self._probe.scheduler.now)


def http_date(moment: datetime) -> str:
    """A moment as the Date header has it, whole seconds."""
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


class Login:
    """The owner's login of one run, and the clients that use it."""

    def __init__(self, account: SimSpotify, probe: Probe, *, rotates: bool, clock_off_ms: int) -> None:
        self.accounts = Accounts(rotates=rotates)
        self.tokens = MemoryTokenStore()
        self._account = account
        self._probe = probe
        self._clock_off_ms = clock_off_ms

    def log_in(self) -> None:
        """The owner consents, again or for the first time."""
        now = from_ms(self._probe.scheduler.now)
        granted = self.accounts.consent(now)
        token = Token(refresh_token=granted["refresh_token"], scope=granted["scope"], authorized_at=now)
        self.tokens.save(token, None)

    def client(self) -> SpotipyClient:
        """A client of its own for each invocation, as each may run in a fresh process, with a clock that may be off."""
        session = requests.Session()
        session.mount("https://", Wire(self._account, self.accounts, self._probe))
        return SpotipyClient(
            SimTokenStore(self.tokens, self._probe),
            client_id=self.accounts.client_id,
            api_url="https://api.spotify.com/v1/",
            accounts_url="https://accounts.spotify.com/",
            session=session,
            clock=lambda: from_ms(self._probe.scheduler.now + self._clock_off_ms),
        )
