"""The choice of the week's songs."""

from random import Random

import pytest

from playlist.select import SavedTrack, choose, recording

pytestmark = pytest.mark.unit

WEEK = "2026-W10"


def saved(number: int) -> SavedTrack:
    return SavedTrack(f"spotify:track:{number:022d}", f"Song {number}", f"Artist {number}")


SONGS = [saved(number) for number in range(40)]


def test_played_songs_are_left_out() -> None:
    played = {SONGS[0].uri, SONGS[7].uri}
    choice = choose(SONGS, played, week=WEEK, size=100)
    assert set(choice.tracks) == set(SONGS) - {SONGS[0], SONGS[7]}
    assert choice.candidates == 38


def test_a_song_played_under_another_uri_counts_as_played() -> None:
    heard = recording(" song 3", "ARTIST 3 ")
    assert heard
    assert SONGS[3] not in choose(SONGS, {heard}, week=WEEK, size=100).tracks


def test_songs_without_names_are_told_apart_by_uri_alone() -> None:
    nameless = [SavedTrack("spotify:track:a"), SavedTrack("spotify:track:b", "Only a title")]
    assert set(choose(nameless, set(), week=WEEK, size=9).tracks) == set(nameless)
    assert choose(nameless, {"spotify:track:a"}, week=WEEK, size=9).tracks == (nameless[1],)


def test_the_same_week_gives_the_same_list_whatever_the_order_of_the_songs() -> None:
    first = choose(SONGS, set(), week=WEEK, size=10)
    shuffled = SONGS.copy()
    Random(1).shuffle(shuffled)
    assert choose(shuffled, set(), week=WEEK, size=10) == first
    assert first.candidates == 40
    assert len(first.tracks) == 10


def test_another_week_gives_another_mix() -> None:
    lists = {choose(SONGS, set(), week=f"2026-W{week:02d}", size=10).tracks for week in range(1, 53)}
    assert len(lists) == 52
    assert len({track for tracks in lists for track in tracks}) == 40


def test_one_song_less_does_not_stir_the_others() -> None:
    before = choose(SONGS, set(), week=WEEK, size=10).tracks
    after = choose(SONGS, {before[4].uri}, week=WEEK, size=10).tracks
    assert after[:9] == before[:4] + before[5:]


def test_local_files_and_second_copies_are_left_out() -> None:
    local = SavedTrack("spotify:local:artist:album:title:200", "Song 100", "Artist 100")
    twin = SavedTrack("spotify:track:zzz", "SONG 1", "Artist 1")
    choice = choose([twin, SONGS[1], SONGS[1], local], set(), week=WEEK, size=9)
    assert choice.tracks == (SONGS[1],)
    assert choice.candidates == 1


def test_nothing_saved_gives_nothing() -> None:
    assert choose([], set(), week=WEEK, size=9).tracks == ()
