"""Discovery, artists and records of an invented ledger, as plain Python counts them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from tests.sql import oracle_discovery as oracle
from tests.sql.oracle_discovery import Played

Index = Callable[[Any], int]
Json = dict[str, Any]

ARTISTS = 50


def played(number: int, moment: datetime, song: int, artist: int, ms: int) -> Played:
    """A play as the oracle takes it; its keys are in the order of the indexes."""
    name, band = f"{song:06d}", f"{artist:06d}"
    return Played(f"{number:09d}", moment, moment.date(), name, name, band, band, ms)


def discovery_parts(plays: Sequence[Played], last: date, listed: Iterable[int], sessions: Json | None) -> Json:
    """The document's parts; `listed` are artists of its lists, `sessions` those of all time."""
    details = oracle.artist_detail(plays, last)
    kept = [f"{artist:06d}" for artist in dict.fromkeys(listed)][:ARTISTS]
    best = oracle.records(plays, last, binged=plays)
    session = sessions and {"day": sessions["longest_day"], "minutes": sessions["longest_minutes"]}
    parts = {
        **oracle.discovery(plays, last),
        "artist_detail": [{"artist": artist, **details[artist]} for artist in kept],
        "records": best and best | {"longest_session": session},
    }
    return parts | retold(parts, int, int)


def retold(body: Json, track: Index, artist: Index) -> Json:
    """The parts that point somewhere, each index replaced by what `track` and `artist` make of it."""
    ones, once, best = body["number_ones"], body["one_hit_wonders"], body["records"]
    return {
        "number_ones": ones
        and ones | {"tracks": _known(ones["tracks"], track), "artists": _known(ones["artists"], artist)},
        "one_hit_wonders": once and once | {"newest": [[track(index), day] for index, day in once["newest"]]},
        "forgotten": [[track(index), *rest] for index, *rest in body["forgotten"]],
        "back_after": [[track(index), *rest] for index, *rest in body["back_after"]],
        "on_this_day": [day | {"track": track(day["track"])} for day in body["on_this_day"]],
        "artist_detail": [
            detail
            | {"artist": artist(detail["artist"]), "top": [[track(index), plays] for index, plays in detail["top"]]}
            for detail in body["artist_detail"]
        ],
        "records": best
        and best
        | {
            f"{what}_in_a_{where}": _binge(best[f"{what}_in_a_{where}"], index)
            for what, index in (("track", track), ("artist", artist))
            for where in ("row", "day")
        },
    }


def pointed_at(body: Json) -> tuple[set[int], set[int]]:
    """Tracks and artists that these parts mention."""
    tracks: list[int] = []
    artists: list[int] = []
    retold(body, lambda index: tracks.append(index) or index, lambda index: artists.append(index) or index)
    return set(tracks), set(artists)


def _known(indexes: Iterable[Any], place: Index) -> list[int | None]:
    return [None if index is None else place(index) for index in indexes]


def _binge(binge: Json | None, place: Index) -> Json | None:
    return binge and binge | {"index": place(binge["index"])}
