"""An account export becomes journal entries: every row kept, nothing personal, nothing half-written, nothing twice."""

import gzip
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.journal import DirectoryJournal
from ingestion.export import ImportReport, export_files, family, import_export
from playledger.errors import UnreadableExport
from playledger.journal import decode
from playledger.models import Entry, ExportEntry, ExportSpan, Media, Quarantined

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAME = "Streaming_History_Audio_2025.json"


def a_row(**changes: Any) -> dict[str, Any]:
    """A row of the shape Spotify gives since 2024."""
    return {
        "ts": "2025-04-28T21:04:35Z",
        "platform": "iOS 18.3 (iPhone14,2)",
        "ms_played": 180_000,
        "conn_country": "ZZ",
        "ip_addr": "192.0.2.1",
        "master_metadata_track_name": "Song",
        "master_metadata_album_artist_name": "Band",
        "master_metadata_album_album_name": "Record",
        "spotify_track_uri": "spotify:track:3aJ2aJz5xL03hpaqdPS7Ah",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "clickrow",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "offline_timestamp": 1_745_874_000,
        "incognito_mode": False,
    } | changes


def imported(tmp_path: Path, rows: list[Any], name: str = NAME) -> tuple[ImportReport, list[Entry]]:
    """The report and all entries after importing one file of these rows."""
    file = tmp_path / name
    file.write_text(json.dumps(rows), "utf-8")
    journal = DirectoryJournal(tmp_path / "home")
    report = import_export(file, journal, now=NOW)
    return report, [entry for item in journal.list() for entry in decode(item.key, journal.read(item.key))]


def plays(entries: list[Entry]) -> list[ExportEntry]:
    """The rows among the entries."""
    return [entry for entry in entries if isinstance(entry, ExportEntry)]


def test_a_row_keeps_what_was_heard_and_loses_who_heard_it_where(tmp_path: Path) -> None:
    _, entries = imported(tmp_path, [a_row()])
    (play,) = plays(entries)
    assert (play.track_name, play.artist_name, play.album_name) == ("Song", "Band", "Record")
    assert (play.ms_played, play.reason_end, play.platform) == (180_000, "trackdone", "ios")
    text = play.model_dump_json()
    assert not any(secret in text for secret in ("192.0.2.1", "ZZ", "iPhone14", "1745874000"))


def test_every_kind_of_row_is_kept(tmp_path: Path) -> None:
    nothing = {"spotify_track_uri": None, "master_metadata_track_name": None}
    nothing |= {"master_metadata_album_artist_name": None, "master_metadata_album_album_name": None}
    rows = [
        a_row(),
        a_row(**nothing, spotify_episode_uri="spotify:episode:1", episode_name="Talk", episode_show_name="Show"),
        a_row(**nothing, audiobook_title="Book", audiobook_chapter_uri="spotify:episode:2"),
        a_row(**nothing),
        a_row(ms_played=0, ts="2025-04-29T21:04:35Z"),
        a_row(spotify_track_uri=None, ts="2025-04-30T21:04:35Z"),
    ]
    report, entries = imported(tmp_path, rows)
    assert report.kept == {"audiobook": 1, "music": 3, "podcast": 1, "unknown": 1}
    assert len(plays(entries)) == len(rows)
    assert plays(entries)[-1].track_uri.startswith("playledger:names:")


def test_a_video_file_gives_videos_and_vouches_for_no_span(tmp_path: Path) -> None:
    _, entries = imported(tmp_path, [a_row()], name="Streaming_History_Video_2025.json")
    assert [play.media for play in plays(entries)] == [Media.VIDEO]
    assert not any(isinstance(entry, ExportSpan) for entry in entries)


def test_rows_alike_in_everything_are_one_entry_and_counted(tmp_path: Path) -> None:
    report, entries = imported(tmp_path, [a_row(), a_row(), a_row(ms_played=1)])
    assert (report.rows, report.duplicates, len(plays(entries))) == (3, 1, 2)


@pytest.mark.parametrize(
    "broken",
    [
        a_row(ts="yesterday"),
        a_row(ts=None),
        a_row(ms_played="long"),
        a_row(ms_played=-1),
        a_row(ms_played=True),
        a_row(spotify_track_uri=7),
        a_row(shuffle="perhaps"),
        {"ms_played": 1},
        "no row at all",
        None,
        [],
    ],
    ids=str,
)
def test_a_row_that_cannot_be_read_is_kept_aside_and_the_rest_goes_on(tmp_path: Path, broken: Any) -> None:
    report, entries = imported(tmp_path, [a_row(), broken])
    (kept,) = [entry for entry in entries if isinstance(entry, Quarantined)]
    assert (report.quarantined, len(plays(entries))) == (1, 1)
    assert kept.reason
    assert "192.0.2.1" not in kept.raw


