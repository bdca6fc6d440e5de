"""What enrichment's tests share: entries, a catalogue that answers like Spotify, and an engine with a fixed ranking."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from enrichment.job import EnrichReport, enrich
from playledger.journal import encode
from playledger.models import ENTRY, Entry, ExportEntry, PlayEvent, event_id, play_key, utc_day
from playledger.ports import Answer, Journal, MetadataCache, QueryEngine, Question, Rows, Spotify, TableStore

NOW = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
DT = "2026-03-04"
PLAYED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Crash(BaseException):
    """The process dies here."""


def uri(number: int) -> str:
    return f"spotify:track:{number:022d}"


def artist_id(number: int) -> str:
    return f"{number:022d}"


def polled(number: int, *, at: datetime = PLAYED, **fields: Any) -> PlayEvent:
    """Track `number` of artist `number`, with a guest, as recently-played tells of it."""
    track = fields.pop("track_uri", uri(number))
    plain = {
        "event_id": event_id(at, track, None),
        "key": play_key(at, track),
        "played_at": at,
        "track_id": f"{number:022d}",
        "track_uri": track,
        "track_name": f"Song {number}",
        "artist_names": (f"Artist {number}", "Guest"),
        "artist_ids": (artist_id(number), artist_id(999)),
        "album_name": "Album",
        "album_id": "albumid",
        "duration_ms": 200_000,
        "isrc": "SEABC2600001",
        "ingested_at": at,
    }
    return PlayEvent(**(plain | fields))


def exported(number: int, *, at: datetime = PLAYED, **fields: Any) -> ExportEntry:
    """Track `number` as an export tells of it: names only."""
    track = fields.pop("track_uri", uri(number))
    plain = {
        "key": f"{play_key(at, track)}#1000",
        "played_at": at,
        "media": "music",
        "track_uri": track,
        "track_name": f"Song {number}",
        "artist_name": f"Artist {number}",
        "album_name": "Album",
        "ms_played": 1000,
        "ingested_at": at,
    }
    return ExportEntry(**(plain | fields))


def store(journal: Journal, *entries: Entry) -> None:
    """One object per UTC date."""
    for dt in {utc_day(entry.at) for entry in entries}:
        batch = encode([ENTRY.validate_python(entry) for entry in entries if utc_day(entry.at) == dt], dt)
        journal.put(batch.key, batch.body)


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


class Ranking:
    """Always gives the same names, most played first: what was fetched meanwhile is for the cache to know."""

    def __init__(self, *names: str, more: int = 0) -> None:
        self.names = names
        self.more = more
        self.limits: list[object] = []

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        assert set(params) == set(question.params)
        self.limits.append(params["p_limit"])
        total = len(self.names) + self.more
        return [{"entity_id": name, "plays": 1, "unfetched": total} for name in self.names]

    def ask(self, text: str) -> Rows:
        raise AssertionError(f"enrichment asks a question of ours, not {text}")


class Catalogue:
    """Knows every track and artist but `unknown`. `faults` are met by the next calls, None being none."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.unknown: set[str] = set()
        self.faults: deque[BaseException | None] = deque()
        self.during_call: Callable[[], None] = lambda: None
        self.extra: dict[str, Any] = {}

    def track(self, track_id: str) -> Answer | None:
        number = int(track_id)
        artists = [
            {"id": artist_id(number), "name": f"Artist {number}"},
            {"id": artist_id(888), "name": "Featured"},
        ]
        return self._answer(track_id, {"name": f"Fetched {number}", "artists": artists, "duration_ms": 1})

    def artist(self, artist_id: str) -> Answer | None:
        return self._answer(artist_id, {"name": f"Artist {int(artist_id)}", "genres": ["jazz"], "images": []})

    def _answer(self, name: str, body: dict[str, Any]) -> Answer | None:
        self.asked.append(name)
        self.during_call()
        fault = self.faults.popleft() if self.faults else None
        if fault:
            raise fault
        return None if name in self.unknown else Answer(body | self.extra, NOW)

    def _never(self, *_: Any) -> Any:
        raise AssertionError("enrichment asks for tracks and artists alone")

    recently_played = me = saved_tracks = playlists = create_playlist = _never
    replace_items = append_items = playlist_items = _never


def run(
    journal: Journal,
    tables: TableStore,
    cache: MetadataCache,
    engine: QueryEngine,
    spotify: Spotify | None,
    *,
    now: datetime = NOW,
    calls: int = 100,
) -> EnrichReport:
    """The job."""
    return enrich(journal, tables, cache, engine, spotify, now=now, daily_calls=calls)
