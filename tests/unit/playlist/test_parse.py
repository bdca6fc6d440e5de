"""Bodies of liked songs and playlists."""

import json
from pathlib import Path

import pytest

from playlist.parse import listed, saved_track
from playlist.select import SavedTrack

pytestmark = pytest.mark.unit

TRACK = {"uri": "spotify:track:1", "name": "N", "artists": [{"name": "A"}, {"name": "B"}]}


@pytest.mark.parametrize("body", [{"item": TRACK}, {"track": TRACK}, {"item": TRACK, "track": True}])
def test_the_track_is_read_under_its_new_or_its_old_name(body: object) -> None:
    assert saved_track(body) == SavedTrack("spotify:track:1", "N", "A")


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"track": None},
        {"track": {"uri": None}},
        {"track": TRACK, "is_local": True},
        {"track": TRACK | {"is_local": True}},
    ],
)
def test_what_is_no_song_of_spotifys_is_nothing(body: object) -> None:
    assert saved_track(body) is None


@pytest.mark.parametrize("artists", [None, [], [None], "A", [{"name": 7}]])
def test_artists_may_be_missing(artists: object) -> None:
    assert saved_track({"track": TRACK | {"artists": artists}}) == SavedTrack("spotify:track:1", "N", None)


def test_a_playlist_needs_nothing_but_its_id() -> None:
    found = listed({"id": "x", "name": None, "description": None, "owner": None})
    assert found
    assert (found.id, found.name, found.description, found.owner) == ("x", "", "", None)
    assert listed({"name": "x"}) is None
    assert listed(None) is None


def test_recorded_bodies_can_be_read(real_data: Path) -> None:
    saved = json.loads((real_data / "api-bodies" / "saved-tracks.json").read_text("utf-8"))
    assert all(saved_track(item) for item in saved["items"])
    made = listed(json.loads((real_data / "api-bodies" / "create-playlist.json").read_text("utf-8")))
    assert made
    assert made.name == "A New Playlist"
