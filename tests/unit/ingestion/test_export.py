"""Account exports: every row of every file reaches the journal once, and nothing of a bad file does."""

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.journal import DirectoryJournal
from ingestion.export import MOST_ENTRIES, MOST_FILE_BYTES, ImportReport, import_export
from ingestion.export_rows import platform_family
from playledger.errors import StoreUnavailable, UnreadableExport
from playledger.journal import decode
from playledger.models import Entry, ExportEntry, ExportSpan, Media, Quarantined, names_uri, to_ms
from tests.support.builders import NOON, an_export_row, every, minutes, track_uri, write_export
from tests.support.memory import MemoryJournal

pytestmark = pytest.mark.unit

NOW = NOON + timedelta(days=30)
AUDIO = "Streaming_History_Audio_2026_1.json"
VIDEO = "Streaming_History_Video_2026.json"


@pytest.fixture
def journal(tmp_path: Path) -> DirectoryJournal:
    """An empty journal."""
    return DirectoryJournal(tmp_path / "home")


def objects(journal: Any) -> list[tuple[date, list[Entry]]]:
    return [(item.dt, decode(item.key, journal.read(item.key))) for item in journal.list()]


def entries(journal: Any, kind: type) -> list[Any]:
    return [entry for _, found in objects(journal) for entry in found if isinstance(entry, kind)]


def imported(path: Path, journal: Any, now: datetime = NOW) -> ImportReport:
    return import_export(path, journal, now=now)


def one(row: Any, tmp_path: Path, name: str = AUDIO) -> ExportEntry:
    journal = DirectoryJournal(tmp_path / "alone")
    imported(write_export(tmp_path / name, [row]), journal)
    (entry,) = entries(journal, ExportEntry)
    assert isinstance(entry, ExportEntry)
    return entry


# ---- rows -------------------------------------------------------------------------------------------------------


def test_a_row_keeps_everything_but_what_is_personal(tmp_path: Path) -> None:
    assert one(an_export_row(NOON, 7), tmp_path) == ExportEntry(
        key=f"{to_ms(NOON)}#{track_uri(7)}#180000",
        played_at=NOON,
        media=Media.MUSIC,
        track_uri=track_uri(7),
        track_name="Song 7",
        artist_name="Band 7",
        album_name="Album 7",
        ms_played=180_000,
        reason_start="trackdone",
        reason_end="trackdone",
        shuffle=False,
        skipped=False,
        offline=False,
        incognito=False,
        platform="ios",
        ingested_at=NOW,
    )


def test_nothing_personal_reaches_the_journal(journal: DirectoryJournal, tmp_path: Path) -> None:
    secrets = {
        "username": "canary-name",
        "ip_addr": "canary-ip",
        "ip_addr_decrypted": "canary-old-ip",
        "user_agent_decrypted": "canary-agent",
        "conn_country": "canary-country",
        "city": "canary-city",
        "region": "canary-region",
        "metro_code": "canary-metro",
        "latitude": "canary-latitude",
        "longitude": "canary-longitude",
        "platform": "Android OS 13 API 33 (canary-maker, canary-model)",
    }
    rows = [an_export_row(NOON, 1, **secrets), an_export_row(NOON, 2, **secrets), an_export_row(NOON, 3, **secrets)]
    rows[2]["ts"] = "yesterday"
    imported(write_export(tmp_path / AUDIO, rows), journal)
    (record,) = entries(journal, Quarantined)
    assert json.loads(record.raw)["platform"] == "android"
    assert json.loads(record.raw)["spotify_track_uri"] == track_uri(3)
    everything = b"".join(gzip.decompress(journal.read(item.key)) for item in journal.list())
    assert b"canary" not in everything