def test_half_a_character_in_a_title_does_not_stop_an_import(tmp_path: Path) -> None:
    _, entries = imported(tmp_path, [a_row(master_metadata_track_name="broken \ud83d end")])
    assert plays(entries)[0].track_name == "broken \N{REPLACEMENT CHARACTER} end"


def test_importing_the_same_file_again_puts_nothing(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_text(json.dumps([a_row(), a_row(ts="2025-05-01T00:00:00Z"), "junk"]))
    journal = DirectoryJournal(tmp_path / "home")
    first = import_export(file, journal, now=NOW)
    later = import_export(file, journal, now=datetime(2026, 2, 2, tzinfo=UTC))
    assert (first.objects_new, first.objects_known) == (2, 0)
    assert (later.objects_new, later.objects_known) == (0, 2)


def test_the_span_is_in_the_last_object_so_that_a_stopped_import_claims_nothing(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_text(json.dumps([a_row(ts=f"2025-05-0{day}T12:00:00Z") for day in (3, 1, 2)]))
    journal = DirectoryJournal(tmp_path / "home")
    import_export(file, journal, now=NOW)
    with_span = [
        item.dt.isoformat()
        for item in journal.list()
        if any(isinstance(entry, ExportSpan) for entry in decode(item.key, journal.read(item.key)))
    ]
    assert with_span == ["2025-05-03"]


def test_a_zip_is_read_by_the_names_of_its_members_alone(tmp_path: Path) -> None:
    archive = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("Spotify Extended Streaming History/endsong_0.json", json.dumps([a_row()]))
        writing.writestr(f"../../{NAME}", json.dumps([a_row(ms_played=5)]))
        writing.writestr("ReadMeFirst.pdf", b"%PDF")
        writing.writestr("MyData/Userdata.json", "{}")
    assert [file.name for file in export_files(archive)] == [NAME, "endsong_0.json"]
    report = import_export(archive, DirectoryJournal(tmp_path / "home"), now=NOW)
    assert (report.files, report.rows) == (2, 2)
    assert not (tmp_path.parent / NAME).exists()


def test_a_zip_bomb_is_refused_before_anything_is_put(tmp_path: Path) -> None:
    archive = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr(NAME, b" " * 20_000_000)
    with pytest.raises(UnreadableExport, match="absurd"):
        import_export(archive, DirectoryJournal(tmp_path / "home"), now=NOW)


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    file = tmp_path / f"{NAME}.gz"
    file.write_bytes(gzip.compress(b" " * (257 * 2**20), 1))
    with pytest.raises(UnreadableExport, match="more than 256 MB"):
        import_export(file, DirectoryJournal(tmp_path / "home"), now=NOW)


def test_a_folder_of_short_account_data_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "StreamingHistory_music_0.json").write_text('[{"endTime": "2023-01-01 10:00"}]')
    with pytest.raises(UnreadableExport, match=r"short account data.*Extended streaming history"):
        export_files(tmp_path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("iOS 18.3 (iPhone14,2)", "ios"),
        ("Android OS 14 API 34 (samsung, SM-G991B)", "android"),
        ("Windows 10 (10.0.19045; x64)", "windows"),
        ("OS X 14.2.1 [arm 2]", "macos"),
        ("web_player linux 5.15;firefox", "web"),
        ("Linux [x86-64 0]", "linux"),
        ("Partner google cast_tv", "other"),
        ("macos", "macos"),
        (None, None),
    ],
)
def test_a_platform_is_reduced_to_its_family(text: str | None, name: str | None) -> None:
    assert family(text) == name


@pytest.mark.parametrize("folder", ["extended-2023-mit", "extended-2025-sample-mit"])
def test_a_real_export_is_kept_row_by_row(real_data: Path, tmp_path: Path, folder: str) -> None:
    (file,) = export_files(real_data / folder)
    rows, _ = file.rows()
    report = import_export(real_data / folder, DirectoryJournal(tmp_path), now=NOW)
    distinct = {(row["ts"], row["spotify_track_uri"], row["ms_played"]) for row in rows}
    assert report.rows == len(rows)
    assert sum(report.kept.values()) == len(distinct)
    assert report.quarantined == 0
