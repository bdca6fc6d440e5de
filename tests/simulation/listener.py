"""A hostile listener: a true timeline of plays, when each was published, and what Spotify would answer at a moment.

Everything follows from the seed. Times are Unix milliseconds.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from random import Random
from typing import Any

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
FUTURE = 10 * MINUTE
"""A play dated this far ahead of its publication is a wrong clock, not an order of plays."""

_AGE = attrgetter("ms", "uri")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, order=True)
class TruePlay:
    """One play that really happened: when it ended, of what, when Spotify listed it, and how it looks there."""

    ms: int
    uri: str
    published: int
    track: dict[str, Any] = field(compare=False, repr=False)
    context: dict[str, Any] | None = field(compare=False, repr=False)
    malformed: Any = field(default=None, compare=False)
    device: str = field(default="main", compare=False)

    @property
    def key(self) -> tuple[int, str]:
        """What makes it this play."""
        return self.ms, self.uri


@dataclass(frozen=True)
class Habits:
    """What kind of listener and feed a seed has."""

    span_hours: int = 30
    history: int = 60
    history_days: int = 3
    activity: float = 0.5
    mean_play_s: int = 180
    late: float = 0.02
    freezes: int = 0
    offline_batches: int = 0
    collisions: float = 0.01
    malformed: float = 0.0
    future: float = 0.0
    whole_seconds: bool = False


class Listener:
    """The account of one seed. `plays` is the truth in order of publication."""

    def __init__(self, seed: object, start: int, habits: Habits, given: Iterable[TruePlay] | None = None) -> None:
        self.habits = habits
        self._rng = Random(f"{seed}|listener")
        self.start = start
        self.frozen = self._spans(habits.freezes, 1 * HOUR, 14 * HOUR)
        self.plays: list[TruePlay] = []
        self.add(*([*self._history(), *self._sessions(), *self._offline()] if given is None else given))

    def published_by(self, now: int) -> Sequence[TruePlay]:
        """All that Spotify has listed by `now`."""
        return self.plays[: bisect_right(self._published, now)]

    def window(self, now: int, limit: int) -> list[TruePlay]:
        """What the list shows at `now`, newest first."""
        listed = self.published_by(now)
        return sorted(listed, key=_AGE, reverse=True)[:limit]

    def in_order(self) -> list[TruePlay]:
        """The plays that were newer than everything listed before them, which coverage can vouch for.

        What is dated into the future counts as listed when its time has come.
        """
        newest = 0
        ahead: list[int] = []
        found: list[TruePlay] = []
        for play in self.plays:
            while ahead and ahead[0] <= play.published + FUTURE:
                newest = max(newest, heapq.heappop(ahead))
            if play.ms > newest:
                found.append(play)
            heapq.heappush(ahead, play.ms)
        return found

    def add(self, *plays: TruePlay) -> None:
        """More plays."""
        self.plays = sorted({*self.plays, *plays}, key=lambda play: (play.published, play.ms, play.uri))
        self._published = [play.published for play in self.plays]

    def _spans(self, count: int, shortest: int, longest: int) -> list[tuple[int, int]]:
        starts = [self.start + self._rng.randrange(self.habits.span_hours * HOUR) for _ in range(count)]
        return [(at, at + self._rng.randrange(shortest, longest)) for at in starts]

    def _history(self) -> list[TruePlay]:
        """What was played before anybody polled."""
        span = self.habits.history_days * DAY
        times = sorted(self._rng.randrange(self.start - span, self.start) for _ in range(self.habits.history))
        return [self._play(at, published=at) for at in times]

    def _sessions(self) -> list[TruePlay]:
        plays, at, end = [], self.start, self.start + self.habits.span_hours * HOUR
        while at < end:
            at += self._silence()
            for _ in range(self._length()):
                at += max(30 * SECOND, int(self._rng.expovariate(1 / self.habits.mean_play_s) * SECOND))
                if at >= end:
                    break
                plays.append(self._play(at))
                if self._rng.random() < self.habits.collisions:
                    plays.append(self._play(at, device="twin"))
        return plays

    def _silence(self) -> int:
        busy = self.habits.activity
        return int(self._rng.expovariate(1.0) * 2 * HOUR * (1 - busy) / max(busy, 0.02))

    def _length(self) -> int:
        return int(self._rng.lognormvariate(2.4, 1.0)) + 1

    def _offline(self) -> list[TruePlay]:
        """A phone without a network: its plays turn up together, hours later, behind what is listed."""
        plays = []
        for begin, end in self._spans(self.habits.offline_batches, 1 * HOUR, 20 * HOUR):
            at = begin
            for _ in range(self._rng.randrange(1, 30)):
                at += self._rng.randrange(31 * SECOND, 400 * SECOND)
                if at < end:
                    plays.append(self._play(at, published=end, device="phone"))
        return plays

    def _play(self, at: int, *, published: int | None = None, device: str = "main") -> TruePlay:
        rng = self._rng
        ms = at - at % SECOND if self.habits.whole_seconds else at
        if rng.random() < self.habits.future:
            ms += rng.randrange(FUTURE + MINUTE, 30 * HOUR)
        song = CATALOGUE[int(rng.random() ** 2 * len(CATALOGUE))]
        malformed = rng.choice(MALFORMED) if rng.random() < self.habits.malformed else None
        context = _CONTEXT if rng.random() < 0.6 else None
        listed = self._listed(at) if published is None else published
        return TruePlay(ms, str(song["uri"]), listed, song, context, malformed, device)

    def _listed(self, at: int) -> int:
        """When a play of the main device is listed: at once, sometimes late, never while the feed is frozen."""
        rng = self._rng
        listed = at + rng.randrange(0, 1_500)
        if rng.random() < self.habits.late:
            listed += rng.choice((rng.randrange(MINUTE, 20 * MINUTE), rng.randrange(MINUTE, 8 * HOUR)))
        for begin, end in self.frozen:
            if begin <= listed < end:
                listed = end
        return listed


def played(ms: int, *, track: int = 0, published: int | None = None, malformed: Any = None) -> TruePlay:
    """A play written by hand, listed at once unless said otherwise."""
    song = CATALOGUE[track % len(CATALOGUE)]
    return TruePlay(ms, str(song["uri"]), ms if published is None else published, song, _CONTEXT, malformed)


def body(plays: Sequence[TruePlay], *, noise: Random | None = None) -> dict[str, Any]:
    """Spotify's answer with these plays. `noise`: contexts go missing and popularity changes, as it really happens."""
    items = [_item(play, noise) for play in plays]
    return {
        "href": "https://api.spotify.com/v1/me/player/recently-played?limit=50",
        "items": items,
        "limit": 50,
        "next": "https://attacker.example/next",
        "cursors": {"after": str(plays[0].ms), "before": str(plays[-1].ms)} if plays else None,
    }


