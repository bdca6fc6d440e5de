"""The document recomputed from plays by plain Python: an independent second opinion that imports nothing of ours.

Names stand where the document has indexes, so that both can be compared after `resolved`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WINDOWS = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365, "all": None}
DAY = timedelta(days=1)
Json = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """One play that counts, placed in the listener's calendar and named as well as it can be."""

    at: datetime
    day: date
    hour: int
    uri: str
    ms: int
    estimated: int
    artist: str | None
    album: str | None


def instant(text: str) -> datetime:
    """A moment as the tables write it."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)


def key(name: str | None) -> str | None:
    """What tells artists and albums apart."""
    return None if name is None else name.strip(" ").lower()


def counts(play: Json) -> bool:
    """The default policy."""
    if play["kind"] != "music" or play["incognito"]:
        return False
    return play["ms_played"] is None or play["ms_played"] >= 30_000 or play["reason_end"] == "trackdone"


class Ledger:
    """Plays and metadata as table rows, looked at on the evening of a day."""

    def __init__(
        self, plays: Sequence[Json], tracks: Sequence[Json], gaps: Sequence[Json], tz: str, today: date
    ) -> None:
        self.zone, self.last = ZoneInfo(tz), today - DAY
        self.rows, self.gaps = list(plays), list(gaps)
        self.newest: dict[str, Json] = {}
        for row in sorted(tracks, key=lambda row: (row["grade_rank"], row["changed_at"])):
            self.newest[row["track_uri"]] = row
        self.seen: dict[str, dict[str, str | None]] = {}
        self.plays = [play for play in map(self._heard, self._in_time()) if play.day <= self.last]
        self.first = min((play.day for play in self.plays), default=None)
        self.debut: dict[str, date] = {}
        for play in sorted(self.plays, key=lambda play: play.day):
            if play.artist is not None:
                self.debut.setdefault(play.artist, play.day)

    def _in_time(self) -> list[Json]:
        """Plays that count up to the last day, in order; what they are called is remembered on the way."""
        kept = [play for play in self.rows if counts(play) and self.local(play).date() <= self.last]
        for play in kept:
            names = self.seen.setdefault(play["track_uri"], dict.fromkeys(("track_name", "artist_name", "album_name")))
            for field in names:
                names[field] = max(filter(None, (names[field], play[field])), default=None)
        return sorted(kept, key=lambda play: play["played_at"])

    def local(self, play: Json) -> datetime:
        """When a play was, on the listener's clock."""
        return instant(play["played_at"]).astimezone(self.zone)

    def _heard(self, play: Json) -> Heard:
        local, uri = self.local(play), play["track_uri"]
        estimate = (play["duration_ms"] or 0) if play["ms_played"] is None else 0
        ms = estimate if play["ms_played"] is None else play["ms_played"]
        best, seen = self.newest.get(uri, {}), self.seen[uri]
        artist = key(best.get("artist_name") or seen["artist_name"])
        album = key(best.get("album") or seen["album_name"])
        return Heard(instant(play["played_at"]), local.date(), local.hour, uri, ms, estimate, artist, album)

    def span(self, first: date | None, last: date) -> list[Heard]:
        """Plays of the days from first to last."""
        return [play for play in self.plays if first is not None and first <= play.day <= last]

    def begin(self, name: str) -> date | None:
        """First day of a window."""
        length = WINDOWS[name]
        return self.first if length is None else self.last - (length - 1) * DAY

    def window(self, name: str) -> Json:
        """All numbers of a window."""
        begin, length = self.begin(name), WINDOWS[name]
        now = self.span(begin, self.last)
        has_before = length is not None and self.first is not None and self.last - (2 * length - 1) * DAY >= self.first
        before = self.span(self.last - (2 * length - 1) * DAY, self.last - length * DAY) if has_before else []
        recorded = max(begin, self.first) if begin and self.first else self.last + DAY
        tops = self.tops(now, before)
        new = self.new(now)
        return {
            "from": str(begin) if begin else None,
            "to": str(self.last) if begin else None,
            **self.tally(now),
            "new_artists": new,
            "silent_days": (self.last - recorded).days + 1 - len({play.day for play in now}),
            "gap_minutes": self.gap_minutes(begin),
            "prev": self.previous(before) if has_before else None,
            **tops,
            "top_genres": None,
            "hours": [sum(play.hour == hour for play in now) for hour in range(24)],
            "hourdow": [
                sum(play.day.weekday() == weekday and play.hour == hour for play in now)
                for weekday in range(7)
                for hour in range(24)
            ],
            "sentence": self.sentence(tops["top_tracks"], before if has_before else None, new),
        }

    @staticmethod
    def tally(plays: Sequence[Heard]) -> Json:
        """Sums and distinct things."""
        return {
            "plays": len(plays),
            "minutes": sum(play.ms for play in plays) // 60_000,
            "minutes_estimated": sum(play.estimated for play in plays) // 60_000,
            "tracks": len({play.uri for play in plays}),
            "artists": len({play.artist for play in plays} - {None}),
            "albums": len(
                {(play.artist, play.album) for play in plays if play.artist is not None and play.album is not None}
            ),
        }

    def new(self, plays: Iterable[Heard]) -> int:
        """How many artists among the plays had their first one on such a day."""
        return len({play.artist for play in plays if play.artist is not None and self.debut[play.artist] == play.day})

    def previous(self, plays: Sequence[Heard]) -> Json:
        """What is told of the window before."""
        tally = self.tally(plays)
        return {field: tally[field] for field in ("plays", "minutes", "tracks", "artists")} | {
            "new_artists": self.new(plays)
        }

    def tops(self, now: Sequence[Heard], before: Sequence[Heard]) -> Json:
        """The three rankings, by name."""
        return {
            "top_tracks": self.top(now, before, 25, lambda play: (play.uri,), lambda key: self.track(key[0])),
            "top_artists": self.top(now, before, 25, lambda play: (play.artist,), lambda key: key[0]),
            "top_albums": self.top(now, before, 10, lambda play: (play.artist, play.album), lambda key: key),
        }

    @staticmethod
    def top(now: Sequence[Heard], before: Sequence[Heard], most: int, by: Any, name: Any) -> list[list[Any]]:
        """[name, plays, minutes, place before]: most plays, then first heard, then the key."""

        def ranked(plays: Sequence[Heard]) -> list[tuple[Any, list[Heard]]]:
            groups: dict[Any, list[Heard]] = defaultdict(list)
            for play in plays:
                if None not in by(play):
                    groups[by(play)].append(play)
            return sorted(groups.items(), key=lambda item: (-len(item[1]), min(play.at for play in item[1]), item[0]))

        places = {thing: place for place, (thing, _) in enumerate(ranked(before), 1)}
        return [
            [name(thing), len(plays), sum(play.ms for play in plays) // 60_000, places.get(thing)]
            for thing, plays in ranked(now)[:most]
        ]

    def track(self, uri: str) -> tuple[Any, ...]:
        """(title, artist's key, album's key, Spotify id, seconds)."""
        best, seen = self.newest.get(uri, {}), self.seen[uri]
        seconds = best.get("duration_ms")
        return (
            best.get("name") or seen["track_name"] or uri,
            key(best.get("artist_name") or seen["artist_name"]) or "unknown artist",
            key(best.get("album") or seen["album_name"]),
            best.get("track_id"),
            None if seconds is None else seconds // 1000,
        )

    def titles(self, uri: str) -> set[str]:
        """What a track may be called where nothing but one play of it is at hand."""
        if uri in self.newest:
            return {self.newest[uri]["name"]}
        return {row["track_name"] or uri for row in self.rows if row["track_uri"] == uri}

    def sentence(self, top: Sequence[Any], before: Sequence[Heard] | None, new: int) -> Json | None:
        """Facts on the most played track."""
        if not self.plays:
            return None
        if not top:
            return {"top_track": None, "top_track_plays": None, "top_track_prev": None, "new_artists": new}
        earlier = None if before is None else sum(self.track(play.uri) == top[0][0] for play in before)
        return {"top_track": top[0][0], "top_track_plays": top[0][1], "top_track_prev": earlier, "new_artists": new}

    def gap_minutes(self, begin: date | None) -> int:
        """Minutes of the window that lie in gaps."""
        if begin is None:
            return 0
        lo, hi = (
            datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC) for day in (begin, self.last + DAY)
        )
        inside = [min(instant(gap["before"]), hi) - max(instant(gap["after"]), lo) for gap in self.gaps]
        return sum((part for part in inside if part > timedelta(0)), timedelta(0)) // timedelta(minutes=1)

    def series(self) -> Json:
        """Days, weeks and months."""
        if self.first is None:
            return dict.fromkeys(("daily", "weekly", "monthly", "alldays"))
        plays, ms = Counter(play.day for play in self.plays), Counter[date]()
        for play in self.plays:
            ms[play.day] += play.ms
        days = [self.first + number * DAY for number in range((self.last - self.first).days + 1)]
        year = [self.last - back * DAY for back in range(365)]
        months: dict[str, list[date]] = defaultdict(list)
        for day in days:
            months[day.isoformat()[:7]].append(day)

        def summed(start: str, buckets: Iterable[Sequence[date]]) -> Json:
            kept = list(buckets)
            return {
                "start": start,
                "plays": [sum(plays[day] for day in bucket) for bucket in kept],
                "minutes": [sum(ms[day] for day in bucket) // 60_000 for bucket in kept],
            }

        last_371 = [self.last - back * DAY for back in reversed(range(371))]
        return {
            "daily": summed(str(last_371[0]), [[day] for day in last_371]),
            "weekly": summed(str(last_371[0]), [year[at : at + 7] for at in range(0, 365, 7)][::-1]),
            "monthly": summed(min(months), months.values()),
            "alldays": {"start": str(self.first), "plays": [plays[day] for day in days]},
        }

    def document(self) -> Json:
        """Everything that is counted in the document."""
        windows = {name: self.window(name) for name in WINDOWS}
        totals = {field: windows["all"][field] for field in self.tally(())}
        return {
            "data_day": str(self.last) if self.first else None,
            "totals": totals | {"since": str(self.first) if self.first else None},
            "windows": windows,
            **self.series(),
            "gaps": self.gap_summary(),
        }

    def gap_summary(self) -> Json:
        """Sums over all gaps, and how many are listed."""
        spans = [instant(gap["before"]) - instant(gap["after"]) for gap in self.gaps]
        return {
            "total": len(self.gaps),
            "hours": sum(spans, timedelta(0)) // timedelta(hours=1),
            "est_lost": [sum(gap["lost_min"] for gap in self.gaps), sum(gap["lost_max"] for gap in self.gaps)],
        }

    def recent(self) -> list[tuple[int, str]]:
        """(Unix second, URI) of the newest 50 plays that count, today's too."""
        counted = [play for play in self.rows if counts(play)]
        newest = sorted(counted, key=lambda play: (play["played_at"], play["play_key"]), reverse=True)[:50]
        return [(int(instant(play["played_at"]).timestamp()), play["track_uri"]) for play in newest]


def resolved(document: Json) -> Json:
    """The counted part of a document, names in place of indexes."""
    words = document["dict"]

    def track(index: int) -> tuple[Any, ...]:
        name, artist, album, track_id, seconds = words["tracks"][index]
        album_key = None if album is None else key(words["albums"][album][0])
        return (name, key(words["artists"][artist][0]), album_key, track_id, seconds)

    def album(index: int) -> tuple[Any, ...]:
        name, artist, _ = words["albums"][index]
        return (key(words["artists"][artist][0]), key(name))

    def ranking(rows: Iterable[Sequence[Any]], name: Any) -> list[list[Any]]:
        return [[name(row[0]), *row[1:]] for row in rows]

    windows = {}
    for window, body in document["windows"].items():
        windows[window] = body | {
            "top_tracks": ranking(body["top_tracks"], track),
            "top_artists": ranking(body["top_artists"], lambda index: key(words["artists"][index][0])),
            "top_albums": ranking(body["top_albums"], album),
        }
        if body["sentence"] and body["sentence"]["top_track"] is not None:
            windows[window]["sentence"] = body["sentence"] | {"top_track": track(body["sentence"]["top_track"])}
    same = {name: document[name] for name in ("data_day", "totals", "daily", "weekly", "monthly", "alldays")}
    gaps = document["health"]["gaps"]
    return same | {
        "windows": windows,
        "gaps": {name: gaps[name] for name in ("total", "hours", "est_lost")},
    }
