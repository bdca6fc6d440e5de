"""The listener's account through spotipy, on a session of our own: no retry inside, no sleep, no redirect followed.

Each call is made once, but for one forced refresh after a 401. What Spotify says is sorted into the kernel's errors.
No token gets into a log, a message or a repr.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import requests
import spotipy

from adapters.spotify_token import Login
from adapters.spotify_wire import (
    Guard,
    Missing,
    Unauthorized,
    quieten,
    refusal,
    safe_address,
    settle,
    unanswered,
    words,
)
from playledger.errors import SpotifyUnavailable, WorldChanged
from playledger.ports import Answer, TokenStore

PAGE = 50

_ID = re.compile(r"^[0-9A-Za-z]{22}$")


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
        quieten()
        settle(session, api_url)
        self._guard = Guard(session, clock)
        self._login = Login(
            tokens, client_id, urljoin(safe_address(accounts_url), "api/token"), session, clock, timeout
        )
        self._web = spotipy.Spotify(requests_session=session, requests_timeout=timeout)
        self._web.prefix = safe_address(api_url)

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
        except Missing:
            return None

    def _asked(self, ask: Callable[[], Any]) -> Answer:
        """The answer; after a 401 one refresh and one more try."""
        self._web.set_auth(self._login.access_token())
        try:
            return self._once(ask)
        except Unauthorized:
            self._web.set_auth(self._login.refreshed().access_token)
        try:
            return self._once(ask)
        except Unauthorized as error:
            raise SpotifyUnavailable("Spotify refuses an access token it has just given out") from error

    def _once(self, ask: Callable[[], Any]) -> Answer:
        self._guard.forget()
        try:
            body = ask()
        except spotipy.SpotifyException as error:
            raise refusal(error.http_status, error.headers, words(error.msg), error.reason) from error
        except requests.RequestException as error:
            raise unanswered(error) from error
        except (AttributeError, RecursionError) as error:
            # spotipy fell over the body; status and headers still tell what kind of answer it was
            raise self._guard.refusal() from error
        if not isinstance(body, dict):
            raise SpotifyUnavailable("Spotify answered with something that is no JSON object")
        return Answer(body, self._guard.server_now())


def _checked(playlist_id: str) -> str:
    if not _ID.match(playlist_id):
        raise WorldChanged(f"{playlist_id[:40]!r} is no id of a playlist")
    return playlist_id
