"""The access token: taken from the store, refreshed by one POST when it must be, and saved at once."""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import requests

from adapters.spotify_wire import UNEXPLAINED, refusal
from playledger.errors import (
    AccessRefused,
    NeedsReauth,
    PlayledgerError,
    SpotifyUnavailable,
    StateConflict,
    StoreUnavailable,
)
from playledger.models import Token
from playledger.ports import TokenStore

EXPIRY_MARGIN = timedelta(seconds=60)
SAVE_ATTEMPTS = 3

_log = logging.getLogger(__name__)


class _Revoked(NeedsReauth):
    """invalid_grant: the refresh token is dead."""


class Login:
    """The token in hand and the store it came from. A refresh is one POST; what comes back is saved at once."""

    def __init__(
        self,
        tokens: TokenStore,
        client_id: str,
        url: str,
        session: requests.Session,
        clock: Callable[[], datetime],
        timeout: float,
    ) -> None:
        self._tokens = tokens
        self._client_id = client_id
        self._url: Final = url
        self._session = session
        self._clock = clock
        self._timeout = timeout
        self._held: tuple[Token, str | None] | None = None
        self._unsaved: str | None = None
        """The refresh token that the held, not yet saved token came from."""

    def access_token(self) -> str:
        """One that is good for a minute more at least."""
        token, _ = self._held or self._load()
        if self._is_fresh(token):
            return token.access_token if self._unsaved is None else self._save(token, self._unsaved).access_token
        return self.refreshed().access_token

    def refreshed(self) -> Token:
        """A new access token, whatever is held. Where the refresh token is dead another run may have replaced it:
        the stored one is read again and, if it is another, used instead."""
        used, _ = self._held or self._load()
        try:
            return self._refresh(used)
        except _Revoked:
            stored, _ = self._load()
            if stored.refresh_token == used.refresh_token:
                raise
        return stored if self._is_fresh(stored) else self._refresh(stored)

    def _load(self) -> tuple[Token, str | None]:
        self._held, self._unsaved = self._tokens.load(), None
        return self._held

    def _is_fresh(self, token: Token) -> bool:
        expires_at = token.expires_at
        return bool(token.access_token) and expires_at is not None and self._clock() < expires_at - EXPIRY_MARGIN

    def _refresh(self, used: Token) -> Token:
        granted = self._granted(used.refresh_token)
        seconds = granted.get("expires_in")
        new = Token(
            access_token=_text(granted, "access_token"),
            refresh_token=_text(granted, "refresh_token") or used.refresh_token,
            scope=_text(granted, "scope") or used.scope,
            expires_at=self._clock() + timedelta(seconds=seconds if isinstance(seconds, int) else 3600),
            authorized_at=used.authorized_at,
        )
        return self._save(_renewed(used, new), used.refresh_token)

    def _granted(self, refresh_token: str) -> dict[str, Any]:
        """What the token endpoint gives for a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self._client_id}
        try:
            answer = self._session.post(self._url, data=form, timeout=self._timeout, allow_redirects=False)
            body = answer.json()
        except requests.JSONDecodeError:
            body = None
        except (requests.RequestException, RecursionError) as error:
            raise SpotifyUnavailable(f"Spotify's account service did not answer ({type(error).__name__})") from None
        said = body if isinstance(body, dict) else {}
        if answer.ok and _text(said, "access_token"):
            return said
        raise _denied(answer.status_code, answer.headers, said)

    def _save(self, token: Token, used: str) -> Token:
        """Keeps the token. Where somebody else saved first, and a new refresh token at that, theirs is used.

        A store that cannot save must not cost a poll: the token is held, and saved with the next call.
        """
        for _ in range(SAVE_ATTEMPTS):
            version = self._held[1] if self._held else None
            try:
                self._held, self._unsaved = (token, self._tokens.save(token, version)), None
            except StateConflict:
                stored, _ = self._load()
                if stored.refresh_token not in (used, token.refresh_token):
                    return self._usable(stored)
                token = _renewed(stored, token)
            except StoreUnavailable:
                break
            else:
                return token
        self._held, self._unsaved = (token, version), used
        _log.warning("the login could not be saved; it will be tried again with the next call")
        return token

    def _usable(self, stored: Token) -> Token:
        return stored if self._is_fresh(stored) else self._refresh(stored)


def _text(said: Mapping[str, Any], name: str) -> str:
    """A field that should be text; nothing where it is not."""
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _renewed(old: Token, new: Token) -> Token:
    """The old login with the new one's tokens: consent and account stay what they are."""
    return old.model_copy(update={name: getattr(new, name) for name in _RENEWED})


_RENEWED = ("access_token", "refresh_token", "scope", "expires_at")


def _denied(status: int, headers: Mapping[str, str], said: Mapping[str, Any]) -> PlayledgerError:
    """The error for what the token endpoint refused. Only its error code is told, which cannot hold a token."""
    code = _text(said, "error")
    if code == "invalid_grant":
        return _Revoked("Spotify no longer accepts the login: log in again")
    if status == 429 or status >= 500:
        return refusal(status, headers, code)
    if status < 400:
        return SpotifyUnavailable("Spotify's account service answered without a token")
    known = code if re.fullmatch(r"[a-z_]{1,40}", code) else UNEXPLAINED
    return AccessRefused(f"Spotify's account service refused ({status}): {known}")
