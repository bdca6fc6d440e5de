"""A ledger brought from a laptop to a deployment and back: whole, proved, resumable, never two accounts in one."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from aggregation.lookback import Lookback
from cli.app import run
from playledger.journal import decode
from playledger.models import ExportEntry, IngestionState, Token
from settlement.job import settle_changed, settle_gaps
from tests.support import local_aws
from tests.support.aws import REGION
from tests.support.builders import NOON, spotify_id, track_uri
from tests.support.ledger_home import OWNER, POLICY, contents, fill_journal, filled, playlist_row
from tests.support.remote import made_by_hand, write_settings
from tests.support.tree import ROOT
from wiring.aws import Aws
from wiring.laptop import open_home
from wiring.remote import open_deployment

pytestmark = pytest.mark.aws

DAYS = 40
REAL_ROWS = 400
"""The first ones of a published history; each of its songs is put into DynamoDB by itself, which takes moto a while."""


@pytest.fixture
def aws() -> Iterator[Mapping[str, Any]]:
    """An empty deployment; clients by service."""
    with made_by_hand() as clients:
        yield clients


@pytest.fixture
def deployment(aws: Mapping[str, Any], tmp_path: Path) -> Iterator[Aws]:
    """The roles over it."""
    with open_deployment(write_settings(tmp_path / "settings.json"), lambda: NOON) as roles:
        yield roles


def migrated(home: Path, to: str, *more: str) -> int:
    """The command's exit code."""
    settings = str(home.parent / "settings.json")
    return run(
        ["--home", str(home), "--now", "2026-03-10T12:00:00Z", "migrate", "--to", to, "--settings", settings, *more]
    )


def everything(aws: Mapping[str, Any]) -> dict[str, Any]:
    """All that lies in the deployment's buckets, tables and parameter."""
    s3, dynamodb = aws["s3"], aws["dynamodb"]
    found: dict[str, Any] = {}
    for bucket in ("ledger-data", "ledger-site"):
        for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            found[f"{bucket}/{item['Key']}"] = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
    for table in ("ledger-plays", "ledger-tracks", "ledger-artists", "ledger-state"):
        found[table] = sorted(map(str, dynamodb.scan(TableName=table)["Items"]))
    found["login"] = aws["ssm"].get_parameter(Name="/ledger/spotify-login")["Parameter"]["Value"]
    return found


# ---- there and back ---------------------------------------------------------------------------------------------