PODCAST = {
    "spotify_track_uri": None,
    "master_metadata_track_name": None,
    "master_metadata_album_artist_name": None,
    "master_metadata_album_album_name": None,
    "episode_name": "Episode",
    "episode_show_name": "Show",
    "spotify_episode_uri": "spotify:episode:E",
}
BOOK = PODCAST | {
    "episode_name": None,
    "episode_show_name": None,
    "spotify_episode_uri": None,
    "audiobook_title": "Book",
    "audiobook_uri": "spotify:show:B",
    "audiobook_chapter_uri": "spotify:episode:C",
    "audiobook_chapter_title": "Chapter",
}
NOTHING = dict.fromkeys(BOOK)


@pytest.mark.parametrize(
    ("fields", "media", "uri", "names"),
    [
        ({}, Media.MUSIC, track_uri(1), ("Song 1", "Band 1", "Album 1")),
        (PODCAST, Media.PODCAST, "spotify:episode:E", ("Episode", "Show", None)),
        (BOOK, Media.AUDIOBOOK, "spotify:episode:C", ("Chapter", None, "Book")),
        (BOOK | {"audiobook_chapter_uri": None}, Media.AUDIOBOOK, "spotify:show:B", ("Chapter", None, "Book")),
        (
            {"spotify_track_uri": None},
            Media.MUSIC,
            names_uri("Song 1", "Band 1", "Album 1"),
            ("Song 1", "Band 1", "Album 1"),
        ),
        (
            {"spotify_track_uri": ""},
            Media.MUSIC,
            names_uri("Song 1", "Band 1", "Album 1"),
            ("Song 1", "Band 1", "Album 1"),
        ),
        (
            PODCAST | {"spotify_episode_uri": None},
            Media.PODCAST,
            names_uri("Episode", "Show", None),
            ("Episode", "Show", None),
        ),
        (NOTHING, Media.UNKNOWN, names_uri(None, None, None), (None, None, None)),
    ],
)
def test_every_kind_of_row_is_kept(
    tmp_path: Path, fields: dict[str, Any], media: Media, uri: str, names: tuple[str | None, ...]
) -> None:
    entry = one(an_export_row(**fields), tmp_path)
    assert (entry.media, entry.track_uri) == (media, uri)
    assert (entry.track_name, entry.artist_name, entry.album_name) == names


def test_rows_of_no_duration_are_kept(tmp_path: Path) -> None:
    entry = one(an_export_row(ms_played=0, reason_end="unexpected-exit"), tmp_path)
    assert (entry.ms_played, entry.reason_end) == (0, "unexpected-exit")


def test_a_row_of_a_video_file_is_video(tmp_path: Path) -> None:
    assert one(an_export_row(), tmp_path, VIDEO).media is Media.VIDEO


def test_a_row_with_the_fields_of_2017_is_read(tmp_path: Path) -> None:
    old = {"ts": "2017-03-01T10:00:00Z", "ms_played": 1, "spotify_track_uri": "spotify:track:x", "username": "u"}
    entry = one(old | {"skipped": None, "reason_end": None, "offline_timestamp": 1_488_362_400_000}, tmp_path)
    assert (entry.skipped, entry.reason_end, entry.shuffle, entry.platform) == (None, None, None, None)


def test_odd_characters_in_names_survive(tmp_path: Path) -> None:
    name = '"\\\x00\x1f\u2028 ö \U0001f3b5'
    assert one(an_export_row(master_metadata_track_name=name), tmp_path).track_name == name
    assert one(an_export_row(master_metadata_track_name="a\ud800"), tmp_path / "other").track_name == "a\ufffd"


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("iOS 16.4.1 (iPhone13,2)", "ios"),
        ("ios", "ios"),
        ("Android OS 13 API 33 (samsung, SM-S901B)", "android"),
        ("Android-tablet OS 9", "android"),
        ("Windows 10 (10.0.19045; x64; AppX)", "windows"),
        ("OS X 12.6.0 [arm 2]", "macos"),
        ("osx", "macos"),
        ("Linux [x86-64 0]", "linux"),
        ("web_player windows 10;chrome 87.0.4280.88;desktop", "web"),
        ("WebPlayer (websocket RFC6455)", "web"),
        ("Partner android_tv Sony;BRAVIA", "other"),
        ("not_applicable", "other"),
        ("other", "other"),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_of_a_platform_only_the_family_is_kept(text: Any, family: str | None) -> None:
    assert platform_family(text) == family


