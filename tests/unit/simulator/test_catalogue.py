"""The fictional catalogue: the same for the same seed, and shaped like Spotify's."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from simulator.catalogue import make_catalogue, spotify_id

pytestmark = pytest.mark.unit

CATALOGUE = make_catalogue(7, 120)
PRINT = "from simulator import make_catalogue as m; c = m(5, 30); print(c.artists, c.tracks)"


def test_the_same_seed_gives_the_same_catalogue_in_every_process() -> None:
    root = Path(__file__).parents[3]
    texts = {
        subprocess.run(
            [sys.executable, "-c", PRINT], cwd=root, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }

    assert len(texts) == 1


def test_another_seed_gives_other_ids() -> None:
    others = {track.id for track in make_catalogue(8, 120).tracks}

    assert not others & {track.id for track in CATALOGUE.tracks}


def test_every_id_is_unique_and_looks_like_spotifys() -> None:
    ids = [thing.id for group in (CATALOGUE.artists, CATALOGUE.tracks, CATALOGUE.episodes) for thing in group]
    ids += CATALOGUE.by_album

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9A-Za-z]{22}", identity) for identity in ids)
    assert spotify_id("a", 1) != spotify_id("a1")


def test_artists_have_different_names_and_some_are_beyond_ascii() -> None:
    names = [artist.name for artist in CATALOGUE.artists]

    assert len(set(names)) == len(names) == 120
    assert sum(not name.isascii() for name in names) > 5


def test_an_isrc_names_one_recording_and_no_country() -> None:
    recordings: dict[str | None, set[tuple[str, int]]] = {}
    for track in CATALOGUE.tracks:
        recordings.setdefault(track.isrc, set()).add((track.name, track.duration_ms))

    assert all(re.fullmatch(r"ZZPLG\d{7}", isrc or "") for isrc in recordings)
    assert all(len(recording) == 1 for recording in recordings.values())
    assert len(recordings) < len(CATALOGUE.tracks), "some recordings are on two albums"


def test_no_artist_uses_a_title_for_two_recordings() -> None:
    titles = Counter(
        (track.album.artist.id, track.name) for track in CATALOGUE.tracks if track.album.album_type != "compilation"
    )

    assert max(titles.values()) == 1


def test_albums_know_their_size_their_date_and_their_order() -> None:
    for tracks in CATALOGUE.by_album.values():
        assert [track.track_number for track in tracks] == list(range(1, tracks[0].album.total_tracks + 1))
    dates = {track.album.release_date for track in CATALOGUE.tracks}
    assert all(re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", date) for date in dates)
    assert {len(date) for date in dates} >= {4, 10}


def test_lengths_include_what_spotify_never_lists_and_what_people_loop() -> None:
    lengths = [track.duration_ms for track in CATALOGUE.tracks]

    assert min(lengths) < 30_000
    assert CATALOGUE.short_loops
    assert 180_000 < sum(lengths) / len(lengths) < 230_000


def test_genres_are_given_empty_or_not_given_at_all() -> None:
    kinds = Counter("missing" if artist.genres is None else bool(artist.genres) for artist in CATALOGUE.artists)

    assert set(kinds) == {"missing", True, False}
