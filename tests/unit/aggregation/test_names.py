"""The document's dictionary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregation.names import Names, TrackNames, clean

pytestmark = pytest.mark.unit


def track(uri: str, **fields: object) -> TrackNames:
    row = {
        "track_uri": uri,
        "track_id": None,
        "name": f"Song {uri}",
        "artist_key": "band",
        "artist_name": "Band",
        "artist_id": None,
        "album_key": "album",
        "album": "Album",
        "album_id": None,
        "seconds": None,
    }
    return TrackNames.model_validate(row | fields)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x00b\nc\x7fd\x85e", "abcde"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("e\u0301 🎧 العربية", "e\u0301 🎧 العربية"),
        ("x" * 300, "x" * 200),
        ("🎧" * 300, "🎧" * 200),
        ("<script>", "<script>"),
        ("  \x00 ", ""),
    ],
)
def test_a_name_is_cleaned_but_not_rewritten(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(st.characters()))
def test_a_cleaned_name_is_short_encodable_and_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert len(once) <= 200
    assert once.encode("utf-8").decode("utf-8") == once
    assert clean(once) == once


def shelf(*tracks: TrackNames) -> Names:
    return Names(tracks)


def test_each_thing_gets_one_index_in_the_order_of_first_mention() -> None:
    names = shelf(track("a"), track("b", artist_key="other", artist_name="Other"))
    assert [names.track("a"), names.track("b"), names.track("a")] == [0, 1, 0]
    told = names.dictionary()
    assert told.tracks == (("Song a", 0, 0, None, None), ("Song b", 1, 1, None, None))
    assert told.artists == (("Band", None, ()), ("Other", None, ()))
    assert told.albums == (("Album", 0, None), ("Album", 1, None))


def test_an_id_may_become_known_by_a_later_mention_and_stays() -> None:
    names = shelf(track("a"), track("b", artist_id="x", album_id="y", genres="rock|pop"), track("c", genres="jazz"))
    assert {names.track("a"), names.track("b"), names.track("c")} == {0, 1, 2}
    assert names.dictionary().albums == (("Album", 0, None),), "ids go to albums of lists"
    assert names.album("b") == 0
    told = names.dictionary()
    assert told.artists == (("Band", "x", (0, 1)),)
    assert told.albums == (("Album", 0, "y"),)
    assert told.genres == ("rock", "pop")


def test_what_has_no_name_is_called_something() -> None:
    nameless = dict.fromkeys(("name", "artist_key", "artist_name", "album_key", "album"))
    odd = nameless | {"name": "\x00", "album_key": "\x01", "album": "\x01"}
    names = shelf(track("spotify:track:x", **nameless), track("spotify:track:y", **odd))
    assert [names.track("spotify:track:x"), names.track("spotify:track:y")] == [0, 1]
    told = names.dictionary()
    assert told.tracks == (
        ("spotify:track:x", 0, None, None, None),
        ("spotify:track:y", 0, 0, None, None),
    )
    assert told.artists == (("Unknown artist", None, ()),)
    assert told.albums == (("Unknown album", 0, None),)


def test_rankings_and_tracks_share_artists_and_albums() -> None:
    names = shelf(track("a"), track("b", artist_name="BAND", artist_id="x", album="ALBUM", album_id="y"))
    assert (names.track("a"), names.artist("b"), names.album("b")) == (0, 0, 0)
    assert names.dictionary().artists == (("Band", "x", ()),)
    assert names.dictionary().albums == (("Album", 0, "y"),)


def test_songs_artists_and_albums_are_named_by_the_track_that_stands_for_them() -> None:
    names = shelf(track("a", song_no=7, album_no=3), track("b", artist_key="other", artist_name="Other", artist_no=7))
    assert (names.track(7), names.artist(7), names.album(3)) == (names.track("a"), names.artist("b"), names.album("a"))
    assert names.track(7) != names.track("b")


def test_a_context_is_told_by_its_kind_and_id() -> None:
    names = shelf()
    assert [names.context("playlist", "x"), names.context("collection", None), names.context("playlist", "x")] == [
        0,
        1,
        0,
    ]
    assert names.dictionary().contexts == (("playlist", "x"), ("collection", None))
