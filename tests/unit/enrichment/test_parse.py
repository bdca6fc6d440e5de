"""Bodies and entries as metadata: everything but the name may be missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from enrichment import parse
from playledger.errors import SpotifyUnavailable
from playledger.models import Grade
from tests.unit.enrichment.world import NOW, artist_id, exported, polled, uri

pytestmark = pytest.mark.unit

FULL_TRACK = {
    "name": "Song",
    "artists": [{"id": "a1", "name": "First"}, {"id": None, "name": "Local"}, {"name": ""}],
    "album": {"id": "al", "name": "Album", "album_type": "single", "release_date": "2001-05"},
    "external_ids": {"isrc": "X"},
    "explicit": False,
    "duration_ms": 1234,
}


def track(body: dict[str, Any]) -> Any:
    return parse.track(body, track_uri=uri(1), now=NOW)


def artist(body: dict[str, Any]) -> Any:
    return parse.artist(body, artist_id=artist_id(1), now=NOW)


def test_a_whole_track_is_read() -> None:
    found = track(FULL_TRACK | {"uri": uri(2), "id": "another release"})
    assert found.model_dump() == {
        "track_uri": uri(1),
        "track_id": f"{1:022d}",
        "name": "Song",
        "artists": ("First", "Local"),
        "artist_ids": ("a1", None),
        "album": "Album",
        "album_id": "al",
        "album_type": "single",
        "release_date": "2001-05",
        "isrc": "X",
        "explicit": False,
        "duration_ms": 1234,
        "grade": Grade.FETCHED,
        "changed_at": NOW,
    }


@pytest.mark.parametrize("field", sorted(set(FULL_TRACK) - {"name"}))
@pytest.mark.parametrize("value", [None, 7.5, "odd", [], {}, [None], [7], {"id": 7, "isrc": [], "name": {}}])
def test_no_field_of_a_track_but_the_name_is_needed(field: str, value: object) -> None:
    assert track(FULL_TRACK | {field: value}).name == "Song"
    assert track({name: kept for name, kept in FULL_TRACK.items() if name != field}).name == "Song"


@pytest.mark.parametrize("field", ["genres", "popularity", "images"])
@pytest.mark.parametrize("value", [None, 7.5, "odd", {}, [None], [7], [{"url": None}], True])
def test_no_field_of_an_artist_but_the_name_is_needed(field: str, value: object) -> None:
    assert artist({"name": "A", field: value}).name == "A"
    assert artist({"name": "A"}).genres is None


def test_images_come_widest_first_and_only_from_the_web() -> None:
    images = [
        {"url": "https://i/small", "width": 64},
        {"url": "javascript:alert(1)", "width": 2000},
        {"url": "https://i/large", "width": 640},
        {"url": "https://i/unknown", "width": None},
    ]
    assert artist({"name": "A", "images": images}).images == ("https://i/large", "https://i/small", "https://i/unknown")


@pytest.mark.parametrize("name", ["", "   "])
def test_an_empty_name_is_of_something_taken_down(name: str) -> None:
    assert track({"name": name}) is None
    assert artist({"name": name}) is None


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": 7}, {"error": "odd"}])
def test_a_body_without_a_name_is_no_answer(body: dict[str, Any]) -> None:
    with pytest.raises(SpotifyUnavailable):
        track(body)
    with pytest.raises(SpotifyUnavailable):
        artist(body)


def test_text_that_no_file_can_hold_is_replaced() -> None:
    found = artist({"name": json.loads('"A\\ud83d"'), "genres": ["x\ud83d"]})
    assert (found.name, found.genres) == ("A?", ("x?",))
    assert found.model_dump_json()


def test_a_tracks_artists_are_stubs_where_they_have_an_id() -> None:
    found = parse.artists_of_track(FULL_TRACK, now=NOW)
    assert [(stub.artist_id, stub.name, stub.grade) for stub in found] == [("a1", "First", Grade.STUB)]


def test_a_polled_play_carries_its_track_and_names_its_artists() -> None:
    found = parse.track_of_play(polled(1), now=NOW)
    assert found
    assert (found.track_uri, found.name, found.grade) == (uri(1), "Song 1", Grade.PAYLOAD)
    assert (found.artists, found.duration_ms, found.isrc) == (("Artist 1", "Guest"), 200_000, "SEABC2600001")
    stubs = parse.artists_of_play(polled(1), now=NOW)
    assert [(stub.artist_id, stub.name) for stub in stubs] == [(artist_id(1), "Artist 1"), (artist_id(999), "Guest")]


def test_an_exports_row_gives_names_only() -> None:
    found = parse.track_of_export(exported(1), now=NOW)
    assert found
    assert (found.name, found.artists, found.album, found.grade) == ("Song 1", ("Artist 1",), "Album", Grade.STUB)


@pytest.mark.parametrize(
    "odd",
    [
        "spotify:episode:0000000000000000000001",
        "spotify:local:a:b:c:200",
        "playledger:names:abc",
        "spotify:track:",
        "spotify:track:../me",
        "spotify:track:a/b",
        "spotify:track:a?x=1",
        "xspotify:track:abc",
        "spotify:track:abc\n",
    ],
)
def test_what_spotify_has_no_track_for_is_left_out(odd: str) -> None:
    assert parse.track_of_play(polled(1, track_uri=odd), now=NOW) is None
    assert parse.track_of_export(exported(1, track_uri=odd), now=NOW) is None


def test_rows_without_a_title_and_artists_without_a_usable_id_are_left_out() -> None:
    assert parse.track_of_play(polled(1, track_name=None), now=NOW) is None
    assert parse.track_of_export(exported(1, track_name=None), now=NOW) is None
    play = polled(1, artist_names=("A", "B", "C"), artist_ids=(None, "../x", "ok"))
    assert [stub.artist_id for stub in parse.artists_of_play(play, now=NOW)] == ["ok"]


def test_recorded_bodies_can_be_read(real_data: Path) -> None:
    bodies = real_data / "api-bodies"
    found = parse.track(json.loads((bodies / "track.json").read_text("utf-8")), track_uri=uri(1), now=NOW)
    assert found
    assert found.artists == ("The Killers",)
    band = parse.artist(json.loads((bodies / "artist.json").read_text("utf-8")), artist_id=artist_id(1), now=NOW)
    assert band
    assert (band.name, band.genres, len(band.images or ())) == ("Band of Horses", ("indie folk", "indie pop"), 4)