def _item(play: TruePlay, noise: Random | None) -> Any:
    if play.malformed is not None:
        return {**play.malformed, "n": play.ms} if isinstance(play.malformed, dict) else play.malformed
    item = {"track": play.track, "played_at": instant(play.ms), "context": play.context}
    if noise and noise.random() < 0.5:
        item["context"] = None
    if noise and noise.random() < 0.3:
        item["track"] = {**play.track, "popularity": noise.randrange(100)}
    return item


def instant(ms: int) -> str:
    """A moment as Spotify prints it: with milliseconds, or without where there are none."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{ms % 1000:03d}" if ms % 1000 or ms // 1000 % 2 else ""
    return f"{moment}{fraction}Z"


MALFORMED: tuple[dict[str, Any], ...] = (
    {"track": None, "played_at": "2026-03-01T10:00:00.000Z", "context": None},
    {"track": {"name": "no uri", "type": "track", "artists": []}, "played_at": "2026-03-01T10:00:00.000Z"},
    {"track": {"uri": "spotify:track:0000000000000000000001", "type": "track"}, "played_at": "yesterday"},
    {"played_at": "2026-03-01T10:00:00.000Z"},
)
"""Records no parser can read; each occurrence is made distinct by the moment it is listed with."""

_CONTEXT = {
    "type": "playlist",
    "uri": "spotify:playlist:37i9dQZF1DX0000000000A",
    "href": "https://api.spotify.com/v1/playlists/37i9dQZF1DX0000000000A",
    "external_urls": {"spotify": "https://open.spotify.com/playlist/37i9dQZF1DX0000000000A"},
}


def _track(number: int) -> dict[str, Any]:
    """One song; every ninth is a local file without an id, every eleventh an episode."""
    rng = Random(f"song {number}")
    track_id = "".join(rng.choice(_LETTERS) for _ in range(22))
    artist = "".join(rng.choice(_LETTERS) for _ in range(22))
    if number % 9 == 8:
        return _local_file(number)
    kind = "episode" if number % 11 == 10 else "track"
    return {
        "album": {"album_type": "album", "id": artist[::-1], "name": f"Album {number}", "release_date": "2019-05-03"},
        "artists": [{"id": artist, "name": f"Artist {number}", "uri": f"spotify:artist:{artist}", "type": "artist"}],
        "duration_ms": rng.randrange(31_000, 400_000),
        "explicit": False,
        "external_ids": {"isrc": f"SE000{number:07d}"},
        "id": track_id,
        "is_local": False,
        "name": f"Song {number} <b>\u2028é",
        "type": kind,
        "uri": f"spotify:{kind}:{track_id}",
    }


def _local_file(number: int) -> dict[str, Any]:
    return {
        "album": {"album_type": None, "id": None, "name": "", "release_date": None},
        "artists": [{"id": None, "name": f"Garage Band {number}", "uri": None, "type": "artist"}],
        "duration_ms": 200_000,
        "explicit": False,
        "external_ids": {},
        "id": None,
        "is_local": True,
        "name": f"Tape {number}",
        "type": "track",
        "uri": f"spotify:local:Garage+Band+{number}::Tape+{number}:200",
    }


CATALOGUE = tuple(_track(number) for number in range(40))
"""The songs of every seed."""
