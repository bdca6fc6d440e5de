"""The policy: what may be written, and that whatever is wrong is told with its key and what is allowed."""

from datetime import date

import pytest

from playledger.errors import Misconfigured
from playledger.models import Media
from playledger.policy import Policy

pytestmark = pytest.mark.unit

A, B, C = (f"spotify:track:{letter * 22}" for letter in "abc")


def test_an_empty_file_is_the_default():
    assert Policy.parse("") == Policy()
    assert Policy().counting == {"p_kinds": "music", "p_incognito": False, "p_seconds": 30, "p_done": True}


def test_all_that_can_be_written_is_read():
    policy = Policy.parse(f"""
        least_seconds = 10
        count_finished = false
        count_incognito = true
        kinds = ["music", "podcast"]
        [exclude]
        artists = ["Sleep Sounds"]
        albums = [{{artist = "A", album = "B"}}]
        tracks = ["{A}"]
        playlists = ["37i9dQZF1DX4sWSpwq3LiO"]
        days = [{{first = 2024-12-24, last = 2024-12-26}}]
        [songs]
        same = [["{A}", "{B}"]]
        apart = ["{C}"]
        """)
    assert policy.kinds == (Media.MUSIC, Media.PODCAST)
    assert policy.exclude.days[0].last == date(2024, 12, 26)
    assert (policy.songs.same, policy.songs.apart) == (((A, B),), (C,))
    assert policy.counting == {"p_kinds": "music podcast", "p_incognito": True, "p_seconds": 10, "p_done": False}


WRONG = {
    "kinds = ": r"policy\.toml is no TOML",
    "a = 1\nb = = 2": r"line 2",
    "least = 30": r"least: there is no such key, only least_seconds, count_finished, count_incognito, kinds, exclude",
    "least_seconds = 31": r"least_seconds: 31 is none of 0, 5, 10, 20, 30, 60, 120, 240",
    "least_seconds = false": r"least_seconds: False is none of",
    "kinds = []": r"kinds: it lists too few",
    "kinds = ['song']": r"kinds\.0: .*'music', 'podcast', 'audiobook', 'video' or 'unknown'",
    "exclude = 3": r"exclude: it must be a part of its own",
    "[exclude]\nartists = 'x'": r"exclude\.artists: it must be a list",
    "[exclude]\nartists = [3]": r"exclude\.artists\.0: it must be text in quotes",
    "[exclude]\nartists = ['  ']": r"exclude\.artists\.0: .*is no name",
    '[exclude]\nartists = ["a\\nb"]': r"exclude\.artists\.0: .*is no name",
    '[exclude]\nalbums = [{artist = "a\\tb", album = "c"}]': r"exclude\.albums\.0\.artist: .*is no name",
    "[exclude]\nalbums = [{artist = 'a'}]": r"exclude\.albums\.0\.album: it is missing",
    "[exclude]\nalbums = [{artist = 'a', album = 'b', year = 3}]": r"albums\.0\.year: .* only artist, album",
    "[exclude]\ntracks = ['x']": r"exclude\.tracks\.0: 'x' is no track; write it like spotify:track:",
    "[exclude]\nplaylists = ['spotify:playlist:a']": r"exclude\.playlists\.0: .*is no id of a playlist",
    "[exclude]\ndays = [{first = 2024-01-02, last = 2024-01-01}]": r"2024-01-02 is after 2024-01-01",
    f"[songs]\nsame = [['{A}']]": r"songs\.same\.0: it lists too few",
    f"[songs]\nsame = [['{A}', '{B}'], ['{C}', '{A}']]": r"songs: .*mentioned twice",
    f"[songs]\nsame = [['{A}', '{B}']]\napart = ['{B}']": r"songs: .*mentioned twice",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_with_its_key_and_what_is_allowed(text: str):
    with pytest.raises(Misconfigured, match=WRONG[text]):
        Policy.parse(text, place="/home/policy.toml")


def test_all_that_is_wrong_is_told_at_once_with_the_file():
    with pytest.raises(Misconfigured) as error:
        Policy.parse("least_seconds = 1\n[exclude]\nsongs = []\n", place="/home/policy.toml")
    assert str(error.value).count("/home/policy.toml, ") == 2
