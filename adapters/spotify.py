"""The listener's account through spotipy, on a session of our own: no retry inside, no sleep, no redirect followed.

Each call is made once, but for one forced refresh after a 401. What Spotify says is sorted into the kernel's errors.
No token gets into a log, a message or a repr.
"""

import hashlib
import ipaddress
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
import spotipy

from playledger.errors import (
    AccessRefused,
    Misconfigured,
    NeedsReauth,
    PlayledgerError,
    RateLimited,
    SpotifyUnavailable,
    StateConflict,
    StoreUnavailable,
    WorldChanged,
)
from playledger.models import Token
from playledger.ports import Answer, TokenStore

PAGE = 50
LARGEST_ANSWER = 2_000_000
"""Bytes, unpacked. A full window has about 150,000."""
EXPIRY_MARGIN = timedelta(seconds=60)
SAVE_ATTEMPTS = 3
UNEXPLAINED = "no reason given"

_ID = re.compile(r"^[0-9A-Za-z]{22}$")
_log = logging.getLogger(__name__)


def account_hash(me: Mapping[str, Any]) -> str:
    """Names the account of a `GET /me` body: SHA-256 of its account_id, or of its id where Spotify gives no other.

    Raises WorldChanged where the body has neither.
    """
    identity = me.get("account_id") or me.get("id")
    if not identity:
        raise WorldChanged("Spotify does not say whose account this is")
    return hashlib.sha256(str(identity).encode()).hexdigest()


class SpotipyClient:
    """The `Spotify` role. Keeps the access token between calls and in the token store; refreshes it when it must.

    `api_url` and `accounts_url` are https, or http on a loopback address. `session` belongs to this client from now on.
    `clock` is only for the token's expiry, and stands in for Spotify's clock where an answer has no Date.
    """

    def __init__(
        self,
        tokens: TokenStore,
        *,
        client_id: str,
        api_url: str,
        accounts_url: str,
        session: requests.Session,
        clock: Callable[[], datetime],
        timeout: float = 10.0,
    ) -> None:
        _quieten()
        _settle(session, api_url)
        self._guard = _Guard(session, clock)
        self._login = _Login(tokens, client_id, urljoin(_address(accounts_url), "api/token"), session, clock, timeout)
        self._web = spotipy.Spotify(requests_session=session, requests_timeout=timeout)
        self._web.prefix = _address(api_url)

    # ---- the role ---------------------------------------------------------------------------------------------------

    def recently_played(self, limit: int) -> Answer:
        """The newest plays, at most `limit` (50)."""
        return self._asked(lambda: self._web.current_user_recently_played(limit=limit))

    def me(self) -> Answer:
        """The account."""
        return self._asked(self._web.me)

    def track(self, track_id: str) -> Answer | None:
        """One track; None where Spotify has none of that id, or where no id of Spotify's looks like that."""
        return self._found(track_id, self._web.track)

    def artist(self, artist_id: str) -> Answer | None:
        """One artist; None as for a track."""
        return self._found(artist_id, self._web.artist)

    def saved_tracks(self, offset: int) -> Answer:
        """One page of liked songs."""
        return self._asked(lambda: self._web.current_user_saved_tracks(limit=PAGE, offset=offset))

    def playlists(self, offset: int) -> Answer:
        """One page of own and followed playlists."""
        return self._asked(lambda: self._web.current_user_playlists(limit=PAGE, offset=offset))

    def create_playlist(self, name: str, description: str) -> Answer:
        """A new private playlist. After SpotifyUnavailable it may exist all the same."""
        return self._asked(lambda: self._web.current_user_playlist_create(name, public=False, description=description))

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Makes the playlist hold just these, at most 100."""
        self._asked(lambda: self._web.playlist_replace_items(playlist_id, list(uris)))

    def append_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Adds these, at most 100. After SpotifyUnavailable they may be there all the same."""
        path = f"playlists/{_checked(playlist_id)}/items"
        # spotipy's own method sends a bare list; only the named form is documented
        self._asked(lambda: self._web._post(path, payload={"uris": list(uris)}))  # noqa: SLF001

    def playlist_items(self, playlist_id: str, offset: int) -> Answer:
        """One page of an own playlist's items."""
        return self._asked(lambda: self._web.playlist_items(playlist_id, limit=PAGE, offset=offset))

    # ---- one call ---------------------------------------------------------------------------------------------------

    def _found(self, identity: str, ask: Callable[[str], Any]) -> Answer | None:
        if not _ID.match(identity):
            return None
        try:
            return self._asked(lambda: ask(identity))
        except _Missing:
            return None

    def _asked(self, ask: Callable[[], Any]) -> Answer:
        """The answer; after a 401 one refresh and one more try."""
        self._web.set_auth(self._login.access_token())
        try:
            return self._once(ask)
        except _Unauthorized:
            self._web.set_auth(self._login.refreshed().access_token)
        try:
            return self._once(ask)
        except _Unauthorized as error:
            raise SpotifyUnavailable("Spotify refuses an access token it has just given out") from error

    def _once(self, ask: Callable[[], Any]) -> Answer:
        self._guard.forget()
        try:
            body = ask()
        except spotipy.SpotifyException as error:
            raise _refusal(error.http_status, error.headers, _words(error.msg), error.reason) from error
        except requests.RequestException as error:
            raise _unanswered(error) from error
        except (AttributeError, RecursionError) as error:
            # spotipy fell over the body; status and headers still tell what kind of answer it was
            raise self._guard.refusal() from error
        if not isinstance(body, dict):
            raise SpotifyUnavailable("Spotify answered with something that is no JSON object")
        return Answer(body, self._guard.server_now())


