"""The account as an export, and an export as an account."""

import gzip
import json
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator import LIGHT, Account, Episode, ListenedPlay, generate, make_catalogue, replay, write_export, write_zip
from simulator.export import export_row
from simulator.replay import export_paths

pytestmark = pytest.mark.unit

START = datetime(2024, 11, 1, tzinfo=UTC)
CATALOGUE = make_catalogue(4, 40)
PLAYS = generate(LIGHT, 4, START, START + timedelta(days=120), catalogue=CATALOGUE)
KEYS_OF_2024 = (
    "ts platform ms_played conn_country ip_addr master_metadata_track_name master_metadata_album_artist_name"
    " master_metadata_album_album_name spotify_track_uri episode_name episode_show_name spotify_episode_uri"
    " audiobook_title audiobook_uri audiobook_chapter_uri audiobook_chapter_title reason_start reason_end shuffle"
    " skipped offline offline_timestamp incognito_mode"
)


def rows(*paths: Path) -> list[dict[str, object]]:
    return [row for path in paths for row in json.loads(path.read_text("utf-8"))]


def test_every_play_is_a_row_of_23_keys_in_spotifys_order(tmp_path: Path) -> None:
    written = rows(*write_export(PLAYS, tmp_path))

    assert len(written) == len(PLAYS)
    assert {" ".join(row) for row in written} == {KEYS_OF_2024}


def test_files_are_named_by_years_and_number_and_cut_by_size(tmp_path: Path) -> None:
    ends = [datetime(2024, 12, 30, tzinfo=UTC) + timedelta(days=day) for day in range(5)]
    plays = [ListenedPlay.of(CATALOGUE.tracks[0], end) for end in reversed(ends)]

    paths = write_export(plays, tmp_path, rows_per_file=3)

    names = ["Streaming_History_Audio_2024-2025_0.json", "Streaming_History_Audio_2025_1.json"]
    assert [path.name for path in paths] == names
    assert [row["ts"] for row in rows(*paths)] == [f"{end:%Y-%m-%dT%H:%M:%SZ}" for end in ends]


def test_a_row_says_when_it_ended_in_whole_seconds_and_when_it_began() -> None:
    play = ListenedPlay.of(CATALOGUE.tracks[0], START + timedelta(milliseconds=1999), ms_played=1000)
    row = export_row(play)

    assert row["ts"] == "2024-11-01T00:00:01Z"
    assert row["offline_timestamp"] == int(START.timestamp())
    assert row["skipped"] is True


def test_an_episode_fills_the_fields_of_episodes_only() -> None:
    row = export_row(ListenedPlay.of(CATALOGUE.episodes[0], START))

    assert row["spotify_track_uri"] is None
    assert row["master_metadata_track_name"] is None
    assert str(row["spotify_episode_uri"]).startswith("spotify:episode:")
    assert row["episode_show_name"] == CATALOGUE.episodes[0].show


def test_the_personal_fields_belong_to_nobody() -> None:
    written = [export_row(play) for play in PLAYS]

    assert {row["ip_addr"] for row in written} == {"192.0.2.1"}
    assert {row["conn_country"] for row in written} == {"ZZ"}


def test_an_account_without_plays_is_an_empty_list(tmp_path: Path) -> None:
    assert rows(*write_export([], tmp_path)) == []


def test_the_zip_holds_the_same_files_in_spotifys_folder(tmp_path: Path) -> None:
    paths = write_export(PLAYS, tmp_path / "folder")
    with zipfile.ZipFile(write_zip(PLAYS, tmp_path / "my_spotify_data.zip")) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}

    assert inside == {f"Spotify Extended Streaming History/{path.name}": path.read_bytes() for path in paths}


def test_an_export_replayed_is_the_timeline_it_was_made_of_to_the_second(tmp_path: Path) -> None:
    plays = replay(*write_export(PLAYS, tmp_path))

    def told(play: ListenedPlay) -> tuple[object, ...]:
        return (
            play.ended_at_ms // 1000,
            play.item.uri,
            play.item.name,
            play.ms_played,
            play.reason_end,
            play.shuffle,
            play.offline,
            play.incognito,
        )

    assert Counter(map(told, plays)) == Counter(map(told, PLAYS))
    assert [play.ended_at_ms for play in plays] == sorted(play.ended_at_ms for play in plays)
    assert any(isinstance(play.item, Episode) for play in plays)


def test_a_replayed_play_has_made_up_milliseconds_that_stay_the_same(tmp_path: Path) -> None:
    paths = write_export(PLAYS, tmp_path)

    assert replay(*paths) == replay(*paths)
    assert len({play.played_at_ms % 1000 for play in replay(*paths)}) > 100
    assert all(0 <= play.played_at_ms - play.ended_at_ms < 1000 for play in replay(*paths))


def test_rows_that_name_nothing_are_left_out(tmp_path: Path) -> None:
    nameless = export_row(PLAYS[0]) | {"spotify_track_uri": None, "spotify_episode_uri": None}
    path = tmp_path / "Streaming_History_Audio_2024_0.json.gz"
    path.write_bytes(gzip.compress(json.dumps([nameless, export_row(PLAYS[1])]).encode()))

    assert [play.item.uri for play in replay(path)] == [PLAYS[1].item.uri]


def test_a_real_export_becomes_an_account(real_data: Path) -> None:
    paths = export_paths(real_data / "extended-2023-mit")
    plays = replay(*paths)
    account = Account(plays)
    window = account.window(datetime(2023, 8, 1, tzinfo=UTC))

    assert len(plays) in range(4400, 4428), "4,427 rows, of which few name nothing"
    assert len(account.visible) > 3000
    assert len(window) == 50
    assert account.recently_played(datetime(2023, 8, 1, tzinfo=UTC), 50)["items"][0]["track"]["name"]
    assert replace(window[0], published_at_ms=0).visible
