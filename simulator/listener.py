"""One listener at work: chooses tracks, sits through or skips them, pauses, loops. All of it drawn from one seed."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random

from simulator.catalogue import SHORTEST_VISIBLE_MS, Catalogue, Episode, Track
from simulator.plays import ListenedPlay, playlist_uri
from simulator.profiles import LogNormal, Marathons, Profile
from simulator.words import PLAYLISTS

SILENCE_MS = 30 * 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SETTLING_MS = 60 * DAY_MS
"""After so long the rate of new tracks has fallen by two thirds of the way to its later value."""

NEXT_START = {"trackdone": "trackdone", "fwdbtn": "fwdbtn", "backbtn": "backbtn", "endplay": "clickrow"}
CUT_SHORT = (("fwdbtn", "endplay", "backbtn", "logout", "unexpected-exit"), (62, 28, 4, 3, 3))
CUT_LONG = (("fwdbtn", "endplay", "logout", "unexpected-exit-while-paused"), (46, 34, 10, 10))


@dataclass(frozen=True)
class Quirks:
    """How far the feed is from a prompt and orderly one. Shares are probabilities, each drawn on its own."""

    delay_s: float = 20.0
    """Mean seconds from the end of a play to its listing."""
    late_share: float = 0.004
    """Plays that are listed hours late, behind newer ones."""
    late_hours: tuple[float, float] = (0.3, 6.0)
    null_context_share: float = 0.25
    """Sessions without a context."""
    lost_context_share: float = 0.03
    """Sessions from a playlist that is deleted hours later: the feed then says null for them."""
    old_uri_share: float = 0.03
    """Playlist sessions whose context has the old form spotify:user:<name>:playlist:<id>."""
    jitter_ms: int = 900
    """The feed's moment of a play is at most so far from its true end."""
    collision_share: float = 0.0
    """Plays listed under the very millisecond of the play before."""
    incognito_share: float = 0.003
    """Private sessions: the feed never lists them, an export does."""
    bursts: tuple[datetime, ...] = ()
    """From each of these moments on, 60 tracks are skipped through, none under 30 s, all within the hour."""


CALM = Quirks(late_share=0.0, lost_context_share=0.0, old_uri_share=0.0, jitter_ms=0, incognito_share=0.0)
"""A prompt feed that never changes its mind."""