class _Missing(WorldChanged):
    """404: the thing is not there."""


class _Unauthorized(SpotifyUnavailable):
    """401: the access token is no good."""


def _refusal(status: int, headers: Mapping[str, str], words: str, reason: str | None = None) -> PlayledgerError:
    """The kernel's error for an error answer."""
    if status == 429:
        wait = headers.get("Retry-After", "")
        is_quota = reason == "QUOTA_EXCEEDED"
        message = "Spotify's daily quota is used up" if is_quota else "Spotify asks for fewer calls"
        return RateLimited(message, retry_after=int(wait) if wait.isdecimal() else None, quota=is_quota)
    if status >= 500:
        return SpotifyUnavailable(f"Spotify is out of order ({status})")
    kinds = {401: _Unauthorized, 403: AccessRefused, 404: _Missing}
    return kinds.get(status, WorldChanged)(f"Spotify refused ({status}): {words}")


def _unanswered(error: requests.RequestException) -> SpotifyUnavailable:
    """Only the kind of a network error is told: its own text holds addresses and, at times, what was sent."""
    return SpotifyUnavailable(f"Spotify did not answer ({type(error).__name__})")


def _words(message: str | None) -> str:
    """Spotify's own words: the last line of spotipy's message, printable and short."""
    last = (message or "").strip().rpartition("\n")[2].strip()
    words = "".join(letter for letter in last if letter.isprintable())[:300]
    return words if words not in ("", "None") else UNEXPLAINED


def _checked(playlist_id: str) -> str:
    if not _ID.match(playlist_id):
        raise WorldChanged(f"{playlist_id[:40]!r} is no id of a playlist")
    return playlist_id


def _address(url: str) -> str:
    """The address with a slash at its end. Raises Misconfigured where a token may not be sent there."""
    parts = urlsplit(url)
    if not parts.hostname or (
        parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname))
    ):
        raise Misconfigured(f"{url!r} must be https, or http on a loopback address such as 127.0.0.1")
    return url.rstrip("/") + "/"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _settle(session: requests.Session, api_url: str) -> None:
    """A .netrc must not replace our token, and a proxy is no way to an address on this machine."""
    session.auth = lambda request: request
    session.trust_env = not _is_loopback(urlsplit(api_url).hostname or "")


def _quieten() -> None:
    """spotipy logs headers and tokens at DEBUG, and at ERROR what we raise anyway."""
    for name in ("spotipy", "spotipy.client", "spotipy.oauth2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


# ---- what every answer passes ---------------------------------------------------------------------------------------


class _Guard:
    """Watches every answer of a session: remembers its Date and status, stops redirects and bodies without end."""

    def __init__(self, session: requests.Session, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last: requests.Response | None = None
        session.hooks["response"].append(self._note)

    def forget(self) -> None:
        """Nothing has been answered yet."""
        self._last = None

    def _note(self, response: requests.Response, **_: Any) -> None:
        if response.is_redirect:
            response.close()
            raise requests.TooManyRedirects("a redirect is not followed")
        response.raw = _Capped(response.raw)
        self._last = response

    def server_now(self) -> datetime:
        """The Date of the last answer, whole seconds; our own clock where it has none that can be read."""
        date = self._last.headers.get("Date", "") if self._last is not None else ""
        try:
            moment = parsedate_to_datetime(date)
        except ValueError:
            return self._clock()
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def refusal(self) -> PlayledgerError:
        """The error for an answer whose body nobody understood."""
        if self._last is None or self._last.ok:
            return SpotifyUnavailable("Spotify's answer cannot be read")
        return _refusal(self._last.status_code, self._last.headers, UNEXPLAINED)


class _TooLarge(requests.RequestException):
    """An answer beyond all measure."""


class _Capped:
    """A response's raw stream that ends in an error after LARGEST_ANSWER bytes; otherwise the stream itself."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amount: int, **options: Any) -> Iterator[bytes]:
        """The body in pieces, unpacked."""
        size = 0
        for piece in self._raw.stream(amount, **options):
            size += len(piece)
            if size > LARGEST_ANSWER:
                self._raw.close()
                raise _TooLarge("the answer is too large")
            yield piece


# ---- the token ------------------------------------------------------------------------------------------------------


class _Revoked(NeedsReauth):
    """invalid_grant: the refresh token is dead."""


class _Login:
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
        return _refusal(status, headers, code)
    if status < 400:
        return SpotifyUnavailable("Spotify's account service answered without a token")
    known = code if re.fullmatch(r"[a-z_]{1,40}", code) else UNEXPLAINED
    return AccessRefused(f"Spotify's account service refused ({status}): {known}")
