"""One play as it truly happened, short ones included, and when and how Spotify's feed tells of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from playledger.models import from_ms, play_key, to_ms
from simulator.catalogue import SHORTEST_VISIBLE_MS, Episode, Track, spotify_id

SKIPPED = frozenset({"fwdbtn", "backbtn", "endplay"})
"""The ends that an export calls skipped, whatever was heard before."""


@dataclass(frozen=True, slots=True)
class ListenedPlay:
    """A play. Times are Unix milliseconds.

    `ended_at_ms` is the truth, `played_at_ms` what the feed says, `published_at_ms` the moment it starts saying so.
    From `context_gone_at_ms` on the feed says null for the context: its playlist was deleted.
    """

    item: Track | Episode
    started_at_ms: int
    ended_at_ms: int
    played_at_ms: int
    published_at_ms: int
    ms_played: int
    device: int = 0
    context_uri: str | None = None
    context_gone_at_ms: int | None = None
    reason_start: str = "trackdone"
    reason_end: str = "trackdone"
    shuffle: bool = False
    offline: bool = False
    incognito: bool = False

    @classmethod
    def of(
        cls,
        item: Track | Episode,
        ended_at: datetime,
        *,
        ms_played: int | None = None,
        published_at: datetime | None = None,
        context_uri: str | None = None,
        context_gone_at: datetime | None = None,
        reason_end: str | None = None,
        device: int = 0,
    ) -> Self:
        """A play written by hand: heard whole and published at once unless said otherwise."""
        end, heard = to_ms(ended_at), item.duration_ms if ms_played is None else ms_played
        return cls(
            item,
            started_at_ms=end - heard,
            ended_at_ms=end,
            played_at_ms=end,
            published_at_ms=to_ms(published_at or ended_at),
            ms_played=heard,
            device=device,
            context_uri=context_uri,
            context_gone_at_ms=to_ms(context_gone_at) if context_gone_at else None,
            reason_end=reason_end or ("trackdone" if heard >= item.duration_ms else "fwdbtn"),
        )

    @property
    def skipped(self) -> bool:
        """What an export says of it."""
        return self.reason_end in SKIPPED

    @property
    def visible(self) -> bool:
        """Whether recently-played lists it: a track, heard for 30 s, not in a private session."""
        return self.ms_played >= SHORTEST_VISIBLE_MS and isinstance(self.item, Track) and not self.incognito

    @property
    def key(self) -> str:
        """The play key under which polling stores it."""
        return play_key(from_ms(self.played_at_ms), self.item.uri)

    def context_at(self, now_ms: int) -> str | None:
        """The context's URI as the feed gives it at a moment."""
        gone = self.context_gone_at_ms is not None and now_ms >= self.context_gone_at_ms
        return None if gone else self.context_uri


def playlist_uri(*parts: object) -> str:
    """A stable URI for a playlist that is named by `parts`."""
    return f"spotify:playlist:{spotify_id('playlist', *parts)}"


def played(start: datetime, *items: Track) -> list[ListenedPlay]:
    """These tracks one after the other, each heard whole and published at once."""
    plays, end_ms = [], to_ms(start)
    for item in items:
        end_ms += item.duration_ms
        plays.append(ListenedPlay(item, end_ms - item.duration_ms, end_ms, end_ms, end_ms, item.duration_ms))
    return plays
