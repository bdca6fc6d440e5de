"""The account service in memory: consent with PKCE, codes, access tokens of an hour, refresh tokens of six months."""

import base64
import calendar
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from simulator.catalogue import spotify_id

HOUR = timedelta(hours=1)
CODE_LIFE = timedelta(minutes=10)
DEFAULT_CLIENT_ID = "5f1d0playledgersimulator0client0"
DEFAULT_REDIRECT = "http://127.0.0.1/callback"
SCOPES = (
    "user-read-recently-played user-library-read playlist-read-private playlist-modify-private playlist-modify-public"
)


class OAuthError(Exception):
    """What the account service refuses, in its own two words and a status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class _Code:
    """A code waiting to be exchanged once."""

    redirect_uri: str
    challenge: str
    scope: str
    issued_at: datetime


@dataclass(frozen=True)
class _Grant:
    """A consent: what was granted, and when."""

    scope: str
    authorized_at: datetime


@dataclass(frozen=True)
class _Access:
    """An access token's content."""

    scope: str
    expires_at: datetime


def six_months_after(moment: datetime) -> datetime:
    """The same day and time six months on; the last of the month where that day does not exist."""
    year, month = divmod(moment.month + 5, 12)
    year, month = moment.year + year, month + 1
    last = calendar.monthrange(year, month)[1]
    return moment.replace(year=year, month=month, day=min(moment.day, last))


def challenge_of(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Accounts:
    """Who may ask for what. Tokens are numbered, so that a run can be repeated; they are worth nothing elsewhere.

    With `rotates` every refresh hands out a new refresh token and forgets the one it was asked with.
    """

    def __init__(
        self, *, client_id: str = DEFAULT_CLIENT_ID, redirect_uri: str = DEFAULT_REDIRECT, rotates: bool = False
    ) -> None:
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self.rotates = rotates
        self._issued = 0
        self._codes: dict[str, _Code] = {}
        self._grants: dict[str, _Grant] = {}
        self._accesses: dict[str, _Access] = {}

    # ---- consent ----------------------------------------------------------------------------------------------------

    def authorize(self, query: Mapping[str, str], now: datetime) -> str:
        """The address that the listener, who always agrees, is sent back to.

        Raises OAuthError where Spotify would show an error page instead of going back.
        """
        if query.get("client_id") != self.client_id:
            raise OAuthError("invalid_client", "INVALID_CLIENT: Invalid client")
        redirect_uri = query.get("redirect_uri", "")
        if not _same_place(redirect_uri, self.redirect_uri):
            raise OAuthError("invalid_request", "INVALID_CLIENT: Invalid redirect URI")
        answer = self._consent(query, redirect_uri, now)
        state = {"state": query["state"]} if "state" in query else {}
        return f"{redirect_uri}?{urlencode(answer | state)}"

    def _consent(self, query: Mapping[str, str], redirect_uri: str, now: datetime) -> dict[str, str]:
        if query.get("response_type") != "code":
            return {"error": "unsupported_response_type"}
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return {"error": "invalid_request"}
        if not set(query.get("scope", "").split()) <= set(SCOPES.split()):
            return {"error": "invalid_scope"}
        code = self._issue("code")
        self._codes[code] = _Code(redirect_uri, query["code_challenge"], query.get("scope", ""), now)
        return {"code": code}

    def consent(self, now: datetime, scope: str = SCOPES) -> dict[str, Any]:
        """A login without a browser: the token endpoint's answer to a fresh consent."""
        return self._tokens(_Grant(scope, now), None, now)

    # ---- the token endpoint -----------------------------------------------------------------------------------------

    def token(self, form: Mapping[str, str], now: datetime, *, rotate: bool = False) -> dict[str, Any]:
        """The answer of POST /api/token. Raises OAuthError."""
        if form.get("client_id") != self.client_id:
            raise OAuthError("invalid_client", "Invalid client")
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchange(form, now)
            case "refresh_token":
                return self._refresh(form.get("refresh_token", ""), now, rotate=rotate or self.rotates)
            case _:
                raise OAuthError("unsupported_grant_type", "grant_type parameter is missing or unsupported")

    def _exchange(self, form: Mapping[str, str], now: datetime) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            raise OAuthError("invalid_grant", "Invalid authorization code")
        if now - code.issued_at > CODE_LIFE:
            raise OAuthError("invalid_grant", "Authorization code expired")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError("invalid_grant", "Invalid redirect URI")
        if challenge_of(form.get("code_verifier", "")) != code.challenge:
            raise OAuthError("invalid_grant", "code_verifier was incorrect")
        return self._tokens(_Grant(code.scope, now), None, now)

    def _refresh(self, refresh_token: str, now: datetime, *, rotate: bool) -> dict[str, Any]:
        grant = self._grants.get(refresh_token)
        if grant is None:
            raise OAuthError("invalid_grant", "Refresh token revoked")
        if now >= six_months_after(grant.authorized_at):
            raise OAuthError("invalid_grant", "Refresh token expired")
        if not rotate:
            return self._tokens(grant, refresh_token, now)
        del self._grants[refresh_token]
        return self._tokens(grant, None, now)

    def _tokens(self, grant: _Grant, refresh_token: str | None, now: datetime) -> dict[str, Any]:
        """An access token, and a refresh token where the caller has none yet."""
        access = self._issue("access")
        self._accesses[access] = _Access(grant.scope, now + HOUR)
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "scope": grant.scope}
        answer["expires_in"] = int(HOUR.total_seconds())
        if refresh_token is None:
            answer["refresh_token"] = self._issue("refresh")
            self._grants[answer["refresh_token"]] = grant
        return answer

    def _issue(self, kind: str) -> str:
        self._issued += 1
        return f"simulated-{kind}-{self._issued}-{spotify_id(kind, self.client_id, self._issued)}"

    # ---- what the Web API asks --------------------------------------------------------------------------------------

    def scopes(self, access_token: str, now: datetime) -> frozenset[str]:
        """What the bearer may do. Raises OAuthError with the Web API's words in `description`."""
        access = self._accesses.get(access_token)
        if access is None:
            raise OAuthError("invalid_token", "Invalid access token", 401)
        if now >= access.expires_at:
            raise OAuthError("invalid_token", "The access token expired", 401)
        return frozenset(access.scope.split())

    def revoke(self) -> None:
        """The owner removes the app: no token works any more."""
        self._grants.clear()
        self._accesses.clear()


def _same_place(asked: str, registered: str) -> bool:
    """The registered address exactly, but that one on a loopback literal may be asked for with any port."""
    wanted, known = urlsplit(asked), urlsplit(registered)
    if known.hostname in ("127.0.0.1", "::1") and known.port is None:
        return (wanted.scheme, wanted.hostname, wanted.path) == (known.scheme, known.hostname, known.path)
    return asked == registered