UNREADABLE = [
    ("text", "the row is no object"),
    ({"ms_played": 1}, "ts is no moment: None"),
    (an_export_row(ms_played=None), "ms_played is no number of milliseconds: None"),
    (an_export_row(ms_played=-1), "ms_played is no number of milliseconds: -1"),
    (an_export_row(ms_played="1000"), "ms_played is no number of milliseconds: '1000'"),
    (an_export_row(ms_played=2**31), "ms_played is no number of milliseconds: 2147483648"),
    (an_export_row() | {"ts": "7/8/2013 2:44"}, "ts is no moment: '7/8/2013 2:44'"),
    (an_export_row() | {"ts": "1969-12-31T23:59:59Z"}, "ts is no moment: '1969-12-31T23:59:59Z'"),
]


@pytest.mark.parametrize(("row", "reason"), UNREADABLE, ids=[reason for _, reason in UNREADABLE])
def test_an_unreadable_row_is_set_aside_and_the_rest_proceeds(
    journal: DirectoryJournal, tmp_path: Path, row: Any, reason: str
) -> None:
    rows = [an_export_row(NOON, 1), row, an_export_row(NOON + minutes(3), 2)]
    report = imported(write_export(tmp_path / AUDIO, rows), journal)
    assert (report.rows, report.kept, report.quarantined) == (3, {"music": 2}, 1)
    (record,) = entries(journal, Quarantined)
    assert (record.reason, record.origin, record.ingested_at) == (reason, "export", NOW)


# ---- objects ----------------------------------------------------------------------------------------------------


def test_a_file_becomes_one_object_per_utc_date_and_the_last_one_says_it_was_whole(
    journal: DirectoryJournal, tmp_path: Path
) -> None:
    moments = every(timedelta(hours=7), 12)
    rows = [an_export_row(moment, index) for index, moment in enumerate(moments)] + ["damaged"]
    file = write_export(tmp_path / AUDIO, reversed(rows))
    report = imported(file, journal)
    found = objects(journal)
    assert [dt for dt, _ in found] == sorted({moment.date() for moment in moments})
    assert all(entry.at.date() == dt for dt, day in found for entry in day if isinstance(entry, ExportEntry))
    kinds = [Counter(entry.kind for entry in day) for _, day in found]
    assert all(set(day) == {"export"} for day in kinds[:-1])
    assert (kinds[-1]["span"], kinds[-1]["quarantine"]) == (1, 1)
    (span,) = entries(journal, ExportSpan)
    assert (span.lo, span.hi, span.rows) == (moments[0], moments[-1], 13)
    assert (report.first, report.last, report.objects_new) == (moments[0], moments[-1], len(found))


def test_importing_again_puts_nothing_new_on_any_day(journal: DirectoryJournal, tmp_path: Path) -> None:
    rows = [*(an_export_row(moment, 1) for moment in every(timedelta(hours=9), 9)), "damaged"]
    file = write_export(tmp_path / AUDIO, rows)
    first = imported(file, journal)
    before = journal.list()
    again = imported(file, journal, NOW + timedelta(days=5))
    assert (again.objects_new, again.objects_known) == (0, first.objects_new)
    assert journal.list() == before
    assert again.model_dump(exclude={"objects_new", "objects_known"}) == first.model_dump(
        exclude={"objects_new", "objects_known"}
    )


