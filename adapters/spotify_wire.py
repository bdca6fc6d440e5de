"""What every answer of Spotify passes: addresses a token may be sent to, bounds, the clock, and errors sorted."""

import ipaddress
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from playledger.errors import (
    AccessRefused,
    Misconfigured,
    PlayledgerError,
    RateLimited,
    SpotifyUnavailable,
    WorldChanged,
)

LARGEST_ANSWER = 2_000_000
"""Bytes, unpacked. A full window has about 150,000."""
UNEXPLAINED = "no reason given"


class Missing(WorldChanged):
    """404: the thing is not there."""


class Unauthorized(SpotifyUnavailable):
    """401: the access token is no good."""


def refusal(status: int, headers: Mapping[str, str], words: str, reason: str | None = None) -> PlayledgerError:
    """The kernel's error for an error answer."""
    if status == 429:
        wait = headers.get("Retry-After", "")
        is_quota = reason == "QUOTA_EXCEEDED"
        message = "Spotify's daily quota is used up" if is_quota else "Spotify asks for fewer calls"
        return RateLimited(message, retry_after=int(wait) if wait.isdecimal() else None, quota=is_quota)
    if status >= 500:
        return SpotifyUnavailable(f"Spotify is out of order ({status})")
    kinds = {401: Unauthorized, 403: AccessRefused, 404: Missing}
    return kinds.get(status, WorldChanged)(f"Spotify refused ({status}): {words}")


def unanswered(error: requests.RequestException) -> SpotifyUnavailable:
    """Only the kind of a network error is told: its own text holds addresses and, at times, what was sent."""
    return SpotifyUnavailable(f"Spotify did not answer ({type(error).__name__})")


def words(message: str | None) -> str:
    """Spotify's own words: the last line of spotipy's message, printable and short."""
    last = (message or "").strip().rpartition("\n")[2].strip()
    said = "".join(letter for letter in last if letter.isprintable())[:300]
    return said if said not in ("", "None") else UNEXPLAINED


def safe_address(url: str) -> str:
    """The address with a slash at its end. Raises Misconfigured where a token may not be sent there."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    if not host or not is_safe:
        raise Misconfigured(f"{url!r} must be https, or http on a loopback address such as 127.0.0.1")
    return url.rstrip("/") + "/"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def settle(session: requests.Session, api_url: str) -> None:
    """A .netrc must not replace our token, and a proxy is no way to an address on this machine."""
    session.auth = lambda request: request
    session.trust_env = not _is_loopback(urlsplit(api_url).hostname or "")


def quieten() -> None:
    """spotipy logs headers and tokens at DEBUG, and at ERROR what we raise anyway."""
    for name in ("spotipy", "spotipy.client", "spotipy.oauth2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Guard:
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
        return refusal(self._last.status_code, self._last.headers, UNEXPLAINED)


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