@dataclass
class _Memory:
    """What was played, in order, so that it can be played again."""

    tracks: list[Track] = field(default_factory=list)
    ends_ms: list[int] = field(default_factory=list)
    known: list[Track] = field(default_factory=list)
    last_ms: dict[str, int] = field(default_factory=dict)

    def add(self, track: Track, end_ms: int) -> None:
        self.tracks.append(track)
        self.ends_ms.append(max(end_ms, self.ends_ms[-1]) if self.ends_ms else end_ms)
        if track.id not in self.last_ms:
            self.known.append(track)
        self.last_ms[track.id] = end_ms


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the plays of one session share."""

    device: int
    context_uri: str | None
    context_gone_at_ms: int | None
    shuffle: bool
    offline: bool
    incognito: bool


class Listener:
    """Produces sessions of plays. Not to be asked twice for the same time: what was played is remembered."""

    def __init__(self, profile: Profile, catalogue: Catalogue, rng: Random, quirks: Quirks, born_ms: int) -> None:
        self.profile = profile
        self.catalogue = catalogue
        self.rng = rng
        self.quirks = quirks
        self._born_ms = born_ms
        self._memory = _Memory()
        self._unheard = self._order_of_discovery()
        self._playlists = [playlist_uri(name) for name in PLAYLISTS]
        self._free_ms = [born_ms, born_ms]

    def _order_of_discovery(self) -> list[Track]:
        """All tracks, the ones of popular artists rather sooner; taken from the end."""
        rank = {artist.id: place for place, artist in enumerate(self.catalogue.artists, 1)}
        chance = {t.id: self.rng.random() ** (rank[t.artists[0].id] ** 0.6) for t in self.catalogue.tracks}
        return sorted(self.catalogue.tracks, key=lambda track: chance[track.id])

    # ---- when -------------------------------------------------------------------------------------------------------

    def day(self, midnight_ms: int, weekday: int) -> Iterator[ListenedPlay]:
        """All plays of the sessions that start on one local day."""
        for start_ms in sorted(self._starts(midnight_ms, weekday)):
            device = self._device(start_ms)
            if device is not None:
                begin_ms = max(start_ms, self._free_ms[device])
                yield from self._sitting(begin_ms, device)

    def _starts(self, midnight_ms: int, weekday: int) -> list[int]:
        profile, rng = self.profile, self.rng
        weights = profile.sessions_per_day
        count = rng.choices(range(len(weights)), weights)[0]
        wanted = count * profile.weekdays[weekday] * 7 / 100
        whole = int(wanted) + (rng.random() < wanted % 1)
        hours = rng.choices(range(24), profile.start_hours, k=whole)
        return [midnight_ms + hour * HOUR_MS + rng.randrange(HOUR_MS) for hour in hours]

    def _device(self, start_ms: int) -> int | None:
        """Which device plays: the first if it is free or soon will be, else the second, else nobody listens."""
        if start_ms >= self._free_ms[0]:
            return 0
        second = self.profile.second_device
        if second and start_ms >= self._free_ms[1] and self.rng.random() < second.share_while_busy:
            return 1
        return 0 if self._free_ms[0] - start_ms < 3 * HOUR_MS else None

    def _sitting(self, begin_ms: int, device: int) -> list[ListenedPlay]:
        marathons = self.profile.marathons
        if marathons and device == 0 and self.rng.random() < marathons.share:
            plays = self._marathon(begin_ms, marathons)
        else:
            plays = self._session(begin_ms, device, self._length())
        self._free_ms[device] = plays[-1].ended_at_ms + SILENCE_MS + self.rng.randrange(HOUR_MS)
        return plays

    def _length(self) -> int:
        profile = self.profile
        return 1 if self.rng.random() < profile.single_share else max(2, round(self._draw(profile.streams)))

    def _draw(self, law: LogNormal) -> float:
        return self.rng.lognormvariate(law.mu, law.sigma)

    # ---- sessions ---------------------------------------------------------------------------------------------------

    def _session(self, begin_ms: int, device: int, streams: int) -> list[ListenedPlay]:
        kind = "album" if self.rng.random() < self.profile.album_share else "mix"
        items = self._items(begin_ms, streams, kind)
        first = next(items)
        setting = self._setting(first, kind, begin_ms, device)
        return self._listen(begin_ms, setting, first, items, self.profile.short_after_long)

    def _marathon(self, begin_ms: int, marathons: Marathons) -> list[ListenedPlay]:
        streams = min(marathons.longest, max(100, round(self._draw(marathons.streams))))
        loops = self.catalogue.short_loops
        is_short = bool(loops) and self.rng.random() < marathons.short_loop_share
        loop = (
            [self.rng.choice(loops)] if is_short else [self._pick(begin_ms) for _ in range(self.rng.randrange(5, 60))]
        )
        items: Iterator[Track | Episode] = (loop[n % len(loop)] for n in range(1, streams))
        return self._listen(begin_ms, self._setting(loop[0], "mix", begin_ms, 0), loop[0], items, 0.0)

    def burst(self, begin_ms: int) -> list[ListenedPlay]:
        """60 tracks, 30 to 45 s each, on a device of their own."""
        setting, plays, end_ms = _Setting(2, None, None, False, False, False), [], begin_ms
        for _ in range(60):
            track = self._pick(end_ms, least_ms=46_000)
            heard = self.rng.randrange(SHORTEST_VISIBLE_MS, 45_000)
            end_ms += heard + self.rng.randrange(1_500)
            plays.append(self._play(track, setting, end_ms, heard, ("fwdbtn", "fwdbtn"), 0))
        return plays

    def _setting(self, first: Track | Episode, kind: str, begin_ms: int, device: int) -> _Setting:
        rng, quirks = self.rng, self.quirks
        uri, gone_ms = self._context(first, kind), None
        if uri and rng.random() < quirks.lost_context_share:
            uri, gone_ms = playlist_uri(begin_ms), begin_ms + round(rng.uniform(0.5, 20) * HOUR_MS)
        profile = self.profile
        return _Setting(
            device,
            uri,
            gone_ms,
            shuffle=kind == "mix" and rng.random() < profile.shuffle_share,
            offline=rng.random() < profile.offline_share,
            incognito=rng.random() < quirks.incognito_share,
        )

    def _context(self, first: Track | Episode, kind: str) -> str | None:
        rng = self.rng
        if rng.random() < self.quirks.null_context_share or isinstance(first, Episode):
            return None
        if kind == "album":
            return first.album.uri
        form = rng.random()
        if form < 0.12:
            return first.artists[0].uri
        if form < 0.25:
            return "spotify:collection"
        uri = rng.choices(self._playlists, range(len(self._playlists), 0, -1))[0]
        is_old = rng.random() < self.quirks.old_uri_share
        return uri.replace("spotify:", "spotify:user:simulated:") if is_old else uri

    def _items(self, begin_ms: int, streams: int, kind: str) -> Iterator[Track | Episode]:
        """What a session plays: an album through and then on, or one pick after the other."""
        if kind == "mix" and self.catalogue.episodes and self.rng.random() < self.profile.podcast_share * 10:
            yield self.rng.choice(self.catalogue.episodes)
            return
        track, album = None, iter(())  # type: tuple[Track | None, Iterator[Track]]
        for n in range(streams):
            at_ms = begin_ms + n * 150_000
            following = next(album, None)
            if following is None:
                is_again = track is not None and self.rng.random() < self.profile.again_share
                following = track if is_again and track else self._pick(at_ms)
                album = iter(self._rest_of_album(following)) if kind == "album" else album
            track = following
            yield track

    def _rest_of_album(self, track: Track) -> Sequence[Track]:
        return self.catalogue.by_album[track.album.id][track.track_number :]

    # ---- what -------------------------------------------------------------------------------------------------------

    def _pick(self, at_ms: int, least_ms: int = 0) -> Track:
        first, later = self.profile.new_share
        age = max(0, at_ms - self._born_ms) / SETTLING_MS
        is_new = self.rng.random() < later + (first - later) * 0.33**age
        while self._unheard and (is_new or not self._memory.tracks):
            track = self._unheard.pop()
            if track.id not in self._memory.last_ms and track.duration_ms >= least_ms:
                return track
        return self._again(at_ms, least_ms)

    def _again(self, at_ms: int, least_ms: int) -> Track:
        """A track played before; rarely one of the last hour."""
        for _ in range(6):
            track = self._recalled(at_ms)
            is_fresh = at_ms - self._memory.last_ms[track.id] < HOUR_MS and self.rng.random() < 0.9
            if not is_fresh and track.duration_ms >= least_ms:
                return track
        return track if track.duration_ms >= least_ms else self._long_enough(least_ms)

    def _recalled(self, at_ms: int) -> Track:
        """As long ago as this listener's repeats tend to be, or anything ever known, old favourites first."""
        memory, rng = self._memory, self.rng
        wanted_ms = at_ms - round(self._draw(self.profile.repeat_lag_h) * HOUR_MS)
        if wanted_ms < self._born_ms or rng.random() < self.profile.library_share:
            return memory.known[int(len(memory.known) * rng.random() ** 3)]
        place = bisect_left(memory.ends_ms, wanted_ms) + rng.randint(-25, 25)
        return memory.tracks[min(max(place, 0), len(memory.tracks) - 1)]

    def _long_enough(self, least_ms: int) -> Track:
        return next(track for track in self.catalogue.tracks if track.duration_ms >= least_ms)

    # ---- how long ---------------------------------------------------------------------------------------------------

    def _listen(
        self,
        begin_ms: int,
        setting: _Setting,
        first: Track | Episode,
        rest: Iterator[Track | Episode],
        short_after_long: float,
    ) -> list[ListenedPlay]:
        """Plays the items one after the other, with skips, pauses and the small gaps between them."""
        plays, end_ms, was_short, item = [], begin_ms, False, first
        reason_start = self.rng.choice(("clickrow", "playbtn", "appload"))
        short_after_short = self.profile.short_after_short if short_after_long else 0.0
        while item is not None:
            is_short = self.rng.random() < (short_after_short if was_short else short_after_long)
            heard, reason_end = self._heard(item, is_short)
            between_ms, inside_ms = self._pause()
            end_ms += max(0, between_ms + heard + inside_ms)
            plays.append(self._play(item, setting, end_ms, heard, (reason_start, reason_end), inside_ms))
            if isinstance(item, Track):
                self._memory.add(item, end_ms)
            reason_start, was_short = NEXT_START.get(reason_end, "appload"), is_short
            item = next(rest, None)  # type: ignore[assignment]
        return self._published_together(plays) if setting.offline else plays

    def _heard(self, item: Track | Episode, is_short: bool) -> tuple[int, str]:
        """Milliseconds heard, and why it ended."""
        rng, whole = self.rng, item.duration_ms
        if is_short:
            heard = min(int(self._draw(self.profile.short_s) * 1000), SHORTEST_VISIBLE_MS - 1, whole)
            return (0 if heard < 90 else heard), rng.choices(*CUT_SHORT)[0]
        if whole <= SHORTEST_VISIBLE_MS or rng.random() < self.profile.done_share:
            return whole, "trackdone"
        return rng.randrange(SHORTEST_VISIBLE_MS, whole), rng.choices(*CUT_LONG)[0]

    def _pause(self) -> tuple[int, int]:
        """Milliseconds of silence before a play, and within it. Below zero where tracks fade into each other."""
        rng, profile = self.rng, self.profile
        if rng.random() < profile.pause_share:
            pause_ms = min(SILENCE_MS - 60_000, round(self._draw(profile.pause_s) * 1000))
            return (pause_ms, 0) if rng.random() < 0.5 else (0, pause_ms)
        return (round(rng.gauss(300, 700)), 0) if rng.random() < 0.9 else (rng.randrange(2_000, 60_000), 0)

    # ---- and what the feed makes of it ------------------------------------------------------------------------------

    def _play(
        self,
        item: Track | Episode,
        setting: _Setting,
        end_ms: int,
        heard: int,
        reasons: tuple[str, str],
        inside_ms: int,
    ) -> ListenedPlay:
        rng, quirks = self.rng, self.quirks
        played_ms = end_ms + (rng.randint(-quirks.jitter_ms, quirks.jitter_ms) if quirks.jitter_ms else 0)
        delay_ms = round(rng.expovariate(1 / quirks.delay_s) * 1000) if quirks.delay_s else 0
        if quirks.late_share and rng.random() < quirks.late_share:
            delay_ms = round(rng.uniform(*quirks.late_hours) * HOUR_MS)
        return ListenedPlay(
            item,
            end_ms - heard - inside_ms,
            end_ms,
            played_ms,
            max(played_ms, end_ms) + delay_ms,
            heard,
            setting.device,
            setting.context_uri,
            setting.context_gone_at_ms,
            reasons[0],
            reasons[1],
            setting.shuffle,
            setting.offline,
            setting.incognito,
        )

    def _published_together(self, plays: list[ListenedPlay]) -> list[ListenedPlay]:
        """An offline session is listed when the device finds a network again."""
        online_ms = plays[-1].ended_at_ms + round(self.rng.uniform(0.1, 5) * HOUR_MS)
        return [replace(play, published_at_ms=max(online_ms, play.published_at_ms)) for play in plays]