def test_the_same_file_gzipped_zipped_or_in_a_folder_is_the_same(journal: DirectoryJournal, tmp_path: Path) -> None:
    rows = [an_export_row(moment, 1) for moment in every(timedelta(hours=9), 9)]
    plain = write_export(tmp_path / "plain" / AUDIO, rows)
    gzipped = write_export(tmp_path / "gz" / f"{AUDIO}.gz", rows)
    archive = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(plain, f"Spotify Extended Streaming History/{AUDIO}")
    imported(plain, journal)
    before = journal.list()
    for path in (gzipped, archive, plain.parent, gzipped.parent):
        assert imported(path, journal).objects_new == 0
    assert journal.list() == before


def test_an_import_that_was_cut_off_claims_nothing_and_is_completed_by_the_next(tmp_path: Path) -> None:
    class Dying(DirectoryJournal):
        """Fails at the given put."""

        def __init__(self, root: Path, at: int) -> None:
            super().__init__(root)
            self.left = at

        def put(self, key: str, body: bytes) -> bool:
            self.left -= 1
            if self.left < 0:
                raise StoreUnavailable("disk full")
            return super().put(key, body)

    rows = [an_export_row(moment, 1) for moment in every(timedelta(hours=25), 4)]
    file = write_export(tmp_path / AUDIO, rows)
    for at in range(4):
        root = tmp_path / str(at)
        with pytest.raises(StoreUnavailable):
            imported(file, Dying(root, at))
        assert entries(DirectoryJournal(root), ExportSpan) == []
        report = imported(file, DirectoryJournal(root))
        assert (report.objects_known, report.objects_new) == (at, 4 - at)
        assert len(entries(DirectoryJournal(root), ExportSpan)) == 1
        assert len(entries(DirectoryJournal(root), ExportEntry)) == 4


def test_identical_rows_are_one_entry_and_counted(journal: DirectoryJournal, tmp_path: Path) -> None:
    rows = [an_export_row(ms_played=0)] * 6 + [an_export_row(ms_played=1), "x", "x"]
    report = imported(write_export(tmp_path / AUDIO, rows), journal)
    assert (report.rows, report.kept, report.duplicates, report.quarantined) == (9, {"music": 2}, 6, 1)
    assert len(entries(journal, ExportEntry)) == 2


def test_files_need_not_be_in_time_order(journal: DirectoryJournal, tmp_path: Path) -> None:
    moments = every(timedelta(hours=5), 20)
    runs = moments[10:] + moments[:10]
    imported(write_export(tmp_path / AUDIO, [an_export_row(moment, 1) for moment in runs]), journal)
    assert sorted(entry.played_at for entry in entries(journal, ExportEntry)) == moments


def test_the_order_of_rows_does_not_change_the_names_of_the_objects(tmp_path: Path) -> None:
    rows = [an_export_row(moment, index) for index, moment in enumerate(every(timedelta(hours=5), 20))]
    names = []
    for turn, order in enumerate((rows, rows[::-1])):
        journal = DirectoryJournal(tmp_path / str(turn))
        imported(write_export(tmp_path / str(turn) / VIDEO, order), journal)
        names.append([item.key for item in journal.list()])
    assert names[0] == names[1]


def test_only_files_named_as_audio_history_vouch_for_a_span(tmp_path: Path) -> None:
    spans = {}
    for name in (AUDIO, "endsong_0.json", "endsong.json", VIDEO, "renamed.json", "STREAMING_HISTORY_AUDIO_1.JSON"):
        journal = DirectoryJournal(tmp_path / name / "home")
        imported(write_export(tmp_path / name / name, [an_export_row()]), journal)
        spans[name] = len(entries(journal, ExportSpan))
    assert spans == {
        AUDIO: 1,
        "endsong_0.json": 1,
        "endsong.json": 1,
        VIDEO: 0,
        "renamed.json": 0,
        "STREAMING_HISTORY_AUDIO_1.JSON": 1,
    }


# ---- zips and folders -------------------------------------------------------------------------------------------


