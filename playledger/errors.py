"""What can go wrong, as one tree. Each branch answers one question: will trying again help?

PlayledgerError
|- TryAgain                exit 10   later, by itself
|  |- RateLimited                   Spotify said 429; retry_after seconds, if it said how long
|  |- SpotifyUnavailable            5xx, time-out, no connection, a body that is no JSON
|  |- StoreUnavailable              a store did not answer
|  |- StateConflict                 somebody else committed first
|  `- PlaysAlreadyStored            a hot put met a stored play (the keys are in it)
|- OwnerMustAct            exit 11   only the owner can help
|  |- NeedsReauth                   no token, or Spotify no longer accepts it: log in again
|  |- AccessRefused                 403: Premium lapsed, user not allow-listed, scope missing, endpoint removed
|  `- WrongAccount                  the login belongs to another Spotify account
|- WorldChanged            exit 12   the data no longer fits what we know of it
|  |- UnreadableExport              a file is no account export, or is damaged
|  |- ChecksFailed                  the document contradicts itself; the last good one stays published
|  `- CorruptObject                 a stored object is not what its name or digest says
`- Misconfigured           exit 13   settings, paths, ports, permissions
"""

from collections.abc import Sequence


class PlayledgerError(Exception):
    """Anything we tell a person in one sentence instead of a traceback."""

    exit_code = 1


class TryAgain(PlayledgerError):
    """A passing fault: the same call may succeed later."""

    exit_code = 10


class RateLimited(TryAgain):
    """Spotify answered 429. `retry_after` is in seconds, None where Spotify did not say."""

    def __init__(self, message: str, *, retry_after: int | None = None, quota: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.quota = quota


class SpotifyUnavailable(TryAgain):
    """Spotify did not answer, or not with what it documents."""


class StoreUnavailable(TryAgain):
    """A store could not be reached or refused to serve; nothing is known of the effect."""


class StateConflict(TryAgain):
    """The stored version is not the expected one: somebody else committed."""


class PlaysAlreadyStored(TryAgain):
    """Hot puts were refused because these keys exist; nothing was written."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"{len(keys)} plays are already in the hot store")
        self.keys = tuple(keys)


class OwnerMustAct(PlayledgerError):
    """No retry helps until the owner does something."""

    exit_code = 11


class NeedsReauth(OwnerMustAct):
    """There is no usable login."""


class AccessRefused(OwnerMustAct):
    """Spotify answered 403; the message carries its own words."""


class WrongAccount(OwnerMustAct):
    """The token belongs to another account than the ledger."""


class WorldChanged(PlayledgerError):
    """The data does not fit what we know; it is kept, and nothing is half-written."""

    exit_code = 12


class UnreadableExport(WorldChanged):
    """The file is not an extended streaming history, or is damaged."""


class ChecksFailed(WorldChanged):
    """A check before publishing found contradictions."""


class CorruptObject(WorldChanged):
    """A stored object does not hold what it should."""


class Misconfigured(PlayledgerError):
    """Settings, paths, ports or permissions are wrong; fix them and start again."""

    exit_code = 13
