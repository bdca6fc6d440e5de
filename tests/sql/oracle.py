"""The document recomputed from plays by plain Python: an independent second opinion that imports nothing of ours.

Names stand where the document has indexes, so that both can be compared after `resolved`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WINDOWS = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365, "all": None}
ELSEWHERE = ("top_genres", "top_contexts", "ways", "sessions", "eras")
"""Parts of a window that have oracles of their own."""
DAY = timedelta(days=1)
Json = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """One play that counts, placed in the listener's calendar and named as well as it can be.

    `artist` and `album` are keys; `row` is the play as it stands in the table.
    """

    at: datetime
    day: date
    hour: int
    uri: str
    song: str
    ms: int
    estimated: int
    artist: str | None
    album: str | None
    row: Json


@dataclass(frozen=True)
class Rules:
    """What counts: the default is the product's."""

    least_ms: int = 30_000
    finished: bool = True
    incognito: bool = False
    kinds: tuple[str, ...] = ("music",)
    without: frozenset[str] = frozenset()
    """Artist keys, 'artist\talbum' keys, URIs, ids of contexts, and days."""


def instant(text: str) -> datetime:
    """A moment as the tables write it."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)


def key(name: str | None) -> str | None:
    """What tells artists and albums apart."""
    return None if name is None else name.strip(" ").lower()


def counts(play: Json, rules: Rules) -> bool:
    """Whether a play counts, names aside."""
    if play["kind"] not in rules.kinds or (play["incognito"] and not rules.incognito):
        return False
    is_done = rules.finished and play["reason_end"] == "trackdone"
    return play["ms_played"] is None or play["ms_played"] >= rules.least_ms or is_done


class Ledger:
    """Plays and metadata as table rows, looked at on the evening of a day. `same` maps tracks to their song."""

    def __init__(
        self,
        plays: Sequence[Json],
        tracks: Sequence[Json],
        gaps: Sequence[Json],
        tz: str,
        today: date,
        rules: Rules = Rules(),
        same: dict[str, str] | None = None,
    ) -> None:
        self.zone, self.last, self.rules = ZoneInfo(tz), today - DAY, rules
        self.rows, self.gaps = list(plays), list(gaps)
        self.newest: dict[str, Json] = {}
        for row in sorted(tracks, key=lambda row: (row["grade_rank"], row["changed_at"], row["name"])):
            self.newest[row["track_uri"]] = row
        self.seen = self._seen()
        self.same = same or {}
        every = [self._heard(play) for play in sorted(self.rows, key=lambda play: play["played_at"])]
        self.counted = [play for play in every if self._counts(play)]
        self.plays = [play for play in self.counted if play.day <= self.last]
        self.first = min((play.day for play in self.plays), default=None)

    def _seen(self) -> dict[str, dict[str, str | None]]:
        """What each track was ever called: in plays that count, by another policy than the default in any."""
        seen: dict[str, dict[str, str | None]] = {}
        is_usual = replace(self.rules, without=frozenset()) == Rules()
        for play in (play for play in self.rows if not is_usual or counts(play, self.rules)):
            names = seen.setdefault(play["track_uri"], dict.fromkeys(("track_name", "artist_name", "album_name")))
            for field in names:
                names[field] = max(filter(None, (names[field], play[field])), default=None)
        return seen

    def _counts(self, play: Heard) -> bool:
        if not counts(play.row, self.rules):
            return False
        things = {play.artist, f"{play.artist}\t{play.album}", play.uri, play.row.get("context_id"), str(play.day)}
        return not things & self.rules.without

    def local(self, play: Json) -> datetime:
        """When a play was, on the listener's clock."""
        return instant(play["played_at"]).astimezone(self.zone)

    def _heard(self, play: Json) -> Heard:
        local, uri = self.local(play), play["track_uri"]
        estimate = (play["duration_ms"] or 0) if play["ms_played"] is None else 0
        ms = estimate if play["ms_played"] is None else play["ms_played"]
        artist, album = key(self.named(uri, "artist_name", "artist_name")), key(self.named(uri, "album", "album_name"))
        song = self.same.get(uri, uri)
        return Heard(instant(play["played_at"]), local.date(), local.hour, uri, song, ms, estimate, artist, album, play)

    def named(self, uri: str, known: str, seen: str) -> str | None:
        """What metadata calls it, or else what plays did."""
        name: str | None = self.newest.get(uri, {}).get(known) or self.seen.get(uri, {}).get(seen)
        return name

    def span(self, first: date | None, last: date) -> list[Heard]:
        """Plays of the days from first to last."""
        return [play for play in self.plays if first is not None and first <= play.day <= last]

    def begin(self, name: str) -> date | None:
        """First day of a window."""
        length = WINDOWS[name]
        return self.first if length is None else self.last - (length - 1) * DAY

    def spans(self) -> dict[str, tuple[date | None, date, date | None, date]]:
        """Window -> its first and last day, and those of the equal one before; None where there is none."""
        spans: dict[str, tuple[date | None, date, date | None, date]] = {}
        for name, length in WINDOWS.items():
            before = None if length is None else self.last - (2 * length - 1) * DAY
            spans[name] = (self.begin(name), self.last, before, self.last - (length or 0) * DAY)
        for year in range(self.first.year, self.last.year + 1) if self.first else ():
            is_open = year == self.last.year
            last = self.last if is_open else date(year, 12, 31)
            leap = (last.month, last.day) == (2, 29)
            spans[str(year)] = (
                date(year, 1, 1),
                last,
                date(year - 1, 1, 1),
                last.replace(year - 1, day=28 if leap else last.day),
            )
        return spans

    def windows(self) -> dict[str, Json]:
        """All numbers of every window and every year."""
        return {name: self.window(name, *span) for name, span in self.spans().items()}

    def window(self, name: str, begin: date | None, end: date, before: date | None, before_end: date) -> Json:
        """All numbers of a window."""
        now = self.span(begin, end)
        has_before = before is not None and self.first is not None and before >= self.first
        earlier = self.span(before, before_end) if has_before else []
        first = max(begin, self.first) if begin and self.first else None
        most = 10 if name.isdecimal() else 25
        tops = self.tops(now, earlier, most)
        starts = (
            self.first
            if name.isdecimal() and self.first and begin and self.first.year == begin.year and end < self.last
            else begin
        )
        return {
            "from": str(starts) if begin else None,
            "to": str(end) if begin else None,
            **self.tally(now),
            **self.new(begin, end),
            "silent_days": (end - first).days + 1 - len({play.day for play in now}) if first and first <= end else 0,
            "gap_minutes": self.gap_minutes(None if name == "all" else begin, end),
            "prev": self.previous(earlier, before, before_end) if has_before else None,
            **{f"top_{kind}": rows for kind, rows in tops["plays"].items()},
            "by_time": {kind: rows[: 5 if name.isdecimal() else 10] for kind, rows in tops["ms"].items()},
            "hours": [sum(play.hour == hour for play in now) for hour in range(24)],
            "hourdow": [
                sum(play.day.weekday() == weekday and play.hour == hour for play in now)
                for weekday in range(7)
                for hour in range(24)
            ],
            "sentence": self.sentence(now, earlier if has_before else None, self.new(begin, end)["new_artists"]),
        }

    @staticmethod
    def tally(plays: Sequence[Heard]) -> Json:
        """Sums and distinct things."""
        return {
            "plays": len(plays),
            "minutes": sum(play.ms for play in plays) // 60_000,
            "minutes_estimated": sum(play.estimated for play in plays) // 60_000,
            "tracks": len({play.song for play in plays}),
            "artists": len({play.artist for play in plays} - {None}),
            "albums": len(
                {(play.artist, play.album) for play in plays if play.artist is not None and play.album is not None}
            ),
        }

    def new(self, begin: date | None, end: date) -> Json:
        """How many artists, songs and albums had their first play in these days."""
        firsts: dict[tuple[str, Any], date] = {}
        for play in self.plays:
            album = None if play.artist is None or play.album is None else (play.artist, play.album)
            for kind, thing in (("artists", play.artist), ("tracks", play.song), ("albums", album)):
                if thing is not None:
                    firsts.setdefault((kind, thing), play.day)
        inside = Counter(kind for (kind, _), day in firsts.items() if begin is not None and begin <= day <= end)
        return {f"new_{kind}": inside[kind] for kind in ("artists", "tracks", "albums")}

    def previous(self, plays: Sequence[Heard], begin: date | None, end: date) -> Json:
        """What is told of the window before."""
        tally = self.tally(plays)
        return {field: tally[field] for field in ("plays", "minutes", "tracks", "artists")} | {
            "new_artists": self.new(begin, end)["new_artists"]
        }

    def tops(self, now: Sequence[Heard], before: Sequence[Heard], most: int) -> Json:
        """The three rankings, by name: by plays and by time."""
        kinds: dict[str, tuple[int, Any, Any]] = {
            "tracks": (most, lambda play: play.song, self.track),
            "artists": (most, lambda play: play.artist, lambda key: key),
            "albums": (
                10,
                lambda play: None if None in (play.artist, play.album) else (play.artist, play.album),
                lambda key: key,
            ),
        }
        return {
            by: {kind: self.top(now, before, length, of, name, by) for kind, (length, of, name) in kinds.items()}
            for by in ("plays", "ms")
        }

    @staticmethod
    def top(now: Sequence[Heard], before: Sequence[Heard], most: int, of: Any, name: Any, by: str) -> list[list[Any]]:
        """[name, plays, minutes, place before, place, permille]: most first, then the other measure, then the key.

        Time is counted in whole minutes, as it is shown, but for shares, and where it is the other measure.
        """

        def measured(plays: Sequence[Heard]) -> dict[Any, tuple[int, int]]:
            groups: dict[Any, list[Heard]] = defaultdict(list)
            for play in plays:
                if of(play) is not None:
                    groups[of(play)].append(play)
            sums = {thing: (len(found), sum(play.ms for play in found)) for thing, found in groups.items()}
            times.update({thing: ms for thing, (_, ms) in sums.items()})
            return sums if by == "plays" else {thing: (ms // 60_000, count) for thing, (count, ms) in sums.items()}

        def places(sums: dict[Any, tuple[int, int]]) -> dict[Any, int]:
            return {thing: 1 + sum(other[0] > mine[0] for other in sums.values()) for thing, mine in sums.items()}

        times: dict[Any, int] = {}
        earlier, sums = places(measured(before)), measured(now)
        place, whole = places(sums), sum(1 if by == "plays" else play.ms for play in now)
        chosen = sorted(
            sums,
            key=lambda thing: (
                -sums[thing][0],
                -sums[thing][1],
                "\n".join(thing) if isinstance(thing, tuple) else thing,
            ),
        )[:most]
        rows = []
        for thing in chosen:
            count, ms = sums[thing][by == "ms"], times[thing]
            share = 1000 * (count if by == "plays" else ms) // whole if whole else 0
            rows.append([name(thing), count, ms // 60_000, earlier.get(thing), place[thing], share])
        return rows

    def track(self, uri: str) -> tuple[Any, ...]:
        """(title, artist's key, album's key, Spotify id, seconds)."""
        best = self.newest.get(uri, {})
        seconds = best.get("duration_ms")
        return (
            self.named(uri, "name", "track_name") or uri,
            key(self.named(uri, "artist_name", "artist_name")) or "unknown artist",
            key(self.named(uri, "album", "album_name")),
            uri.removeprefix("spotify:track:") if uri.startswith("spotify:track:") else None,
            None if seconds is None else seconds // 1000,
        )

    def sentence(self, now: Sequence[Heard], before: Sequence[Heard] | None, new: int) -> Json | None:
        """Facts on the most played track."""
        if not self.plays:
            return None
        sums: Counter[str] = Counter(play.song for play in now)
        times: Counter[str] = Counter()
        for play in now:
            times[play.song] += play.ms
        top = min(sums, key=lambda song: (-sums[song], -times[song], song), default=None)
        if top is None:
            return {"top_track": None, "top_track_plays": None, "top_track_prev": None, "new_artists": new}
        earlier = None if before is None else sum(play.song == top for play in before)
        return {
            "top_track": self.track(top),
            "top_track_plays": sums[top],
            "top_track_prev": earlier,
            "new_artists": new,
        }

    def gap_minutes(self, begin: date | None, end: date) -> int:
        """Minutes of the days from begin to end that lie in gaps; from the beginning without a begin."""
        first = begin or date(2006, 1, 1)
        lo, hi = (
            datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC) for day in (first, end + DAY)
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
        windows = self.windows()
        totals = {field: windows["all"][field] for field in self.tally(())}
        return {
            "data_day": str(self.last) if self.first else None,
            "totals": totals | {"since": str(self.first) if self.first else None},
            "windows": {name: body for name, body in windows.items() if name in WINDOWS},
            "years": {name: body for name, body in windows.items() if name not in WINDOWS},
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

    def recent(self) -> list[tuple[int, tuple[Any, ...]]]:
        """(Unix second, track) of the newest 50 plays that count, today's too."""
        newest = sorted(self.counted, key=lambda play: (play.row["played_at"], play.row["play_key"]), reverse=True)[:50]
        return [(int(play.at.timestamp()), self.track(play.uri)) for play in newest]


def resolved_track(document: Json) -> Any:
    """Index -> (title, artist's key, album's key, Spotify id, seconds)."""
    words = document["dict"]

    def track(index: int) -> tuple[Any, ...]:
        name, artist, album, track_id, seconds = words["tracks"][index]
        album_key = None if album is None else key(words["albums"][album][0])
        return (name, key(words["artists"][artist][0]), album_key, track_id, seconds)

    return track


def resolved(document: Json) -> Json:
    """The counted part of a document, names in place of indexes."""
    words, track = document["dict"], resolved_track(document)

    def album(index: int) -> tuple[Any, ...]:
        name, artist, _ = words["albums"][index]
        return (key(words["artists"][artist][0]), key(name))

    def ranking(rows: Iterable[Sequence[Any]], name: Any) -> list[list[Any]]:
        return [[name(row[0]), *row[1:]] for row in rows]

    def lists(body: Json, prefix: str) -> Json:
        return {
            f"{prefix}tracks": ranking(body[f"{prefix}tracks"], track),
            f"{prefix}artists": ranking(body[f"{prefix}artists"], lambda index: key(words["artists"][index][0])),
            f"{prefix}albums": ranking(body[f"{prefix}albums"], album),
        }

    def window(body: Json) -> Json:
        sentence = body["sentence"]
        if sentence and sentence["top_track"] is not None:
            sentence = sentence | {"top_track": track(sentence["top_track"])}
        kept = {name: value for name, value in body.items() if name not in ELSEWHERE}
        return kept | lists(body, "top_") | {"by_time": lists(body["by_time"], ""), "sentence": sentence}

    same = {name: document[name] for name in ("data_day", "totals", "daily", "weekly", "monthly", "alldays")}
    gaps = document["health"]["gaps"]
    return same | {
        "windows": {name: window(body) for name, body in document["windows"].items()},
        "years": {name: window(body) for name, body in document["years"].items()},
        "gaps": {name: gaps[name] for name in ("total", "hours", "est_lost")},
    }