def test_a_ledger_goes_to_aws_whole(tmp_path: Path, deployment: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    home = filled(tmp_path / "home", DAYS)
    before = contents(home)
    assert migrated(home, "aws", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["objects"], report["objects_there"], report["objects_only_there"]) == (DAYS, 0, 0)
    assert (report["tracks"], report["artists"], report["playlists"]) == (3, 3, 1)
    assert (report["policy"], report["state"]) == ("copied", "made")
    assert {item.key: deployment.journal.read(item.key) for item in deployment.journal.list()} == {
        name: body for name, body in before.items() if name.startswith("journal/")
    }
    state = deployment.hot.load_state()
    assert state is not None
    assert (state.account_hash, state.last_seen_played_at) == (OWNER, NOON)
    track = deployment.cache.get_tracks([track_uri(2)])[track_uri(2)]
    assert track.artist_ids == (spotify_id(2, "A"), spotify_id(99, "A"))
    assert deployment.tables.read("playlists", "2026-03-09") == [playlist_row()]


def test_the_laptop_is_left_as_it_was_and_the_login_stays_on_it(
    tmp_path: Path, aws: Mapping[str, Any], deployment: Aws
) -> None:
    home = filled(tmp_path / "home", 3)
    before = contents(home)
    assert migrated(home, "aws") == 0
    assert contents(home) == before
    assert everything(aws)["login"].endswith("not logged in")


def test_what_went_to_aws_comes_back_into_an_empty_home(tmp_path: Path, deployment: Aws) -> None:
    home, new = filled(tmp_path / "home", DAYS), tmp_path / "new"
    assert migrated(home, "aws") == 0
    assert migrated(new, "laptop") == 0
    there, here = contents(home), contents(new)
    assert {name: body for name, body in here.items() if name.startswith(("journal/", "policy"))} == {
        name: body for name, body in there.items() if name.startswith(("journal/", "policy"))
    }
    with open_home(new, {}) as laptop:
        state = laptop.hot.load_state()
        assert state is not None
        assert state.account_hash == OWNER
        assert len(laptop.cache.get_artists([spotify_id(number, "A") for number in (1, 2, 3)])) == 3
        settle_changed(laptop.journal, laptop.tables)
        settle_gaps(laptop.journal, laptop.tables)
        plays = laptop.engine.ask("select count(*) from plays").rows[0][0]
    assert plays == 3 * DAYS


def test_a_real_history_comes_back_row_by_row(tmp_path: Path, deployment: Aws, real_data: Path) -> None:
    home, new = tmp_path / "home", tmp_path / "new"
    whole = json.loads(gzip.decompress(next((real_data / "extended-2023-mit").glob("*Audio*.json.gz")).read_bytes()))
    export = tmp_path / "Streaming_History_Audio_2023_1.json"
    export.write_text(json.dumps(whole[:REAL_ROWS]))
    assert run(["--home", str(home), "--now", "2026-03-10T12:00:00Z", "import", str(export)]) == 0
    assert migrated(home, "aws", "--same-account") == 0
    assert migrated(new, "laptop", "--same-account") == 0
    with open_home(home, {}) as before, open_home(new, {}) as after:
        rows = {item.key: decode(item.key, before.journal.read(item.key)) for item in before.journal.list()}
        assert {item.key: decode(item.key, after.journal.read(item.key)) for item in after.journal.list()} == rows
    assert sum(isinstance(entry, ExportEntry) for entries in rows.values() for entry in entries) == REAL_ROWS


def test_a_second_migration_finds_nothing_to_do(
    tmp_path: Path, aws: Mapping[str, Any], deployment: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    home = filled(tmp_path / "home", 5)
    assert migrated(home, "aws") == 0
    deployment.tables.list("playlists")  # writes the manifest of what was written
    before = everything(aws)
    capsys.readouterr()
    assert migrated(home, "aws", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["objects"], report["objects_there"], report["tracks"], report["playlists"]) == (0, 5, 0, 0)
    assert (report["policy"], report["state"]) == ("same", "kept")
    assert everything(aws) == before


def test_the_next_night_there_lists_all_that_was_brought(tmp_path: Path, deployment: Aws) -> None:
    sound = [{"part": part, "digest": "2026-03-01"} for part in ("2026-03", "whole")]
    deployment.tables.write("checked", "", sound, digest="d", replaces=None)
    assert migrated(filled(tmp_path / "home", DAYS), "aws") == 0
    assert Lookback.remembered(deployment.tables).listed_whole is None
    assert [row["part"] for row in deployment.tables.read("checked", "")] == ["2026-03"]


def test_both_sides_may_have_polled_the_same_account(tmp_path: Path, deployment: Aws) -> None:
    home = filled(tmp_path / "home", 3)
    fill_journal(deployment.journal, 5, first_track=50)
    deployment.tokens.save(Token(refresh_token="r", authorized_at=NOON, account_hash=OWNER), None)
    assert migrated(home, "aws") == 0
    assert len(deployment.journal.list()) == 8


# ---- refusals ---------------------------------------------------------------------------------------------------


def test_another_accounts_ledger_is_refused_and_nothing_is_written(
    tmp_path: Path, aws: Mapping[str, Any], deployment: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    home = filled(tmp_path / "home", 3)
    deployment.hot.commit([], IngestionState(version=1, account_hash="b" * 64))
    before = everything(aws)
    assert migrated(home, "aws", "--same-account") == 11
    assert "different Spotify accounts" in capsys.readouterr().err
    assert everything(aws) == before


def test_a_policy_that_differs_is_left_alone_and_told(
    tmp_path: Path, aws: Mapping[str, Any], deployment: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    home = filled(tmp_path / "home", 2)
    aws["s3"].put_object(Bucket="ledger-data", Key="policy.toml", Body=b"least_seconds = 0\n")
    assert migrated(home, "aws") == 0
    said = capsys.readouterr().out
    assert "policy.toml differs" in said
    assert "Settings differ: time_zone is 'UTC'" in said
    assert everything(aws)["ledger-data/policy.toml"] == b"least_seconds = 0\n" != POLICY


# ---- a dry run --------------------------------------------------------------------------------------------------


def test_a_dry_run_counts_and_changes_nothing(
    tmp_path: Path, aws: Mapping[str, Any], deployment: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    home = filled(tmp_path / "home", 7)
    before = contents(home), everything(aws)
    assert migrated(home, "aws", "--dry-run") == 0
    assert "journal: 7 objects" in capsys.readouterr().out
    assert (contents(home), everything(aws)) == before


def test_a_dry_run_back_leaves_an_empty_home_empty(tmp_path: Path, aws: Mapping[str, Any], deployment: Aws) -> None:
    assert migrated(filled(tmp_path / "home", 4), "aws") == 0
    before = everything(aws)
    assert migrated(tmp_path / "new", "laptop", "--dry-run") == 0
    assert contents(tmp_path / "new") == {}
    assert everything(aws) == before


# ---- killed -----------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from adapters.journal import DirectoryJournal, S3Journal
from cli import main
role = {"aws": S3Journal, "laptop": DirectoryJournal}[sys.argv.pop(1)]
after, done, put = int(sys.argv.pop(1)), [], role.put

def deadly(self, key, body):
    put(self, key, body)
    done.append(key)
    if len(done) == after:
        os.kill(os.getpid(), signal.SIGKILL)

role.put = deadly
main()
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, Any]]:
    """The empty deployment in a process of its own, so that other processes find it."""
    from moto.core import DEFAULT_ACCOUNT_ID

    assert DEFAULT_ACCOUNT_ID == "123456789012"
    with local_aws.running() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with made_by_hand(in_process=False) as clients:
            yield clients


@pytest.mark.parametrize("to", ["aws", "laptop"])
def test_a_migration_that_was_killed_is_completed_by_the_same_command(
    tmp_path: Path, server: Mapping[str, Any], to: str
) -> None:
    write_settings(tmp_path / "settings.json", AWS_REGION=REGION)
    home = filled(tmp_path / "home", DAYS)
    if to == "laptop":
        assert migrated(home, "aws") == 0
        home = tmp_path / "new"
    command = [sys.executable, "-c", KILLED, to, "17", "--home", str(home), "--now", "2026-03-10T12:00:00Z"]
    command += ["migrate", "--to", to, "--settings", str(tmp_path / "settings.json")]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert died.returncode == -9, died.stderr
    assert migrated(home, to) == 0
    with open_deployment(tmp_path / "settings.json", lambda: NOON) as there, open_home(home, {}) as here:
        ours, theirs = (
            {item.key: side.journal.read(item.key) for item in side.journal.list()} for side in (here, there)
        )
    assert ours == theirs
    assert len(ours) == DAYS
