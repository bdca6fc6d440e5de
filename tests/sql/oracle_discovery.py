"""Discovery, records and artists recomputed from plays by plain Python: imports nothing of ours.

Songs and artists stand as their keys where the document has indexes.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

DAY = timedelta(days=1)
MILESTONES = (1, 100, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
Json = dict[str, Any]


@dataclass(frozen=True)
class Played:
    """One play: its key, the local day, the track, the song it is a recording of, the artist's key.

    `observed` is the key of the artist that was named when it was played.
    """

    key: str
    at: datetime
    day: date
    track: str
    song: str
    artist: str | None
    observed: str | None
    ms: int


Plays = Sequence[Played]
By = Callable[[Played], str | None]


def song_of(play: Played) -> str | None:
    """What is ranked: the song."""
    return play.song


def artist_of(play: Played) -> str | None:
    """What is ranked: the artist."""
    return play.artist


def month_of(day: date) -> str:
    """YYYY-MM."""
    return day.isoformat()[:7]


def ranked(plays: Iterable[Played], by: By) -> list[tuple[str, list[Played]]]:
    """Things with their plays: the most first, then the longest, then by key."""
    groups: dict[str, list[Played]] = defaultdict(list)
    for play in plays:
        if (thing := by(play)) is not None:
            groups[thing].append(play)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), -sum(play.ms for play in item[1]), item[0]))


def months_between(first: date, last: date) -> list[str]:
    """All months from that of the first day to that of the last."""
    days = ((first + number * DAY) for number in range((last - first).days + 1))
    return sorted({month_of(day) for day in days})


def discovery(plays: Plays, last: date) -> Json:
    """All parts but the artists' and the records."""
    first = min((play.day for play in plays), default=None)
    months = months_between(first, last) if first else []
    has_any = first is not None
    return {
        "discovery_weekly": weekly(plays, last) if has_any else None,
        "discovery_monthly": monthly(plays, months) if has_any else None,
        "number_ones": number_ones(plays, months) if has_any else None,
        "one_hit_wonders": one_hit_wonders(plays) if has_any else None,
        "forgotten": forgotten(plays, last),
        "back_after": back_after(plays, last),
        "on_this_day": on_this_day(plays, last + DAY),
    }


