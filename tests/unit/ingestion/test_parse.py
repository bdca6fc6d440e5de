"""Reading recently-played: whatever Spotify sends, a play is kept once, and what is none is kept whole."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.parse import Window, parse_recently_played
from playledger.errors import SpotifyUnavailable
from playledger.journal import decode, encode
from playledger.models import Media, PlayEvent, event_id, utc_day
from tests.support.builders import NOON, a_track, a_window_body, an_item, every, minutes, spotify_id, track_uri

pytestmark = pytest.mark.unit


def read(*items: Any, newest_known: datetime | None = None) -> Window:
    return parse_recently_played({"items": list(items)}, ingested_at=NOON, newest_known=newest_known)


def one(item: dict[str, Any]) -> PlayEvent:
    window = read(item)
    assert window.quarantined == ()
    return window.plays[0]


def test_a_play_carries_what_the_payload_tells() -> None:
    play = one(an_item(NOON, 7, context={"type": "playlist", "uri": "spotify:playlist:P"}))
    assert play == PlayEvent(
        event_id=event_id(NOON, spotify_id(7), "spotify:playlist:P"),
        key=f"1773144000000#{track_uri(7)}",
        played_at=NOON,
        track_id=spotify_id(7),
        track_uri=track_uri(7),
        track_name="Song 7",
        artist_names=("Band 7",),
        artist_ids=(spotify_id(7, "A"),),
        album_name="Album 7",
        album_id=spotify_id(7, "B"),
        album_type="album",
        release_date="2019-05-03",
        isrc="SE0000000007",
        explicit=False,
        duration_ms=200_000,
        context={"type": "playlist", "id": "P", "uri": "spotify:playlist:P"},
        ingested_at=NOON,
    )


def test_plays_come_oldest_first_whatever_the_order_of_the_answer() -> None:
    moments = every(minutes(4), 5)
    window = read(*(an_item(moments[index], index) for index in (3, 0, 4, 2, 1)))
    assert [play.played_at for play in window.plays] == moments
    assert window.n == 5


def test_an_empty_list_is_an_empty_window() -> None:
    assert parse_recently_played(a_window_body(), ingested_at=NOON, newest_known=None) == Window((), (), 0)


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": {}}, {"error": {"status": 500, "message": "?"}}])
def test_a_body_without_a_list_is_no_answer(body: dict[str, Any]) -> None:
    with pytest.raises(SpotifyUnavailable, match="no list of plays"):
        parse_recently_played(body, ingested_at=NOON, newest_known=None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-10T12:00:00Z", NOON),
        ("2026-03-10T12:00:00.000Z", NOON),
        ("2026-03-10T12:00:00.7Z", NOON + timedelta(milliseconds=700)),
        ("2026-03-10T12:00:00.123Z", NOON + timedelta(milliseconds=123)),
        ("2026-03-10T12:00:00.123999Z", NOON + timedelta(milliseconds=123)),
        ("2026-03-10T13:00:00+01:00", NOON),
    ],
)
def test_played_at_is_read_with_and_without_a_fraction(text: str, moment: datetime) -> None:
    assert one(an_item() | {"played_at": text}).played_at == moment


def test_the_printed_precision_makes_no_new_play() -> None:
    long, short = (one(an_item() | {"played_at": f"2026-03-10T12:00:00{end}"}) for end in (".000Z", "Z"))
    assert long.key == short.key
    assert long.event_id == short.event_id


UNREADABLE = [
    (None, "the record is missing"),
    ("text", "the record is no object"),
    ({}, "played_at is no moment: None"),
    (an_item(track=1) | {"track": None}, "the track is missing"),
    (an_item() | {"track": "spotify:track:x"}, "the track is no object"),
    (an_item() | {"played_at": "yesterday"}, "played_at is no moment: 'yesterday'"),
    (an_item() | {"played_at": "2026-03-10"}, "played_at is no moment: '2026-03-10'"),
    (an_item() | {"played_at": "2026-02-30T12:00:00Z"}, "played_at is no moment: '2026-02-30T12:00:00Z'"),
    (an_item() | {"played_at": "9999-12-31T23:59:59Z"}, "played_at is no moment: '9999-12-31T23:59:59Z'"),
    (an_item() | {"played_at": "1969-12-31T23:59:59Z"}, "played_at is no moment: '1969-12-31T23:59:59Z'"),
    (an_item() | {"played_at": "0001-01-01T00:00:00+14:00"}, "played_at is no moment: '0001-01-01T00:00:00+14:00'"),
    (an_item() | {"played_at": 1_773_144_000_000}, "played_at is no moment: 1773144000000"),
    (an_item() | {"track": a_track(type="hologram")}, "unknown type 'hologram'"),
    (an_item() | {"track": a_track(type=None, uri="spotify:hologram:1")}, "unknown type 'hologram'"),
    (an_item() | {"track": a_track(uri=None, id=None)}, "the track has neither uri nor id"),
    (an_item() | {"track": a_track(uri="", id=7)}, "the track has neither uri nor id"),
]


@pytest.mark.parametrize(("item", "reason"), UNREADABLE, ids=[reason for _, reason in UNREADABLE])
def test_an_unreadable_record_is_set_aside_whole_and_the_rest_proceeds(item: Any, reason: str) -> None:
    window = read(an_item(NOON - minutes(3), 1), item, an_item(NOON, 2))
    assert [play.track_name for play in window.plays] == ["Song 1", "Song 2"]
    (record,) = window.quarantined
    assert record.reason == reason
    assert json.loads(record.raw) == item
    assert record.ingested_at == NOON
    assert window.n == 3


def test_the_same_unreadable_record_is_the_same_entry_each_time() -> None:
    first = read({"b": 1, "a": "\ud800"}).quarantined
    again = parse_recently_played(
        {"items": [{"a": "\ud800", "b": 1}] * 2}, ingested_at=NOON + minutes(60), newest_known=None
    )
    assert [entry.entry_id for entry in again.quarantined] == [entry.entry_id for entry in first]


def test_the_same_play_listed_twice_is_one_that_knows_its_context() -> None:
    bare, rich = an_item(), an_item() | {"context": {"type": "album", "uri": "spotify:album:B"}}
    for items in ([bare, rich, bare], [rich, bare, bare]):
        window = read(*items)
        assert [play.context and play.context.id for play in window.plays] == ["B"]
        assert window.n == 3


def test_two_tracks_at_one_millisecond_are_two_plays() -> None:
    assert len(read(an_item(NOON, 1), an_item(NOON, 2)).plays) == 2


def test_one_track_twice_within_a_minute_is_two_plays() -> None:
    assert len(read(an_item(NOON, 1), an_item(NOON + timedelta(seconds=31), 1)).plays) == 2


def test_a_local_file_keeps_its_uri_and_has_no_id() -> None:
    uri = "spotify:local:Garage+Band::Tape:200"
    local = a_track(id=None, uri=uri, is_local=True, album={"name": "", "id": None}, external_ids={})
    play = one(an_item() | {"track": local})
    assert (play.track_uri, play.track_id, play.album_name, play.isrc) == (uri, None, None, None)
    assert play.media is Media.MUSIC


@pytest.mark.parametrize(
    ("fields", "uri", "media"),
    [
        ({"type": "episode", "uri": "spotify:episode:E"}, "spotify:episode:E", Media.PODCAST),
        ({"type": None, "uri": "spotify:episode:E"}, "spotify:episode:E", Media.PODCAST),
        ({"type": None, "uri": "spotify:local:a:b:c:1"}, "spotify:local:a:b:c:1", Media.MUSIC),
        ({"type": "chapter", "uri": "spotify:chapter:C"}, "spotify:chapter:C", Media.AUDIOBOOK),
        ({"uri": None, "id": "abc"}, "spotify:track:abc", Media.MUSIC),
    ],
)
def test_what_was_played_follows_from_type_or_uri(fields: dict[str, Any], uri: str, media: Media) -> None:
    play = one(an_item() | {"track": a_track(**fields)})
    assert (play.track_uri, play.media) == (uri, media)


def test_a_track_under_its_new_name_item_is_read_too() -> None:
    item = an_item(track=5)
    assert one({"item": item["track"], "played_at": item["played_at"]}).track_name == "Song 5"


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"type": "playlist", "uri": "spotify:playlist:P"}, ("playlist", "P")),
        ({"type": "playlist", "uri": "spotify:user:somebody:playlist:P"}, ("playlist", "P")),
        ({"uri": "spotify:user:somebody:playlist:P"}, ("playlist", "P")),
        ({"type": "album", "uri": "spotify:album:B"}, ("album", "B")),
        ({"type": "artist", "uri": "spotify:artist:A"}, ("artist", "A")),
        ({"type": "collection", "uri": "spotify:user:somebody:collection"}, ("collection", None)),
        ({"type": "collection", "uri": "spotify:collection"}, ("collection", None)),
        ({"type": None, "uri": "spotify:show:S"}, ("show", "S")),
        ({"type": "playlist", "uri": "odd"}, ("playlist", None)),
        (None, None),
        ({}, None),
        ({"type": "playlist", "uri": None}, None),
        ("spotify:playlist:P", None),
    ],
)
def test_a_context_has_one_form_whichever_way_its_uri_is_written(context: Any, expected: Any) -> None:
    play = one(an_item() | {"context": context})
    assert (play.context and (play.context.type, play.context.id)) == expected


def test_the_event_id_is_taken_over_the_context_uri_as_spotify_wrote_it() -> None:
    uri = "spotify:user:somebody:playlist:P"
    play = one(an_item(track=3) | {"context": {"type": "playlist", "uri": uri}})
    assert play.event_id == event_id(NOON, spotify_id(3), uri)
    assert play.context
    assert play.context.uri == uri


def test_missing_and_misshapen_fields_become_nulls() -> None:
    track = {"uri": track_uri(1), "artists": [None, {"id": "x"}, {"name": "B", "id": 5}, {"name": "C", "id": "c"}]}
    odd = {"name": 7, "duration_ms": "long", "explicit": "no", "album": [], "external_ids": None}
    play = one({"played_at": "2026-03-10T12:00:00Z", "track": track | odd})
    assert (play.track_name, play.album_name, play.duration_ms, play.explicit, play.isrc) == (None,) * 5
    assert (play.artist_names, play.artist_ids) == (("B", "C"), (None, "c"))


@pytest.mark.parametrize(
    ("value", "read_as"), [(0, 0), (1.0, 1), (True, None), (-1, None), (2**31, None), (float("nan"), None)]
)
def test_a_duration_is_a_believable_whole_number_or_null(value: Any, read_as: int | None) -> None:
    assert one(an_item() | {"track": a_track(duration_ms=value)}).duration_ms == read_as


NAMES = [
    "\x00\x01\x1f\x7f\x85",
    "\u2028\u2029\ufeff",
    '"}\n{"',
    "\\u0000",
    "\U0001f3b5 ö \u202eabc",
    "<script>",
    "a\r\nb",
]


@pytest.mark.parametrize("name", NAMES)
def test_odd_characters_in_names_survive_the_journal(name: str) -> None:
    play = one(an_item() | {"track": a_track(name=name, artists=[{"name": name, "id": None}])})
    batch = encode([play], utc_day(play.played_at))
    assert decode(batch.key, batch.body) == [play]
    assert (play.track_name, play.artist_names) == (name, (name,))


def test_half_characters_are_replaced_because_no_journal_can_hold_them() -> None:
    body = json.loads(r'{"items": [{"played_at": "2026-03-10T12:00:00Z", "track": {"uri": "spotify:track:x\ud800",'
                      r' "name": "a\udfffb\ud83d\ude00", "album": {"name": "\ud83d"}}}]}')  # fmt: skip
    (play,) = parse_recently_played(body, ingested_at=NOON, newest_known=None).plays
    assert (play.track_name, play.album_name) == ("a\ufffdb\U0001f600", "\ufffd")
    batch = encode([play], utc_day(play.played_at))
    assert decode(batch.key, batch.body) == [play]


def test_a_play_behind_the_newest_known_one_came_late() -> None:
    window = read(*(an_item(NOON + minutes(count), count) for count in (0, 1, 2)), newest_known=NOON + minutes(1))
    assert [play.is_late for play in window.plays] == [True, False, False]
    assert not any(play.is_late for play in read(an_item()).plays)


def test_a_recorded_answer_is_read_whole(real_data: Path) -> None:
    body = json.loads((real_data / "api-bodies" / "recently-played.2023.json").read_text("utf-8"))
    window = parse_recently_played(body, ingested_at=datetime(2023, 12, 1, tzinfo=UTC), newest_known=None)
    assert window.quarantined == ()
    assert len(window.plays) == window.n == len(body["items"])
    assert all(play.track_name and play.artist_names and play.isrc and play.duration_ms for play in window.plays)
