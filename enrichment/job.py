"""The enrichment: learn what the journal's payloads tell of tracks and artists, then ask Spotify for what they do not.

Learning costs no call. Asking goes by the day's budget, most played first, each entity claimed before the call.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from enrichment import parse
from enrichment.keep import Known, keep, write_rows
from playledger.errors import OwnerMustAct, RateLimited, SpotifyUnavailable, WorldChanged
from playledger.journal import by_date, decode, digest
from playledger.models import ExportEntry, Grade, Instant, Model, PlayEvent, utc_day
from playledger.policy import DEFAULT, Policy
from playledger.ports import Journal, JournalObject, MetadataCache, QueryEngine, Spotify, TableStore
from sql import load

QUESTION = "enrichment/most_played_unfetched"

DAYS_AT_ONCE = 500
"""Journal days learned between two writes: an import of many years rewrites the day's partition only a few times."""

SAVED_AT_ONCE = 50
"""Answers kept in memory between two writes: what a crash can cost in calls."""

CANDIDATES_PER_CALL = 10
"""How many candidates are ranked per call: some are claimed by others or have a tombstone."""

LOOKED_UP_AT_ONCE = 100
"""Candidates looked up together, and only while calls are left: DynamoDB reads so many at once, and bills each."""

SPENT_AT_ONCE = 25
"""Calls taken out of the day's budget in one write: what a run that ends early can lose of them."""

CLAIMED_FOR = timedelta(hours=1)
GONE_FOR = timedelta(days=30)
FAILURES_IN_A_ROW = 3

Progress = Callable[[int, int], None]


class Look(StrEnum):
    """How far back the journal is looked at. Each thousand objects listed are billed, and the journal only grows."""

    ALL = "all"
    """Everything: free on a laptop, where old days change with every import."""

    NIGHT = "night"
    """What polls and the hot store can still bring; everything in the first night of each week, and of all."""

    POLLS = "polls"
    """After polls: their plays are of today and yesterday, and late ones of the day before."""


BACK = {Look.NIGHT: timedelta(days=35), Look.POLLS: timedelta(days=2)}

EVERYTHING = "journal"
"""The mark, beside those of days, that names the ISO week in which all of the journal was looked at."""


class Stopped(StrEnum):
    """Why the asking ended."""

    DONE = "done"
    NOT_ASKED = "not asked"
    BUDGET = "budget spent"
    RATE_LIMITED = "rate limited"
    UNAVAILABLE = "Spotify unavailable"


class EnrichReport(Model):
    """What an enrichment did. `left` counts entities still to be fetched, None where nobody looked; `gone` those that
    Spotify does not know or refuses, which are not asked for again for a month.

    `blocked_until` is when Spotify will listen again, where it said so.
    """

    days_learned: int
    tracks_learned: int
    artists_learned: int
    calls: int = 0
    fetched: int = 0
    gone: int = 0
    left: int | None = None
    stopped: Stopped = Stopped.NOT_ASKED
    blocked_until: Instant | None = None


