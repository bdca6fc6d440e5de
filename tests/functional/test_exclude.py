"""`playledger exclude`, `songs` and `policy`: what counts, edited with comments kept, undone, and told."""

import json
from pathlib import Path

import pytest

from cli.app import run
from playledger.policy import Policy
from tests.sql import given

pytestmark = pytest.mark.functional

A, B, C = (f"spotify:track:{letter * 22}" for letter in "abc")
MINE = "# mine\nleast_seconds = 10 # ten\n\n[exclude]\nartists = [\n  'White Noise', # to sleep\n]\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that knows three songs."""
    songs = [
        {"track_uri": A, "name": "Hello", "artist_name": "Adele", "album": "25"},
        {"track_uri": B, "name": "Jóga", "artist_name": "Björk", "album": "Homogenic"},
        {"track_uri": C, "name": "Hello There", "artist_name": "Someone", "album": "Else"},
    ]
    given.write(tmp_path, {"songs": {"": songs}})
    return tmp_path


def ask(home: Path, *words: str) -> int:
    return run(["--home", str(home), *words])


def policy(home: Path) -> Policy:
    return Policy.parse((home / "policy.toml").read_text("utf-8"))


def test_each_kind_is_left_out_listed_and_counted_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        ("artist", "björk"),
        ("album", "Adele", "25"),
        ("track", f"https://open.spotify.com/intl-de/track/{'a' * 22}?si=xyz"),
        ("playlist", "https://open.spotify.com/playlist/37i9dQZF1DX4sWSpwq3LiO?si=1"),
        ("days", "2025-12-24", "2025-12-26"),
        ("days", "2025-12-31"),
    ]
    for entry in entries:
        assert ask(home, "exclude", *entry) == 0
    capsys.readouterr()
    assert ask(home, "exclude", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "artists": ["björk"],
        "albums": [{"artist": "Adele", "album": "25"}],
        "tracks": [A],
        "playlists": ["37i9dQZF1DX4sWSpwq3LiO"],
        "days": [{"first": "2025-12-24", "last": "2025-12-26"}, {"first": "2025-12-31", "last": "2025-12-31"}],
    }
    for entry in entries:
        assert ask(home, "exclude", "remove", *entry) == 0
    assert policy(home) == Policy()


def test_what_was_written_by_hand_stays_with_its_comments(home: Path) -> None:
    (home / "policy.toml").write_text(MINE)
    assert ask(home, "exclude", "artist", "Adele") == 0
    text = (home / "policy.toml").read_text()
    assert policy(home).exclude.artists == ("White Noise", "Adele")
    assert all(part in text for part in ("# mine", "least_seconds = 10 # ten", "'White Noise', # to sleep"))
    assert ask(home, "exclude", "remove", "artist", "ADELE ") == 0
    assert (home / "policy.toml").read_text() == MINE


def test_the_same_again_changes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(home, "exclude", "artist", "Adele") == ask(home, "exclude", "artist", "ADELE") == 0
    assert policy(home).exclude.artists == ("Adele",)
    assert "already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("entry", "hint"),
    [
        (("artist", "Adelle"), "Adele"),
        (("artist", "bjork"), "Björk"),
        (("album", "Adele", "Twenty 25"), "25"),
        (("album", "Adell", "25"), "Adele"),
        (("track", "Helo"), f"{A} (Hello by Adele)"),
        (("track", f"spotify:track:{'z' * 22}"), "never played"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_ones(
    home: Path, capsys: pytest.CaptureFixture[str], entry: tuple[str, ...], hint: str
) -> None:
    assert ask(home, "exclude", *entry) == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert hint in said
    assert not (home / "policy.toml").exists()


def test_an_unknown_name_is_taken_if_that_is_meant_and_before_anything_was_played(home: Path, tmp_path: Path) -> None:
    assert ask(home, "exclude", "artist", "Adelle", "--anyway") == 0
    assert policy(home).exclude.artists == ("Adelle",)
    assert ask(tmp_path / "new", "exclude", "artist", "Anybody") == 0


@pytest.mark.parametrize(
    "entry",
    [
        ("days", "2025-02-30"),
        ("days", "2025-12-26", "2025-12-24"),
        ("playlist", "not one"),
        ("playlist", f"spotify:track:{'a' * 22}"),
        ("track", f"https://example.com/track/{'a' * 22}"),
        ("remove", "artist", "Adele"),
    ],
)
def test_what_is_none_is_refused(home: Path, entry: tuple[str, ...]) -> None:
    assert ask(home, "exclude", *entry) == 2
    assert not (home / "policy.toml").exists()


def test_songs_are_said_to_be_the_same_or_apart_and_it_is_taken_back(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(home, "songs", "same", A, C) == 0
    assert ask(home, "songs", "apart", B) == 0
    assert (policy(home).songs.same, policy(home).songs.apart) == (((A, C),), (B,))
    assert ask(home, "songs", "apart", C) == 13
    assert "mentioned twice" in capsys.readouterr().err
    assert ask(home, "songs", "forget", C) == ask(home, "songs", "forget", B) == 0
    assert policy(home) == Policy()
    assert ask(home, "songs", "forget", B) == 2
    assert ask(home, "songs", "same", A, A) == 2


def test_the_policy_is_told_in_sentences(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "policy.toml").write_text(MINE)
    assert ask(home, "policy") == 0
    said = capsys.readouterr().out
    assert "heard for 10 seconds or more" in said
    assert "Left out: 1 artist" in said
    assert ask(home, "policy", "--json") == 0
    assert json.loads(capsys.readouterr().out)["least_seconds"] == 10


def test_with_a_policy_that_is_wrong_nothing_is_published_and_nothing_is_edited(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "policy.toml").write_text("least_seconds = 31\n")
    for words in (("aggregate",), ("policy",), ("exclude", "artist", "Adele"), ("exclude", "list")):
        assert ask(home, *words) == 13
        assert "least_seconds: 31 is none of 0, 5, 10, 20, 30, 60, 120, 240" in capsys.readouterr().err
    assert not (home / "site").exists()
    assert (home / "policy.toml").read_text() == "least_seconds = 31\n"