def test_of_a_whole_export_just_the_history_is_read(journal: DirectoryJournal, tmp_path: Path) -> None:
    folder = tmp_path / "MyData"
    write_export(folder / AUDIO, [an_export_row(NOON, 1)])
    write_export(folder / "deeper" / "endsong_3.json", [an_export_row(NOON + minutes(5), 2)])
    write_export(folder / VIDEO, [])
    write_export(folder / "StreamingHistory_music_0.json", [{"endTime": "2026-03-10 12:00", "msPlayed": 1}])
    write_export(folder / "Playlist1.json", [{"name": "mine"}])
    (folder / "ReadMeFirst.pdf").write_bytes(b"%PDF")
    (folder / f"._{AUDIO}").write_bytes(b"resource fork")
    report = imported(folder, journal)
    assert (report.files, report.rows, report.kept) == (3, 2, {"music": 2})


def test_progress_counts_objects_up_to_all_of_them(journal: DirectoryJournal, tmp_path: Path) -> None:
    write_export(tmp_path / "in" / AUDIO, [an_export_row(moment, 1) for moment in every(timedelta(days=1), 4)])
    write_export(tmp_path / "in" / "endsong_1.json", [an_export_row(NOON, 1)])
    told: list[tuple[int, int]] = []
    import_export(tmp_path / "in", journal, now=NOW, progress=lambda done, total: told.append((done, total)))
    assert told == [(count, 5) for count in range(1, 6)]


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def json_of(rows: Iterable[Any]) -> bytes:
    return json.dumps(list(rows)).encode()


def test_a_zip_that_points_outside_writes_nothing_there(journal: DirectoryJournal, tmp_path: Path) -> None:
    names = [f"../../{AUDIO}", f"/etc/{AUDIO}", f"..\\..\\{AUDIO}", f"x/../../{VIDEO}"]
    archive = zipped(tmp_path / "slip.zip", {name: json_of([an_export_row()]) for name in names})
    before = set(tmp_path.rglob("*"))
    assert imported(archive, journal).files == 4
    created = set(tmp_path.rglob("*")) - before
    assert all(path == tmp_path / "home" or tmp_path / "home" in path.parents for path in created)


def test_files_are_imported_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = [f"endsong_{number}.json" for number in (3, 1, 2)]
    members = {name: json_of([an_export_row(NOON, index)]) for index, name in enumerate(names)}
    put: list[str] = []

    class Watched(MemoryJournal):
        def put(self, key: str, body: bytes) -> bool:
            put.extend(entry.track_uri for entry in decode(key, body) if isinstance(entry, ExportEntry))
            return super().put(key, body)

    imported(zipped(tmp_path / "export.zip", members), Watched())
    assert put == [track_uri(1), track_uri(2), track_uri(0)]


def test_a_small_file_may_shrink_as_much_as_it_likes(journal: DirectoryJournal, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "export.zip", {AUDIO: json_of([an_export_row()]) + b" " * 900_000})
    assert imported(archive, journal).rows == 1


def test_a_row_set_aside_from_a_video_file_says_so(journal: DirectoryJournal, tmp_path: Path) -> None:
    imported(write_export(tmp_path / VIDEO, [an_export_row(), {"ts": "yesterday"}]), journal)
    (record,) = entries(journal, Quarantined)
    assert json.loads(record.raw) == {"from_video_file": True, "ts": "yesterday"}


def bomb(path: Path) -> Path:
    return zipped(path, {AUDIO: b"[" + b" " * 3_000_000 + b"]"})


def crowd(path: Path) -> Path:
    return zipped(path, {f"{number}.json": b"" for number in range(MOST_ENTRIES + 1)}, zipfile.ZIP_STORED)


def encrypted(path: Path) -> Path:
    zipped(path, {AUDIO: json_of([an_export_row()])}, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(header) + flags] |= 1
    path.write_bytes(bytes(raw))
    return path


