"""Whether discovery, artists and records agree with the series and windows that are counted otherwise."""

from collections.abc import Iterator, Sequence
from datetime import date

from playledger.dashboard_data import DashboardData, DaySeries, Records


def differing_discoveries(document: DashboardData) -> Iterator[str]:
    """Where these parts say something else than the rest of the document, in sentences."""
    if document.alldays is None:
        return
    yield from _weeks(document)
    yield from _months(document)
    yield from _songs(document)
    yield from _same_days(document, document.alldays)
    yield from _artists(document)
    yield from _records(document, document.alldays.plays)


def _weeks(document: DashboardData) -> Iterator[str]:
    weeks, all_weeks = document.discovery_weekly, document.weekly
    if weeks is None or all_weeks is None:
        yield "discovery_weekly: missing, though there are plays"
        return
    sums = tuple(new + known for new, known in zip(weeks.new, weeks.known, strict=True))
    if (weeks.start, sums) != (all_weeks.start, all_weeks.plays):
        yield "discovery_weekly: new and known plays do not add up to the plays of weekly"


def _months(document: DashboardData) -> Iterator[str]:
    months, ones, monthly = document.discovery_monthly, document.number_ones, document.monthly
    if months is None or ones is None or monthly is None:
        yield "discovery_monthly and number_ones: missing, though there are plays"
        return
    if not (
        months.start == ones.start == monthly.start and len(months.stuck) == len(ones.tracks) == len(monthly.plays)
    ):
        yield "discovery_monthly, number_ones and monthly are of different months"
    for name, found, total in (
        ("new_tracks", sum(months.new_tracks), document.totals.tracks),
        ("new_artists", sum(months.new_artists), document.totals.artists),
    ):
        if found != total:
            yield f"discovery_monthly: {name} add up to {found}, ever played were {total}"
    if any(stuck > new for stuck, new in zip(months.stuck, months.new_tracks, strict=True)):
        yield "discovery_monthly: more songs stuck than were new"
    if [track is None for track in ones.tracks] != [plays == 0 for plays in monthly.plays]:
        yield "number_ones: a silent month has a song, or another one has none"


def _songs(document: DashboardData) -> Iterator[str]:
    once, size = document.one_hit_wonders, len(document.dict_.tracks)
    if once and (once.count > document.totals.tracks or len(once.newest) != min(once.count, 10)):
        yield f"one_hit_wonders: {once.count} of {document.totals.tracks} songs, {len(once.newest)} are told"
    ones = document.number_ones.tracks if document.number_ones else ()
    tracks = [track for track, *_ in (*document.forgotten, *document.back_after)]
    tracks += [track for track, _ in (once.newest if once else ())]
    tracks += [day.track for day in document.on_this_day] + [track for track in ones if track is not None]
    tracks += [track for detail in document.artist_detail for track, _ in detail.top]
    if any(not 0 <= track < size for track in tracks):
        yield "discovery, artists or this day point outside the dictionary"


def _same_days(document: DashboardData, days: DaySeries) -> Iterator[str]:
    for told in document.on_this_day:
        place = (date.fromisoformat(told.day) - date.fromisoformat(days.start)).days
        if not (0 <= place < len(days.plays) and days.plays[place] == told.plays >= told.track_plays):
            yield f"on_this_day: {told.day} has other plays than in alldays"


def _artists(document: DashboardData) -> Iterator[str]:
    details = {detail.artist: detail for detail in document.artist_detail}
    if len(details) != len(document.artist_detail):
        yield "artist_detail: tells of one artist twice"
    whole = document.windows["all"]
    for artist, plays, minutes, *_ in (*whole.top_artists, *whole.by_time.artists):
        detail = details.get(artist)
        if detail and (detail.plays, detail.minutes) != (plays, minutes):
            yield f"artist_detail: artist {artist} has other plays than in the list of all time"
        if detail is None and len(details) < 50:
            yield f"artist_detail: artist {artist} of the list of all time is missing"
    for detail in document.artist_detail:
        if sum(plays for _, plays in detail.top) > detail.plays or sum(detail.months) > detail.plays:
            yield f"artist_detail: songs or months of artist {detail.artist} have more plays than the artist"


def _records(document: DashboardData, days: Sequence[int]) -> Iterator[str]:
    best = document.records
    if best is None:
        yield "records: missing, though there are plays"
        return
    if best.fullest_day is None or best.fullest_day.plays != max(days):
        yield "records: the fullest day has not the most plays of alldays"
    if (best.current_streak is None) != (days[-1] == 0):
        yield "records: the current streak does not fit the last of alldays"
    if best.milestones[:1] != ((1, document.totals.since),) or best.milestones[-1][0] > document.totals.plays:
        yield "records: the milestones do not fit the plays of all time"
    yield from _streaks(best, days)


def _streaks(best: Records, days: Sequence[int]) -> Iterator[str]:
    current, longest = best.current_streak, best.longest_streak
    if longest is None or (current and current.days > longest.days) or longest.days > len(days) - days.count(0):
        yield "records: the longest streak is shorter than the current one, or longer than there are days with plays"
    if (best.longest_silence.days if best.longest_silence else 0) > days.count(0):
        yield "records: the longest silence is longer than there are days without a play"