def weekly(plays: Plays, last: date) -> Json:
    """53 runs of seven days, of the oldest only its last day."""
    debut: dict[str, date] = {}
    for play in plays:
        debut[play.song] = min(play.day, debut.get(play.song, play.day))
    new, known = [0] * 53, [0] * 53
    for play in plays:
        back = (last - play.day).days
        if back < 365:
            (new if (last - debut[play.song]).days // 7 == back // 7 else known)[52 - back // 7] += 1
    return {"start": str(last - (53 * 7 - 1) * DAY), "new": new, "known": known}


def monthly(plays: Plays, months: Sequence[str]) -> Json:
    """What was new, what stuck, how varied."""
    heard: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for play in plays:
        heard["song", play.song].add(month_of(play.day))
        if play.artist is not None:
            heard["artist", play.artist].add(month_of(play.day))
            counts[month_of(play.day)][play.artist] += 1
    debuts = Counter((what, min(among)) for (what, _), among in heard.items())
    stuck = Counter(min(among) for (what, _), among in heard.items() if what == "song" and len(among) >= 3)
    squares = {month: sum(count * count for count in of_month.values()) for month, of_month in counts.items()}
    return {
        "start": months[0],
        "new_tracks": [debuts["song", month] for month in months],
        "new_artists": [debuts["artist", month] for month in months],
        "stuck": [stuck[month] for month in months],
        "variety": [100 * counts[month].total() ** 2 // squares[month] if month in squares else 0 for month in months],
    }


def number_ones(plays: Plays, months: Sequence[str]) -> Json:
    """The first of each month."""
    of_month = {month: [play for play in plays if month_of(play.day) == month] for month in months}

    def ones(by: By) -> list[str | None]:
        tops = (ranked(of_month[month], by) for month in months)
        return [top[0][0] if top else None for top in tops]

    return {"start": months[0], "tracks": ones(song_of), "artists": ones(artist_of)}


def one_hit_wonders(plays: Plays) -> Json:
    """Songs with one play, the newest first."""
    counts = Counter(play.song for play in plays)
    once = sorted((play for play in plays if counts[play.song] == 1), key=lambda play: play.song)
    once.sort(key=lambda play: play.day, reverse=True)
    return {
        "count": len(once),
        "permille": 1000 * len(once) // len(counts),
        "newest": [[play.song, str(play.day)] for play in once[:10]],
    }


def forgotten(plays: Plays, last: date) -> list[list[Any]]:
    """Ten plays or more, none in the last 365 days: the most plays first, then the last one played."""
    found = [(song, len(mine), max(play.day for play in mine)) for song, mine in ranked(plays, song_of)]
    old = [row for row in found if row[1] >= 10 and row[2] <= last - 365 * DAY]
    old.sort(key=lambda row: (-row[1], -row[2].toordinal(), row[0]))
    return [[song, count, str(day)] for song, count, day in old[:10]]


def back_after(plays: Plays, last: date) -> list[list[Any]]:
    """Silent for 183 days or more, played again in the last 90: the longest silence first, then the newest return."""
    days: defaultdict[str, set[date]] = defaultdict(set)
    for play in plays:
        days[play.song].add(play.day)
    found = []
    for song, mine in days.items():
        for before, after in zip(sorted(mine), sorted(mine)[1:], strict=False):
            if (after - before).days > 183 and (last - after).days < 90:
                found.append((song, (after - before).days - 1, after))
    found.sort(key=lambda row: (-row[1], -row[2].toordinal(), row[0]))
    return [[song, silent, str(day)] for song, silent, day in found[:10]]


def on_this_day(plays: Plays, today: date) -> list[Json]:
    """The same day in the ten years before, where anything was played."""
    found = []
    for year in range(today.year - 1, today.year - 11, -1):
        mine = [
            play for play in plays if (play.day.year, play.day.month, play.day.day) == (year, today.month, today.day)
        ]
        if mine:
            song, of_song = ranked(mine, song_of)[0]
            day = str(mine[0].day)
            found.append({"day": day, "plays": len(mine), "track": song, "track_plays": len(of_song)})
    return found


def artist_detail(plays: Plays, last: date) -> dict[str, Json]:
    """What could be told of every artist, by key."""
    months = months_between(date(last.year - 2, last.month, 1), last)[-24:]
    details = {}
    for artist, mine in ranked(plays, artist_of):
        by_month = Counter(month_of(play.day) for play in mine)
        details[artist] = {
            "plays": len(mine),
            "minutes": sum(play.ms for play in mine) // 60_000,
            "first": str(min(play.day for play in mine)),
            "last": str(max(play.day for play in mine)),
            "months": [by_month[month] for month in months],
            "top": [[song, len(of_song)] for song, of_song in ranked(mine, song_of)[:3]],
        }
    return details


def records(plays: Plays, last: date, *, binged: Plays, left_out: Iterable[str] = ()) -> Json | None:
    """Records but the longest session. `binged` counts by default, `left_out` are tracks and days that do not count."""
    if not plays:
        return None
    count, ms = Counter(play.day for play in plays), Counter[date]()
    for play in plays:
        ms[play.day] += play.ms
    streaks = runs(sorted(count))
    played = sorted(plays, key=lambda play: play.day)
    silent = runs(day for day in days_of(played[0].day, last) if day not in count)
    longest = min(ms, key=lambda day: (-ms[day], day))
    return {
        "current_streak": next((shown(run) for run in streaks if run[-1] == last), None),
        "longest_streak": shown(min(streaks, key=lambda run: (-len(run), run[0]))),
        "longest_silence": shown(min(silent, key=lambda run: (-len(run), run[0]))) if silent else None,
        "fullest_day": day_record(min(count, key=lambda day: (-count[day], day)), count, ms),
        "longest_day": day_record(longest, count, ms) if ms[longest] else None,
        **binges(binged, last, set(left_out)),
        "milestones": [[n, str(played[n - 1].day)] for n in MILESTONES if n <= len(played)],
    }


def days_of(first: date, last: date) -> list[date]:
    """All days from the first to the last."""
    return [first + number * DAY for number in range((last - first).days + 1)]


def runs(days: Iterable[date]) -> list[list[date]]:
    """Days in order, cut where one is missing."""
    found: list[list[date]] = []
    for day in days:
        if found and found[-1][-1] + DAY == day:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def shown(run: Sequence[date]) -> Json:
    """A streak as the document has it."""
    return {"days": len(run), "from": str(run[0]), "to": str(run[-1])}


def day_record(day: date, count: Counter[date], ms: Counter[date]) -> Json:
    """A day as the document has it."""
    return {"day": str(day), "plays": count[day], "minutes": ms[day] // 60_000}


def binges(plays: Plays, last: date, left_out: set[str]) -> Json:
    """The most of one thing in a row and in a day, within local days."""
    found: defaultdict[str, list[tuple[int, datetime, str, str, str]]] = defaultdict(list)
    in_order = sorted((play for play in plays if play.day <= last), key=lambda play: (play.at, play.key))
    for day, of_day in groupby(in_order, key=lambda play: play.day):
        mine = list(of_day)
        for what, name in (("track", "track"), ("artist", "observed")):
            known = [play for play in mine if getattr(play, name) is not None]
            grouped = groupby(known, key=lambda play: getattr(play, name))
            in_a_row = [list(group) for _, group in grouped]
            whole: defaultdict[str, list[Played]] = defaultdict(list)
            for play in known:
                whole[getattr(play, name)].append(play)
            for where, groups, least in (("row", in_a_row, 3), ("day", list(whole.values()), 5)):
                for group in groups:
                    track, song, artist = min((play.track, play.song, play.artist or "") for play in group)
                    thing = song if what == "track" else artist
                    if len(group) >= least and not {track, str(day)} & left_out:
                        found[f"{what}_in_a_{where}"].append((-len(group), group[0].at, track, thing, str(day)))
    best = {name: min(rows) for name, rows in found.items()}
    return {
        name: {"index": best[name][3], "plays": -best[name][0], "day": best[name][4]} if name in best else None
        for name in ("track_in_a_row", "artist_in_a_row", "track_in_a_day", "artist_in_a_day")
    }
