"""What a person sees when something is wrong: one sentence, the exit code of its kind, nothing half-written."""

import gzip
import json
import socket
from pathlib import Path

import pytest

from cli.app import run
from tests.support.tree import ROOT

pytestmark = pytest.mark.functional

ROW = {"ts": "2025-04-28T21:04:35Z", "ms_played": 1603, "spotify_track_uri": "spotify:track:3aJ2aJz5xL03hpaqdPS7Ah"}


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence on standard error, which may not be a traceback."""
    sentence = capsys.readouterr().err.strip()
    assert sentence.startswith("playledger: "), sentence
    assert "Traceback" not in sentence
    assert len(sentence.splitlines()) == 1, sentence
    return sentence


def journal_files(home: Path) -> list[Path]:
    """Everything below the journal."""
    return [path for path in (home / "journal").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"[]", "no plays"),
        (b'[{"ts": "2025-04-28T21:04:35Z", "ms_pl', "JSON"),
        (b"\x00\x01\x02", "JSON"),
        (b'{"a": 1}', "streaming history"),
        (b'[{"endTime": "2023-01-01 10:00", "artistName": "A", "trackName": "B", "msPlayed": 1}]', "account data"),
    ],
    ids=["empty", "no plays", "truncated", "binary", "another shape", "short account data"],
)
def test_a_file_that_is_no_export_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    file = tmp_path / "Streaming_History_Audio_2025.json"
    file.write_bytes(content)
    assert run(["--home", str(tmp_path / "home"), "import", str(file)]) == 12
    sentence = told(capsys)
    assert words.lower() in sentence.lower()
    assert file.name in sentence
    assert journal_files(tmp_path / "home") == []


def test_one_damaged_file_keeps_the_whole_export_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "Streaming_History_Audio_2024.json").write_text(json.dumps([ROW]))
    (folder / "Streaming_History_Audio_2025.json").write_text(json.dumps([ROW])[:-5])
    assert run(["--home", str(tmp_path / "home"), "import", str(folder)]) == 12
    assert "Streaming_History_Audio_2025.json" in told(capsys)
    assert journal_files(tmp_path / "home") == []


def test_a_damaged_gzip_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Streaming_History_Audio_2025.json.gz"
    file.write_bytes(gzip.compress(json.dumps([ROW]).encode())[:-9])
    assert run(["--home", str(tmp_path / "home"), "import", str(file)]) == 12
    assert file.name in told(capsys)


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path / "home"), "import", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.parametrize("command", ["capture", "playlist"])
def test_without_a_login_the_sentence_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run(["--home", str(tmp_path / "home"), command]) == 11
    assert "log" in told(capsys)
    assert journal_files(tmp_path / "home") == []


def test_a_busy_port_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(["--home", str(tmp_path / "home"), "serve", "--port", str(port)]) == 13
        assert str(port) in told(capsys)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert run(["--home", str(blocked / "home"), "status"]) == 13
    assert str(blocked) in told(capsys)


def test_a_read_only_home_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", "/proc/playledger", "status"]) == 13
    assert "/proc/playledger" in told(capsys)


def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path / "home"), "--zone", "Mars/Base", "aggregate"]) == 13
    assert "Mars/Base" in told(capsys)


def test_all_wrong_settings_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('time_zone = "Nowhere"\nhot_ttl_days = 3\nsize = 1\n')
    assert run(["--home", str(home), "status"]) == 13
    sentence = told(capsys)
    assert all(word in sentence for word in ("time_zone", "hot_ttl_days", "size"))


@pytest.mark.parametrize("sql", ["selec 1", "select * from nowhere", "drop table plays", "select 1; select 2"])
def test_sql_that_cannot_be_answered_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sql: str
) -> None:
    assert run(["--home", str(tmp_path / "home"), "query", sql]) == 12
    told(capsys)


def test_sql_cannot_read_files_of_the_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nhush\n")
    sql = f"select * from read_csv('{secret}')"  # noqa: S608
    assert run(["--home", str(tmp_path / "home"), "query", sql]) == 12
    assert "hush" not in told(capsys)


@pytest.mark.parametrize("command", ["", "login", "migrate", "doctor", "demo"])
def test_help_shows_the_whole_of_what_it_says_of_defaults(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """Brackets are markup to whoever prints the help, and vanish."""
    assert run([*command.split(), "--help"]) == 0
    source = (ROOT / "cli/app.py").read_text("utf-8") + (ROOT / "cli/options.py").read_text("utf-8")
    assert "[default:" not in source
    assert "default" in capsys.readouterr().out
