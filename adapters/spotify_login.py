"""The owner's consent: authorization code with PKCE. Builds the address to open and trades the code for a login."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin

import requests

from adapters.spotify_wire import Guard, safe_address, settle
from playledger.errors import NeedsReauth, SpotifyUnavailable
from playledger.models import Token

SCOPES = "user-read-recently-played user-library-read playlist-read-private playlist-modify-private"
"""The least that capture, liked songs and one private playlist need."""


@dataclass(frozen=True)
class Consent:
    """One attempt to log in. Verifier and state are made for it alone and never leave the process but as they must."""

    client_id: str
    redirect_uri: str
    accounts_url: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def address(self) -> str:
        """Where the owner agrees."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPES,
            "state": self.state,
            "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        return f"{urljoin(safe_address(self.accounts_url), 'authorize')}?{urlencode(query)}"

    def code(self, answer: dict[str, str]) -> str:
        """The code in what Spotify sent back. Raises NeedsReauth where it is none of ours, or the owner refused."""
        if not secrets.compare_digest(answer.get("state", ""), self.state):
            raise NeedsReauth("the answer does not belong to this login (wrong state); start again")
        if "code" not in answer:
            raise NeedsReauth(f"Spotify gave no consent: {answer.get('error', 'no code')[:60]}")
        return answer["code"]

    def trade(self, code: str, session: requests.Session, clock: Callable[[], datetime]) -> Token:
        """The login for a code. Raises NeedsReauth where Spotify refuses it, SpotifyUnavailable without answer."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": self.verifier,
        }
        url = urljoin(safe_address(self.accounts_url), "api/token")
        settle(session, url)
        Guard(session, clock)
        try:
            answer = session.post(url, data=form, timeout=10, allow_redirects=False)
            said: Any = answer.json()
        except requests.RequestException as error:
            raise SpotifyUnavailable(f"Spotify's account service did not answer ({type(error).__name__})") from None
        if not answer.ok or not isinstance(said, dict) or "refresh_token" not in said:
            raise NeedsReauth(f"Spotify refused the login ({answer.status_code}); start again")
        now, seconds = clock(), said.get("expires_in")
        return Token(
            access_token=str(said.get("access_token", "")),
            refresh_token=str(said["refresh_token"]),
            expires_at=now + timedelta(seconds=seconds if isinstance(seconds, int) else 3600),
            scope=str(said.get("scope", SCOPES)),
            authorized_at=now,
        )
