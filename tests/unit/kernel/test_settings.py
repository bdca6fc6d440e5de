"""Settings: what wins over what, and one message for all that is wrong."""

from pathlib import Path

import pytest

from playledger.errors import Misconfigured
from playledger.settings import Settings, config_values, environment_values, laptop_settings

pytestmark = pytest.mark.unit


def test_everything_has_a_default():
    assert Settings.load({}).time_zone == "UTC"


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(tmp_path: Path):
    (tmp_path / "config.toml").write_text('time_zone = "Asia/Tokyo"\nplaylist_size = 10\nplaylist_name = "Mine"\n')
    environ = {"PLAYLEDGER_TIME_ZONE": "Europe/Paris", "PLAYLEDGER_PLAYLIST_SIZE": "20"}
    settings = laptop_settings(tmp_path, {"time_zone": "Asia/Kathmandu", "playlist_size": None}, environ)
    assert (settings.time_zone, settings.playlist_size, settings.playlist_name) == ("Asia/Kathmandu", 20, "Mine")


def test_other_variables_of_the_environment_are_left_alone():
    environ = {"PLAYLEDGER_REAL_DATA": "/x", "PATH": "/bin", "PLAYLEDGER_MODE": "demo"}
    assert environment_values(environ) == {"mode": "demo"}


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(Misconfigured) as error:
        Settings.load({"time_zone": "Mars/Olympus", "hot_ttl_days": 3, "surprise": 1})
    message = str(error.value)
    assert "setting time_zone: 'Mars/Olympus' is no time zone" in message
    assert "setting hot_ttl_days" in message
    assert "setting surprise" in message


@pytest.mark.parametrize("zone", ["", "/etc/passwd", "../UTC", "Europe", "a\x00b", "x" * 5000])
def test_what_is_no_zone_of_the_database_is_refused(zone: str):
    with pytest.raises(Misconfigured, match="no time zone"):
        Settings.load({"time_zone": zone})


def test_what_is_needed_and_missing_is_named_as_a_variable():
    with pytest.raises(Misconfigured, match="not set: PLAYLEDGER_DATA_BUCKET, PLAYLEDGER_STATE_TABLE"):
        Settings.load({"site_bucket": "s"}, needed=("data_bucket", "site_bucket", "state_table"))


def test_no_file_sets_nothing_and_a_broken_one_is_named(tmp_path: Path):
    path = tmp_path / "config.toml"
    assert config_values(path) == {}
    for broken in (b"time_zone = ", b"\xff\xfe"):
        path.write_bytes(broken)
        with pytest.raises(Misconfigured, match=r"config\.toml"):
            config_values(path)


def test_a_folder_in_the_files_place_is_named(tmp_path: Path):
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(Misconfigured, match=r"config\.toml"):
        config_values(tmp_path / "config.toml")