def enrich(
    journal: Journal,
    tables: TableStore,
    cache: MetadataCache,
    engine: QueryEngine,
    spotify: Spotify | None,
    *,
    now: datetime,
    daily_calls: int,
    policy: Policy = DEFAULT,
    look: Look = Look.ALL,
    progress: Progress | None = None,
) -> EnrichReport:
    """Learns from the journal, then asks Spotify at most `daily_calls` times a UTC day; without `spotify`, only learns.

    After polls it asks for the artists that are new in what it learned, with half of the day's calls: what is most
    played is a question to the whole history, and asked once a night. `progress` gets (done, all): of journal days
    first, then of calls. Safe to repeat and to run twice at once.
    Raises AccessRefused and NeedsReauth, after storing what came before; other faults of Spotify's are in the report.
    """
    report, new = _look(journal, tables, cache, now, progress or _silent, look)
    if spotify is None or daily_calls == 0:
        return report
    if look is Look.POLLS:
        asking = _Asking(tables, cache, spotify, now, daily_calls // 2)
        asking.go_through(sorted(new.artists), progress or _silent)
        return report.model_copy(update=asking.figures())
    limit, since = daily_calls * CANDIDATES_PER_CALL, _month_before(now)
    rows = engine.rows(load(QUESTION), p_limit=limit, p_month_from=since, p_dt_from=f"{since}-01", **policy.counting)
    names = [str(row["entity_id"]) for row in rows]
    waiting = int(rows[0]["unfetched"]) if rows else 0
    asking = _Asking(tables, cache, spotify, now, daily_calls)
    asking.go_through(names, progress or _silent)
    return report.model_copy(update=asking.figures() | {"left": waiting - asking.settled})


def _month_before(now: datetime) -> str:
    """A month that is closed since yesterday at least, or still open: months before it are in all_tracks for sure."""
    return str((now.replace(day=1) - timedelta(days=1)).date())[:7]


def _silent(_done: int, _all: int) -> None:
    pass


# ---- learning ---------------------------------------------------------------------------------------------------


def _look(
    journal: Journal, tables: TableStore, cache: MetadataCache, now: datetime, progress: Progress, look: Look
) -> tuple[EnrichReport, Known]:
    """Learns from as much of the journal as this look is at; returns also what was new."""
    this_week = {EVERYTHING: week_of(now)}
    is_whole = look is Look.ALL or (look is Look.NIGHT and cache.learned([EVERYTHING]) != this_week)
    found = _learn(journal, tables, cache, now, progress, None if is_whole else utc_day(now) - BACK[look])
    if is_whole and look is Look.NIGHT:
        cache.mark_learned(this_week)
    return found


def week_of(now: datetime) -> str:
    """The ISO week, as 2026-W09."""
    year, week, _ = utc_day(now).isocalendar()
    return f"{year}-W{week:02}"


def _learn(
    journal: Journal,
    tables: TableStore,
    cache: MetadataCache,
    now: datetime,
    progress: Progress,
    first: date | None,
) -> tuple[EnrichReport, Known]:
    """What the journal tells from `first` on; returns also what was new."""
    days = by_date(journal.list(first))
    marks, found = cache.learned(map(date.isoformat, days)), Known()
    if first is None and marks and not tables.list("tracks"):
        _restore(journal, tables, cache, now)
    todo = [dt for dt in days if marks.get(dt.isoformat()) != digest(days[dt])]
    for start in range(0, len(todo), DAYS_AT_ONCE):
        some = todo[start : start + DAYS_AT_ONCE]
        known = _told(journal, [item for dt in some for item in _unlearned(days[dt], marks.get(dt.isoformat()))], now)
        new = keep(tables, cache, known, now=now)
        cache.mark_learned({dt.isoformat(): digest(days[dt]) for dt in some})
        found.tracks.update(new.tracks)
        found.artists.update(new.artists)
        progress(start + len(some), len(todo))
    report = EnrichReport(days_learned=len(todo), tracks_learned=len(found.tracks), artists_learned=len(found.artists))
    return report, found


def _unlearned(objects: Sequence[JournalObject], mark: str | None) -> Sequence[JournalObject]:
    """A date's objects behind those that the mark names; all of them where another one came in between."""
    sizes = range(len(objects) - 1, 0, -1) if mark else ()
    return next((objects[size:] for size in sizes if digest(objects[:size]) == mark), objects)


def _told(journal: Journal, objects: Sequence[JournalObject], now: datetime) -> Known:
    """What these objects tell of tracks and artists."""
    known = Known()
    for item in objects:
        for entry in decode(item.key, journal.read(item.key)):
            if isinstance(entry, PlayEvent):
                known.add_track(parse.track_of_play(entry, now=now))
                for artist in parse.artists_of_play(entry, now=now):
                    known.add_artist(artist)
            elif isinstance(entry, ExportEntry):
                known.add_track(parse.track_of_export(entry, now=now))
    return known


def _restore(journal: Journal, tables: TableStore, cache: MetadataCache, now: datetime) -> None:
    """Writes the rows of deleted tables from a cache that is still there, at once: tracks present means complete."""
    told = _told(journal, journal.list(), now)
    tracks = cache.get_tracks(told.tracks)
    credited = {artist_id for track in tracks.values() for artist_id in track.artist_ids if artist_id}
    artists = cache.get_artists(credited.union(told.artists))
    write_rows(tables, Known(dict(tracks), dict(artists)), now=now)


# ---- asking -----------------------------------------------------------------------------------------------------


def _wanted(cache: MetadataCache, names: Sequence[str], now: datetime) -> list[str]:
    """Those that are not fetched and have no tombstone, in order."""
    tracks = {name for name in names if parse.track_id_of(name)}
    missing = cache.missing_tracks(tracks, Grade.FETCHED, now)
    missing |= cache.missing_artists(set(names) - tracks, Grade.FETCHED, now)
    return [name for name in names if name in missing]


class _Asking:
    """One run of calls."""

    def __init__(
        self, tables: TableStore, cache: MetadataCache, spotify: Spotify, now: datetime, daily_calls: int
    ) -> None:
        self._tables = tables
        self._cache = cache
        self._spotify = spotify
        self._now = now
        self._daily_calls = daily_calls
        self._unsaved = Known()
        self._failures = 0
        self._taken = 0
        """Calls taken out of the budget and not made yet."""
        self.calls = self.fetched = self.gone = 0
        self.known = 0
        """Candidates that were fetched before, or have a tombstone."""
        self.stopped: Stopped | None = None
        self.blocked_until: datetime | None = None

    def figures(self) -> dict[str, object]:
        """The report's fields."""
        names = ("calls", "fetched", "gone", "blocked_until")
        return {name: getattr(self, name) for name in names} | {"stopped": self.stopped or Stopped.DONE}

    @property
    def settled(self) -> int:
        """Candidates that nobody need ask for now."""
        return self.known + self.fetched + self.gone

    def go_through(self, names: Sequence[str], progress: Progress) -> None:
        """Asks for what is missing of them, one after the other, until something stops it; saves now and then."""
        for start in range(0, len(names), LOOKED_UP_AT_ONCE):
            some = names[start : start + LOOKED_UP_AT_ONCE]
            wanted = _wanted(self._cache, some, self._now)
            self.known += len(some) - len(wanted)
            self._ask_for(wanted, progress, self.calls + len(wanted) + len(names) - start - len(some))
            if self.stopped:
                break
        self._save()

    def _ask_for(self, wanted: Sequence[str], progress: Progress, in_all: int) -> None:
        most = min(in_all, self._daily_calls)
        for number, name in enumerate(wanted):
            try:
                self._take(name, len(wanted) - number)
            except OwnerMustAct:
                self._save()
                raise
            if self.stopped:
                break
            progress(min(self.calls, most), most)
            if len(self._unsaved) >= SAVED_AT_ONCE:
                self._save()

    def _take(self, name: str, wanted: int) -> None:
        if not self._taken and not self._spend(min(wanted, SPENT_AT_ONCE)):
            self.stopped = Stopped.BUDGET
            return
        if not self._cache.claim(name, self._now, self._now + CLAIMED_FOR):
            return
        self._taken -= 1
        self.calls += 1
        try:
            is_found = self._ask(name)
        except RateLimited as refusal:
            self._block(refusal)
        except SpotifyUnavailable:
            self._fail()
        except WorldChanged:
            # refused for what it is: were it only passed over, a few such at the top would end every night
            self._cache.bury(name, self._now + GONE_FOR)
            self.gone += 1
            self._fail()
        else:
            self._failures = 0
            self.fetched += is_found
            self.gone += not is_found

    def _spend(self, calls: int) -> bool:
        """Takes so many calls out of the budget, or of what is left of it a part."""
        while calls and not self._cache.spend(self._today, calls, self._daily_calls):
            calls //= 2
        self._taken = calls
        return calls > 0

    def _ask(self, name: str) -> bool:
        """True where Spotify knows the entity; a tombstone is put where it does not."""
        track_id = parse.track_id_of(name)
        is_found = self._ask_track(name, track_id) if track_id else self._ask_artist(name)
        if not is_found:
            self._cache.bury(name, self._now + GONE_FOR)
        return is_found

    def _ask_track(self, uri: str, track_id: str) -> bool:
        answer = self._spotify.track(track_id)
        track = parse.track(answer.body, track_uri=uri, now=self._now) if answer else None
        if answer is None or track is None:
            return False
        self._unsaved.add_track(track)
        for artist in parse.artists_of_track(answer.body, now=self._now):
            self._unsaved.add_artist(artist)
        return True

    def _ask_artist(self, artist_id: str) -> bool:
        answer = self._spotify.artist(artist_id)
        artist = parse.artist(answer.body, artist_id=artist_id, now=self._now) if answer else None
        if artist is None:
            return False
        self._unsaved.add_artist(artist)
        return True

    def _fail(self) -> None:
        self._failures += 1
        self.stopped = Stopped.UNAVAILABLE if self._failures == FAILURES_IN_A_ROW else None

    def _block(self, refusal: RateLimited) -> None:
        self.stopped = Stopped.RATE_LIMITED
        if refusal.retry_after is not None:
            self.blocked_until = self._now + timedelta(seconds=refusal.retry_after)

    def _save(self) -> None:
        keep(self._tables, self._cache, self._unsaved, now=self._now)
        self._unsaved = Known()

    @property
    def _today(self) -> date:
        return utc_day(self._now)
