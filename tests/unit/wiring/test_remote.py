"""Which deployment a command means: the file it is given, or the environment; never a guess or another's account."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import run
from playledger.errors import Misconfigured
from tests.support.remote import VALUES, made_by_hand, write_settings
from wiring.remote import open_deployment, read_settings

pytestmark = pytest.mark.unit


@pytest.fixture
def aws() -> Iterator[None]:
    """An AWS with a deployment in it."""
    with made_by_hand():
        yield


def test_a_file_of_one_output_and_one_of_all_outputs_say_the_same(tmp_path: Path) -> None:
    every = tmp_path / "outputs.json"
    every.write_text(
        json.dumps({"settings": {"sensitive": False, "value": dict(VALUES)}, "site_bucket": {"value": "x"}})
    )
    assert read_settings(every) == read_settings(write_settings(tmp_path / "settings.json")) == VALUES


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"settings": {"value": {}}}', '{"PLAYLEDGER_TIME_ZONE": "UTC"}'])
def test_a_file_that_names_no_deployment_is_refused_with_how_to_get_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(Misconfigured, match=r"settings\.json .*terraform -chdir=terraform output -json settings"):
        read_settings(tmp_path / "settings.json")


def test_without_a_file_the_environment_must_name_it(monkeypatch: pytest.MonkeyPatch, aws: None) -> None:
    with pytest.raises(Misconfigured, match="which deployment"):
        open_deployment(None)
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    with open_deployment(None) as deployment:
        assert deployment.settings.data_bucket == "ledger-data"


def test_what_is_missing_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"PLAYLEDGER_DATA_BUCKET": "ledger-data"}))
    with pytest.raises(Misconfigured, match=r"PLAYLEDGER_SITE_BUCKET.*PLAYLEDGER_TOKEN_PARAMETER"):
        open_deployment(file)


def test_credentials_of_another_account_are_refused(tmp_path: Path, aws: None) -> None:
    topic = VALUES["PLAYLEDGER_ALERTS_TOPIC"].replace("123456789012", "210987654321")
    with pytest.raises(Misconfigured, match=r"123456789012's, the deployment is in account 210987654321"):
        open_deployment(write_settings(tmp_path / "settings.json", PLAYLEDGER_ALERTS_TOPIC=topic))


def test_the_region_is_the_deployments(tmp_path: Path, aws: None) -> None:
    with open_deployment(write_settings(tmp_path / "settings.json", AWS_REGION="eu-west-3")) as deployment:
        assert deployment.client("s3").meta.region_name == "eu-west-3"


def test_without_credentials_the_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(Misconfigured, match="AWS_PROFILE"):
        open_deployment(write_settings(tmp_path / "settings.json"))


def test_a_command_says_which_deployment_it_lacks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["--home", str(tmp_path), "login", "--aws"]) == 13
    assert "which deployment? give --settings" in capsys.readouterr().err