def damaged(path: Path) -> Path:
    zipped(path, {AUDIO: json_of([an_export_row()] * 50)}, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    raw[200] ^= 0xFF
    path.write_bytes(bytes(raw))
    return path


def half(path: Path) -> Path:
    raw = zipped(path, {AUDIO: json_of([an_export_row()] * 50)}).read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    return path


def account_zip(path: Path) -> Path:
    return zipped(path, {"MyData/StreamingHistory_music_0.json": b"[]", "MyData/Userdata.json": b"{}"})


def foreign_zip(path: Path) -> Path:
    return zipped(path, {"holiday.jpg": b"x"})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (bomb, "export.zip unpacks to more than any export does"),
        (crowd, "export.zip unpacks to more than any export does"),
        (encrypted, f"{AUDIO} is encrypted"),
        (damaged, "export.zip cannot be read: Bad CRC-32"),
        (half, "export.zip is no zip, or only a part of one"),
        (account_zip, 'export.zip is of the short "Account data"'),
        (foreign_zip, "export.zip holds no Streaming_History_Audio"),
    ],
)
def test_a_bad_zip_is_refused_in_one_sentence(
    journal: DirectoryJournal, tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(UnreadableExport) as refused:
        imported(make(tmp_path / "export.zip"), journal)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
    assert journal.list() == []


# ---- files that are refused -------------------------------------------------------------------------------------


ACCOUNT = "StreamingHistory_music_0.json"
ACCOUNT_ROW = {"endTime": "2026-03-10 12:00", "artistName": "A", "trackName": "T", "msPlayed": 1}
CSV = b"ts,platform,ms_played\n7/8/2013 2:44,web,3185\n"

BAD = {
    "empty": (AUDIO, b"", f"{AUDIO} is empty"),
    "blank": (AUDIO, b" \n\n", f"{AUDIO} is empty"),
    "no plays": (AUDIO, b"[]", f"{AUDIO} holds no plays"),
    "not JSON": (AUDIO, b"Not Found", f"{AUDIO} is no JSON"),
    "HTML": (AUDIO, b"<!DOCTYPE html>\n<html>", f"{AUDIO} is no JSON"),
    "binary": (AUDIO, b"[\xff\xfe]", f"{AUDIO} is no UTF-8 text"),
    "an object": (AUDIO, b'{"items": []}', f"{AUDIO} holds no list of plays"),
    "a number": (AUDIO, b"7", f"{AUDIO} holds no list of plays"),
    "broken inside": (AUDIO, b'[{"ts": }]', f"{AUDIO} is no JSON"),
    "other rows": (AUDIO, b'[{"name": "x"}, 7]', f"{AUDIO} is no extended streaming history: of most rows"),
    "mangled times": (
        AUDIO,
        json_of([an_export_row() | {"ts": f"08-11-2024 23.1{n}"} for n in range(3)] + [an_export_row()]),
        f"{AUDIO} is no extended streaming history: of most rows ts is no moment: '08-11-2024 23.12'",
    ),
    "cut off": (AUDIO, json_of([an_export_row()] * 9)[:-40], f"{AUDIO} breaks off in the middle"),
    "too deep": (AUDIO, b"[" * 200_000 + b"]" * 200_000, f"{AUDIO} is nested too deeply"),
    "a huge number": (AUDIO, b"[" + b"9" * 9_000 + b"]", f"{AUDIO} is no JSON"),
    "account data by name": (ACCOUNT, json_of([ACCOUNT_ROW]), f'{ACCOUNT} is of the short "Account data"'),
    "account data without a row": (ACCOUNT, b"[]", f'{ACCOUNT} is of the short "Account data"'),
    "account data by its rows": ("plays.json", json_of([ACCOUNT_ROW]), 'plays.json is of the short "Account data"'),
    "a CSV copy": ("spotify_history.csv", CSV, "spotify_history.csv is a table somebody made"),
    "a table of one column": ("history.tsv", b"ts", "history.tsv is a table somebody made"),
    "a CSV copy under a false name": ("history.json", CSV, "history.json is a table somebody made"),
    "a tab-separated copy": ("history.json", CSV.replace(b",", b"\t"), "history.json is a table somebody made"),
    "a gzip cut off": (f"{AUDIO}.gz", gzip.compress(json_of([an_export_row()]))[:-9], f"{AUDIO}.gz cannot be read"),
    "no gzip": (f"{AUDIO}.gz", b"[]", f"{AUDIO}.gz cannot be read: Not a gzipped file"),
    "a gzip bomb": (
        f"{AUDIO}.gz",
        gzip.compress(b" " * 2**20, mtime=0) * (MOST_FILE_BYTES // 2**20 + 1),
        f"{AUDIO}.gz is larger than any file of an export",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "body", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_one_sentence(
    journal: DirectoryJournal, tmp_path: Path, name: str, body: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(UnreadableExport) as refused:
        imported(tmp_path / name, journal)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300
    assert journal.list() == []


def test_the_refusal_of_account_data_says_what_to_request(journal: DirectoryJournal, tmp_path: Path) -> None:
    file = write_export(tmp_path / "StreamingHistory_music_0.json", [ACCOUNT_ROW])
    with pytest.raises(
        UnreadableExport, match=r'request the "Extended streaming history" at https://www\.spotify\.com'
    ):
        imported(file, journal)


@pytest.mark.parametrize("bad", ["cut off", "empty", "other rows", "too deep"])
def test_one_bad_file_among_good_ones_leaves_nothing_half_written(
    journal: DirectoryJournal, tmp_path: Path, bad: str
) -> None:
    folder = tmp_path / "export"
    write_export(folder / "endsong_0.json", [an_export_row()])
    (folder / "endsong_9.json").write_bytes(BAD[bad][1])
    with pytest.raises(UnreadableExport, match=r"endsong_9\.json"):
        imported(folder, journal)
    assert journal.list() == []


def test_a_file_that_is_not_there_is_told(journal: DirectoryJournal, tmp_path: Path) -> None:
    with pytest.raises(UnreadableExport, match=r"nowhere\.json cannot be read"):
        imported(tmp_path / "nowhere.json", journal)


def test_a_byte_order_mark_is_no_reason_to_refuse(journal: DirectoryJournal, tmp_path: Path) -> None:
    (tmp_path / AUDIO).write_bytes(b"\xef\xbb\xbf" + json_of([an_export_row()]))
    assert imported(tmp_path / AUDIO, journal).rows == 1


# ---- real exports -----------------------------------------------------------------------------------------------


def full_shape(row: dict[str, Any]) -> dict[str, Any]:
    """A published row with the keys that were stripped from it."""
    return an_export_row(datetime(2023, 1, 1, tzinfo=UTC)) | row


@pytest.mark.parametrize("whole", [False, True], ids=["13 keys", "23 keys"])
@pytest.mark.parametrize(
    ("folder", "rows", "kept"),
    [
        ("extended-2023-mit", 4_427, {"music": 4_425, "unknown": 2}),
        ("extended-2025-sample-mit", 39, {"music": 39}),
    ],
)
def test_every_row_of_a_real_export_is_kept(
    real_data: Path, tmp_path: Path, folder: str, rows: int, kept: dict[str, int], whole: bool
) -> None:
    journal = MemoryJournal()
    (source,) = (real_data / folder).glob("*.json.gz")
    raw = json.loads(gzip.decompress(source.read_bytes()))
    file = write_export(tmp_path / source.name, map(full_shape, raw)) if whole else source
    report = imported(file, journal)
    assert (report.rows, report.kept, report.duplicates, report.quarantined) == (rows, kept, 0, 0)
    assert sum(entry.ms_played for entry in entries(journal, ExportEntry)) == sum(row["ms_played"] for row in raw)
    assert {entry.at.date() for entry in entries(journal, ExportEntry)} == {item.dt for item in journal.list()}
    assert len(entries(journal, ExportSpan)) == 1
    assert imported(file, journal).objects_new == 0
