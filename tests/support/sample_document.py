"""A plausible dashboard_data.json without a ledger: invented music, a seeded listener, and plain Python that counts.

`python -m tests.support.sample_document` writes dashboard/sample/dashboard_data.json. The counting here shares nothing
with the product's, so documents for tests can be made from a handful of plays.
"""

import bisect
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playledger.dashboard_data import WINDOW_DAYS, WINDOW_NAMES, DashboardData
from tests.support.sample_discovery import discovery_parts, played, pointed_at, retold
from tests.support.sample_listening import CONTEXTS, GENRES, Listened, genres_of, listening_parts

SAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "sample" / "dashboard_data.json"
SEED = 20261110
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Song:
    """One track; artist and album are indexes."""

    name: str
    artist: int
    album: int | None
    spotify_id: str | None
    seconds: int | None


@dataclass(frozen=True)
class Music:
    """All there is to hear. Albums are (name, artist, id), artists (name, id)."""

    songs: tuple[Song, ...]
    artists: tuple[tuple[str, str | None], ...]
    albums: tuple[tuple[str, int, str | None], ...]


@dataclass(frozen=True)
class Heard:
    """One play: its end as Unix seconds, the song's index, milliseconds, and whether those are an upper bound."""

    at: int
    song: int
    ms: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Hole:
    """A gap: (after, before), and the last quiet poll inside it."""

    after: datetime
    before: datetime
    quiet_until: datetime | None = None
    is_certain: bool = False
    estimate: float | None = None

    @property
    def lost(self) -> tuple[int, int]:
        """Fewest and most plays that can be missing."""
        return (1 if self.is_certain else 0, int((self.before - self.after).total_seconds()) // 30)


@dataclass
class Ledger:
    """What a document is made from."""

    music: Music
    plays: list[Heard]
    data_day: date
    tz: str = "Europe/Stockholm"
    holes: list[Hole] = field(default_factory=list)

    def local(self, play: Heard) -> datetime:
        """When it was, on the listener's clock."""
        return datetime.fromtimestamp(play.at, ZoneInfo(self.tz))

    def midnight(self, day: date) -> datetime:
        """The beginning of a local day."""
        return datetime.combine(day, time(), ZoneInfo(self.tz))


def utc(moment: datetime) -> str:
    """As the document writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compile_document(ledger: Ledger, **changes: Any) -> DashboardData:
    """The document of a ledger; `changes` replace top-level keys at the end. The page's now is 03:10 next morning."""
    built = ledger.midnight(ledger.data_day + DAY) + timedelta(hours=3, minutes=10)
    dated = sorted((ledger.local(play).date(), play.at, play) for play in ledger.plays)
    first = dated[0][0] if dated else ledger.data_day
    whole = _tally(ledger, [play for _, _, play in dated])
    spans = {name: _span(name, first, ledger.data_day) for name in WINDOW_NAMES}
    windows = {
        name: _window(ledger, *span, first, None if name == "all" else _before(*span)) for name, span in spans.items()
    }
    document = {
        "schema": 1,
        "app_version": "0.1.0",
        "generated_at": utc(built),
        "tz": ledger.tz,
        "mode": "demo",
        "data_day": ledger.data_day.isoformat() if dated else None,
        "last_play_at": utc(datetime.fromtimestamp(dated[-1][1], UTC)) if dated else None,
        "last_poll_at": utc(built - timedelta(minutes=10)),
        "next_poll_at": utc(built + timedelta(minutes=50)),
        "health": _health(ledger, first if dated else None),
        "totals": whole | {"since": first.isoformat() if dated else None},
        "windows": windows,
        **_discovery(ledger, [play for _, _, play in dated], windows),
        "years": _years(ledger, first),
        **_series(ledger, dated, first, spans["365d"][0]),
        "playlist": None,
        "recent": [(play.at, play.song) for _, _, play in reversed(dated[-50:])],
        "dict": {
            "tracks": [(s.name, s.artist, s.album, s.spotify_id, s.seconds) for s in ledger.music.songs],
            "artists": [
                (name, spotify_id, genres_of(index)) for index, (name, spotify_id) in enumerate(ledger.music.artists)
            ],
            "albums": ledger.music.albums,
            "genres": GENRES,
            "contexts": CONTEXTS,
        },
        "questions": {name: {"version": 1, "sha256": f"{hash_of(name):064x}"} for name in QUESTIONS},
    }
    return DashboardData.model_validate(document | changes)


def _discovery(ledger: Ledger, plays: Sequence[Heard], windows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    listed = sorted(
        (place, row[0])
        for window in windows.values()
        for rows in (window["top_artists"], window["by_time"]["artists"])
        for place, row in enumerate(rows)
    )
    heard = [
        played(number, ledger.local(play), play.song, ledger.music.songs[play.song].artist, play.ms)
        for number, play in enumerate(plays)
        if ledger.local(play).date() <= ledger.data_day
    ]
    return discovery_parts(heard, ledger.data_day, [artist for _, artist in listed], windows["all"]["sessions"])


QUESTIONS = ("hours", "per_day", "top_albums", "top_artists", "top_tracks", "totals")


def hash_of(name: str) -> int:
    """A stand-in for a question's hash."""
    return random.Random(name).getrandbits(256)


def _span(name: str, first: date, last: date) -> tuple[date, date]:
    return (first if name == "all" else last - (WINDOW_DAYS[name] - 1) * DAY, last)


def _before(start: date, end: date) -> tuple[date, date]:
    """The equal span just before."""
    return start - (end - start) - DAY, start - DAY


def _within(ledger: Ledger, start: date, end: date) -> list[Heard]:
    lo, hi = ledger.midnight(start).timestamp(), ledger.midnight(end + DAY).timestamp()
    return [play for play in ledger.plays if lo <= play.at < hi]


def _tally(ledger: Ledger, plays: Sequence[Heard]) -> dict[str, int]:
    songs = {play.song for play in plays}
    return {
        "plays": len(plays),
        "minutes": sum(play.ms for play in plays) // 60_000,
        "minutes_estimated": sum(play.ms for play in plays if play.is_estimate) // 60_000,
        "tracks": len(songs),
        "artists": len({ledger.music.songs[song].artist for song in songs}),
        "albums": len({ledger.music.songs[song].album for song in songs} - {None}),
    }


def _debuts(ledger: Ledger, start: date, end: date) -> dict[str, int]:
    """Artists, tracks and albums that were not played before `start`."""
    lo = ledger.midnight(start).timestamp()
    before = {play.song for play in ledger.plays if play.at < lo}
    now = {play.song for play in _within(ledger, start, end)}
    songs = ledger.music.songs
    return {
        "new_artists": len({songs[song].artist for song in now} - {songs[song].artist for song in before}),
        "new_tracks": len(now - before),
        "new_albums": len({songs[song].album for song in now} - {songs[song].album for song in before} - {None}),
    }


Row = tuple[int, int, int, int | None, int, int]


def _ranking(
    ledger: Ledger, plays: Sequence[Heard], key: Callable[[Song, int], int | None], by: str, before: Mapping[int, int]
) -> list[Row]:
    """Rows of a list: most first; by "plays" or "ms", ties by the other, then by index."""
    sums: dict[int, dict[str, int]] = defaultdict(lambda: {"plays": 0, "ms": 0})
    for play in plays:
        item = key(ledger.music.songs[play.song], play.song)
        if item is not None:
            sums[item]["plays"] += 1
            sums[item]["ms"] += play.ms
    other = "ms" if by == "plays" else "plays"
    order = sorted(sums, key=lambda item: (-sums[item][by], -sums[item][other], item))
    whole = max(1, len(plays) if by == "plays" else sum(play.ms for play in plays))
    measured = [sums[item][by] for item in order]
    return [
        (
            *(item, sums[item]["plays"], sums[item]["ms"] // 60_000, before.get(item)),
            *(measured.index(sums[item][by]) + 1, 1000 * sums[item][by] // whole),
        )
        for item in order
    ]


KEYS: dict[str, tuple[int, Callable[[Song, int], int | None]]] = {
    "tracks": (25, lambda _, index: index),
    "artists": (25, lambda song, _: song.artist),
    "albums": (10, lambda song, _: song.album),
}


def _lists(
    ledger: Ledger, plays: Sequence[Heard], before: Sequence[Heard], by: str, most: int = 25
) -> dict[str, list[Row]]:
    found = {}
    for kind, (longest, key) in KEYS.items():
        earlier = {row[0]: row[4] for row in _ranking(ledger, before, key, by, {})}
        found[kind] = _ranking(ledger, plays, key, by, earlier)[: min(longest, most)]
    return found


def _window(
    ledger: Ledger, start: date, end: date, first: date, before: tuple[date, date] | None, most: int = 25
) -> dict[str, Any]:
    """A window; `before` are the days of the equal one, None where there is none."""
    plays = _within(ledger, start, end)
    if not ledger.plays:
        return _no_window(start, end, is_all=before is None)
    has_before = before is not None and before[0] >= first
    earlier = _within(ledger, *before) if before and has_before else []
    tops = {f"top_{kind}": rows for kind, rows in _lists(ledger, plays, earlier, "plays", most).items()}
    clock = [ledger.local(play) for play in plays]
    opened = max(start, first)
    debuts = _debuts(ledger, start, end)
    return {
        "from": (opened if before is None else start).isoformat(),
        "to": end.isoformat(),
        **_tally(ledger, plays),
        **debuts,
        "silent_days": (end - opened).days + 1 - len({moment.date() for moment in clock}),
        "gap_minutes": _gap_minutes(ledger, start, end),
        "prev": _previous(ledger, *before) if before and has_before else None,
        **tops,
        "by_time": _lists(ledger, plays, earlier, "ms", min(10, most // 2)),
        "hours": _counted((moment.hour for moment in clock), 24),
        "hourdow": _counted((moment.weekday() * 24 + moment.hour for moment in clock), 168),
        **listening_parts(
            _listened(ledger, plays), _listened(ledger, earlier), _listened(ledger, ledger.plays), (start, end)
        ),
        "sentence": _sentence(tops["top_tracks"], earlier, debuts["new_artists"], has_before),
    }


def _listened(ledger: Ledger, plays: Sequence[Heard]) -> list[Listened]:
    songs = ledger.music.songs
    return [
        Listened(
            *(play.at, ledger.local(play).date(), songs[play.song].artist, songs[play.song].album, play.ms),
            is_exported=not play.is_estimate,
        )
        for play in sorted(plays, key=lambda play: play.at)
    ]


UNTOLD: dict[str, Any] = {"top_genres": (), "top_contexts": (), "ways": None, "sessions": None, "eras": ()}


def _years(ledger: Ledger, first: date) -> dict[str, dict[str, Any]]:
    """Every calendar year; the last one so far, against as much of the one before."""
    years, last = {}, ledger.data_day
    for year in range(first.year, last.year + 1) if ledger.plays else ():
        end = last if year == last.year else date(year, 12, 31)
        before = (date(year - 1, 1, 1), end.replace(year=year - 1))
        window = _window(ledger, date(year, 1, 1), end, first, before, most=10)
        starts = first if year == first.year and year < last.year else date(year, 1, 1)
        years[str(year)] = window | {"from": starts.isoformat()}
    return years


def _no_window(start: date, end: date, *, is_all: bool) -> dict[str, Any]:
    counts = ("plays", "minutes", "minutes_estimated", "tracks", "artists", "albums", "silent_days")
    nothing = dict.fromkeys((*counts, "new_artists", "new_tracks", "new_albums"), 0)
    return nothing | {
        "from": None if is_all else start.isoformat(),
        "to": None if is_all else end.isoformat(),
        "gap_minutes": 0,
        "prev": None,
        "top_tracks": (),
        "top_artists": (),
        "top_albums": (),
        "by_time": dict.fromkeys(KEYS, ()),
        **UNTOLD,
        "hours": (0,) * 24,
        "hourdow": (0,) * 168,
        "sentence": None,
    }


def _previous(ledger: Ledger, start: date, end: date) -> dict[str, int]:
    tally = _tally(ledger, _within(ledger, start, end))
    kept = {name: tally[name] for name in ("plays", "minutes", "tracks", "artists")}
    return kept | {"new_artists": _debuts(ledger, start, end)["new_artists"]}


def _sentence(top: Sequence[Sequence[Any]], before: Sequence[Heard], new: int, has_before: bool) -> dict[str, Any]:
    if not top:
        return {"top_track": None, "top_track_plays": None, "top_track_prev": None, "new_artists": new}
    earlier = sum(play.song == top[0][0] for play in before) if has_before else None
    return {"top_track": top[0][0], "top_track_plays": top[0][1], "top_track_prev": earlier, "new_artists": new}


def _gap_minutes(ledger: Ledger, start: date, end: date) -> int:
    lo, hi = ledger.midnight(start), ledger.midnight(end + DAY)
    inside = [min(hole.before, hi) - max(hole.after, lo) for hole in ledger.holes]
    return int(sum(max(part.total_seconds(), 0) for part in inside)) // 60


def _counted(values: Iterable[int], size: int) -> tuple[int, ...]:
    counts = Counter(values)
    return tuple(counts[value] for value in range(size))


def _health(ledger: Ledger, since: date | None) -> dict[str, Any]:
    newest = sorted(ledger.holes, key=lambda hole: hole.after, reverse=True)
    return {
        "auth": {"state": "ok", "reauthorize_by": utc(ledger.midnight(ledger.data_day + 120 * DAY))},
        "gaps": {
            "total": len(newest),
            "hours": int(sum((hole.before - hole.after).total_seconds() for hole in newest)) // 3600,
            "est_lost": (sum(hole.lost[0] for hole in newest), sum(hole.lost[1] for hole in newest)),
            "items": [
                {
                    "from": utc(hole.after),
                    "to": utc(hole.before),
                    "quiet_until": utc(hole.quiet_until) if hole.quiet_until else None,
                    "class": "certain" if hole.is_certain else "possible",
                    "lo": hole.lost[0],
                    "hi": hole.lost[1],
                    "estimate": hole.estimate,
                }
                for hole in newest[:20]
            ],
        },
        "late_arrivals": len(ledger.plays) // 400,
        "duplicates_removed": len(ledger.plays) // 3,
        "quarantined": 0,
        "short_windows": 0,
        "small_overlaps": 1,
        "unconfirmed": len(ledger.plays) // 5000,
        "coverage_since": utc(ledger.midnight(since)) if since else None,
        "unpolled_since": None,
    }


def _series(
    ledger: Ledger, dated: Sequence[tuple[date, int, Heard]], first: date, year_start: date
) -> dict[str, dict[str, Any] | None]:
    if not dated:
        return dict.fromkeys(("daily", "weekly", "monthly", "alldays", "month_of_year"))
    plays: Counter[date] = Counter()
    ms: defaultdict[date, int] = defaultdict(int)
    for day, _, play in dated:
        plays[day] += 1
        ms[day] += play.ms

    def summed(days: list[list[date]], start: str) -> dict[str, Any]:
        return {
            "start": start,
            "plays": [sum(plays[day] for day in bucket) for bucket in days],
            "minutes": [sum(ms[day] for day in bucket) // 60_000 for bucket in days],
        }

    last = ledger.data_day
    daily_from, months = last - 370 * DAY, defaultdict(list)
    for day in _days(first, last):
        months[f"{day:%Y-%m}"].append(day)
    starts = _days(daily_from, last)[::7]
    of_year = [[day for day in _days(first, last) if day.month == month] for month in range(1, 13)]
    weeks = [[day for day in _days(start, start + 6 * DAY) if day >= year_start] for start in starts]
    return {
        "daily": summed([[day] for day in _days(daily_from, last)], daily_from.isoformat()),
        "weekly": summed(weeks, daily_from.isoformat()),
        "monthly": summed(list(months.values()), min(months)),
        "month_of_year": {key: value for key, value in summed(of_year, "").items() if key != "start"},
        "alldays": {"start": first.isoformat(), "plays": [plays[day] for day in _days(first, last)]},
    }


def _days(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


# ---- the invented listener --------------------------------------------------------------------------------------

ARTISTS = (
    "Fjord Parade", "The Late Ferries", "Ottoline Vesper", "Marrow & Tide", "Kastanj", "Juno Halloran", "Nine Lanterns",
    "Pale Orchard", "Signal Hill Choir", "Amadi Okonjo-Reyes", "Velvet Almanac", "Grön Trafik", "Moth Cartography",
    "Łucja Wrzos", "The Understudies", "Harbour Radio", "Sólveig Brim", "Copper Season", "Little Meridian",
    "Teodor & the Slow Trains", "Ash Wednesday Club", "Parallel Gardens", "Ines Calderwood", "Night Ledger",
    "Blue Interval", "Hanako Mori Trio", "Salt Committee", "Paper Astronomers", "Dovetail", "Rue des Cerises",
    "Winter Quarters", "Tamsin Oyelaran", "Seven Bridges", "The Quiet Motors", "Elm & Ember", "Osric Vane",
    "Lantern Fish", "Mirador", "Cassette Weather", "Birch Telegraph", "Polar Commuter", "Avenida Nove",
    "Glass Harvest", "Hollow Coast Ensemble", "Wren Patterson-Ito", "Slow Comet", "Tidal Library", "Marble Arcade",
)  # fmt: skip
FIRST_WORDS = (
    "Northern", "Paper", "Quiet", "Second", "Golden", "Slow", "Borrowed", "Winter", "Open", "Distant", "Hollow",
    "Early", "Painted", "Salt", "Electric", "Midnight", "Broken", "Silver", "Lonely", "Familiar",
)  # fmt: skip
SECOND_WORDS = (
    "Light", "Rooms", "Harbour", "Weather", "Letters", "Machines", "Garden", "Signals", "Bridges", "Hours", "Stations",
    "Maps", "Mirrors", "Rivers", "Windows", "Satellites", "Kitchens", "Orchards", "Avenues", "Tides",
)  # fmt: skip
SHAPES = (
    "{0} {1}",
    "{1}",
    "The {0} {1}",
    "{1} in {2}",
    "{0} {1} (Live)",
    "{1}, Pt. {3}",
    "After the {1}",
    "No {0} {1}",
)
HOUR_WEIGHTS = (3, 1, 1, 0, 0, 1, 3, 9, 11, 8, 7, 7, 8, 7, 6, 7, 9, 12, 13, 12, 11, 11, 9, 6)


def invented_music(chance: random.Random) -> Music:
    """A shelf of albums that nobody recorded."""
    artists = tuple((name, _spotify_id(chance)) for name in ARTISTS)
    songs: list[Song] = []
    albums: list[tuple[str, int, str | None]] = []
    for artist in range(len(artists)):
        for _ in range(chance.randint(1, 3)):
            albums.append((_title(chance, 4), artist, _spotify_id(chance)))
            for _ in range(chance.randint(5, 11)):
                seconds = chance.randint(130, 390)
                songs.append(Song(_title(chance, 8), artist, len(albums) - 1, _spotify_id(chance), seconds))
    return Music(tuple(songs), artists, tuple(albums))


def _title(chance: random.Random, shapes: int) -> str:
    words = chance.choice(FIRST_WORDS), chance.choice(SECOND_WORDS), chance.choice(SECOND_WORDS), chance.randint(2, 4)
    return chance.choice(SHAPES[:shapes]).format(*words)


def _spotify_id(chance: random.Random) -> str:
    return "".join(chance.choices(BASE62, k=22))


def invented_ledger(seed: int = SEED, years: float = 3.4, last: date = date(2026, 11, 10)) -> Ledger:
    """Somebody's years: weekdays and weekends, quiet weeks, crushes on new artists, two outages of the polling."""
    chance = random.Random(seed)
    music = invented_music(chance)
    zone = ZoneInfo("Europe/Stockholm")
    holes = [
        Hole(
            datetime(2026, 10, 24, 15, 42, tzinfo=zone),
            datetime(2026, 10, 25, 9, 6, tzinfo=zone),
            datetime(2026, 10, 24, 19, 0, tzinfo=zone),
            estimate=22.5,
        ),
        Hole(datetime(2026, 11, 5, 12, 3, tzinfo=zone), datetime(2026, 11, 5, 18, 20, tzinfo=zone), is_certain=True),
    ]
    listener = _Listener(chance, music, int(years * 365))
    days = _days(last - (listener.length - 1) * DAY, last)
    plays = [
        play for number, day in enumerate(days) for play in listener.day(number, datetime.combine(day, time(), zone))
    ]
    kept = [play for play in plays if not any(h.after.timestamp() < play.at < h.before.timestamp() for h in holes)]
    return Ledger(music, kept, last, holes=holes)


@dataclass
class _Listener:
    """Draws one day after another."""

    chance: random.Random
    music: Music
    length: int

    def __post_init__(self) -> None:
        artists = len(self.music.artists)
        met = [0] * 14 + [self.chance.randrange(self.length) for _ in range(artists - 14)]
        self.met = dict(zip(self.chance.sample(range(artists), artists), met, strict=True))
        self.love = [self.chance.paretovariate(1.1) for _ in range(artists)]
        self.songs_of: dict[int, list[int]] = defaultdict(list)
        for index, song in enumerate(self.music.songs):
            self.songs_of[song.artist].append(index)

    def day(self, number: int, midnight: datetime) -> list[Heard]:
        """The plays of one day, oldest first; is_estimate for the last 200 days."""
        if self.chance.random() < 0.06:
            return []
        mood = 0.7 + 0.5 * self.chance.random() + (0.35 if midnight.weekday() in (4, 5) else 0)
        loves = list(accumulate(self._love(artist, number) for artist in range(len(self.love))))
        plays: list[Heard] = []
        for hour, weight in enumerate(HOUR_WEIGHTS):
            if self.chance.random() * 26 < weight * mood:
                plays += self._session(number, midnight + timedelta(hours=hour), loves)
        return plays

    def _love(self, artist: int, number: int) -> float:
        since = number - self.met[artist]
        return 0.0 if since < 0 else self.love[artist] * (1 + 9 * 0.93**since)

    def _session(self, number: int, hour: datetime, loves: list[float]) -> list[Heard]:
        at, plays = int(hour.timestamp()) + self.chance.randrange(600), []
        end = int(hour.timestamp()) + 3600
        while True:
            artist = bisect.bisect_right(loves, self.chance.random() * loves[-1])
            songs = self.songs_of[artist]
            song = songs[min(int(self.chance.expovariate(0.45)), len(songs) - 1)]
            seconds = self.music.songs[song].seconds or 200
            at += seconds
            if at >= end or self.chance.random() < 0.07:
                return plays
            plays.append(Heard(at, song, seconds * 1000, number > self.length - 200))


def sample_document() -> DashboardData:
    """The document that is committed as dashboard/sample/dashboard_data.json."""
    ledger = invented_ledger()
    chance = random.Random(SEED + 1)
    playlist = {
        "name": "Unplayed lately",
        "week": "2026-W46",
        "id": _spotify_id(chance),
        "tracks": sorted(chance.sample(range(len(ledger.music.songs)), 30)),
        "unplayed_days": 90,
    }
    return trimmed(compile_document(ledger, playlist=playlist))


def trimmed(document: DashboardData) -> DashboardData:
    """The same with a dictionary of only what is mentioned, as the product writes it."""
    body = document.model_dump(mode="json", by_alias=True)
    names = body["dict"]
    windows = [*body["windows"].values(), *body["years"].values()]
    lists = [
        (kind, rows) for window in windows for kind in KEYS for rows in (window[f"top_{kind}"], window["by_time"][kind])
    ]
    rows = {kind: {row[0] for name, listed in lists if name == kind for row in listed} for kind in KEYS}
    mentioned = rows["tracks"] | {track for _, track in body["recent"]}
    mentioned |= set(body["playlist"]["tracks"] if body["playlist"] else ())
    mentioned |= {window["sentence"]["top_track"] for window in windows if window["sentence"]} - {None}
    tracks_told, artists_told = pointed_at(body)
    mentioned |= tracks_told
    albums = rows["albums"] | {names["tracks"][t][2] for t in mentioned} - {None}
    artists = rows["artists"] | artists_told | {names["tracks"][t][1] for t in mentioned}
    artists |= {names["albums"][a][1] for a in albums}
    track_at, artist_at, album_at = (
        {old: new for new, old in enumerate(sorted(kept))} for kept in (mentioned, artists, albums)
    )
    body["dict"] = names | {
        "tracks": [_track(names["tracks"][old], artist_at, album_at) for old in track_at],
        "artists": [names["artists"][old] for old in artist_at],
        "albums": [[row[0], artist_at[row[1]], row[2]] for row in (names["albums"][old] for old in album_at)],
    }
    places = {"tracks": track_at, "artists": artist_at, "albums": album_at}
    for kind, listed in lists:
        listed[:] = [[places[kind][row[0]], *row[1:]] for row in listed]
    for window in windows:
        if window["sentence"] and window["sentence"]["top_track"] is not None:
            window["sentence"]["top_track"] = track_at[window["sentence"]["top_track"]]
    body["recent"] = [[at, track_at[track]] for at, track in body["recent"]]
    if body["playlist"]:
        body["playlist"]["tracks"] = [track_at[track] for track in body["playlist"]["tracks"]]
    body |= retold(body, track_at.__getitem__, artist_at.__getitem__)
    return DashboardData.model_validate(body)


def _track(row: list[Any], artist_at: dict[int, int], album_at: dict[int, int]) -> list[Any]:
    name, artist, album, spotify_id, seconds = row
    return [name, artist_at[artist], None if album is None else album_at[album], spotify_id, seconds]


def written(document: DashboardData) -> bytes:
    """The document's bytes."""
    body = document.model_dump(mode="json", by_alias=True)
    return (json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


if __name__ == "__main__":
    SAMPLE.parent.mkdir(parents=True, exist_ok=True)
    SAMPLE.write_bytes(written(sample_document()))
