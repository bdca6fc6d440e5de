"""What there is to tell of the artists that the page lists: asked, and placed into the document."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

from aggregation.calendar import Calendar, months_between
from aggregation.names import Names
from aggregation.reading import Reading
from aggregation.rows import Ask, Row

MONTHS = 24


class ArtistFact(Row):
    """`dashboard/artists`: of the artist at a `place` all there was, a month (without days), or its `nth` song."""

    place: int
    what: Literal["all", "month", "song"]
    month_name: str | None
    nth: int
    artist_no: int
    song_no: int | None
    plays: int
    minutes: int
    first_day: str | None
    last_day: str | None


def ask_artists(ask: Ask, reading: Reading, artists: Sequence[int]) -> tuple[ArtistFact, ...]:
    """Asks for artists by their numbers; of many the first ones are told."""
    if not artists:
        return ()
    return ask(
        "artists",
        ArtistFact,
        p_artists="\n".join(map(str, artists)),
        p_month_from=reading.params["p_lasting_from"],
        p_first_month=_months(reading.calendar)[0],
    )


def placed_artists(found: Sequence[ArtistFact], calendar: Calendar, shelf: Names) -> list[dict[str, Any]]:
    """The document's `artist_detail`."""
    by_place: defaultdict[int, list[ArtistFact]] = defaultdict(list)
    for fact in found:
        by_place[fact.place].append(fact)
    return [_artist(facts, _months(calendar), shelf) for _, facts in sorted(by_place.items())]


def _artist(facts: Sequence[ArtistFact], months: Sequence[str], shelf: Names) -> dict[str, Any]:
    whole = next(fact for fact in facts if fact.what == "all")
    by_month = {fact.month_name: fact.plays for fact in facts if fact.what == "month"}
    return {
        "artist": shelf.artist(whole.artist_no),
        "plays": whole.plays,
        "minutes": whole.minutes,
        "first": whole.first_day,
        "last": whole.last_day,
        "months": [by_month.get(month, 0) for month in months],
        "top": [(shelf.track(fact.song_no), fact.plays) for fact in facts if fact.song_no is not None],
    }


def _months(calendar: Calendar) -> list[str]:
    """The months that are told one by one, the data day's last."""
    last = calendar.data_day
    return months_between(last.replace(year=last.year - MONTHS // 12, day=1), last)[1:]
