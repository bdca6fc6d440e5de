"""A changed policy, song or artist on a home: nothing below the document is made anew, and it equals a fresh build."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.metadata_cache import SqliteMetadataCache
from enrichment.keep import Known, keep
from playledger.models import ArtistMetadata, Grade, PlayEvent
from playledger.policy import DEFAULT, Policy
from tests.support.builders import a_play, spotify_id, track_uri
from tests.unit.aggregation.night import Home, utc

pytestmark = pytest.mark.unit

NOW = utc("2026-03-12 00:30")
DAY = timedelta(days=1)
BELOW = ("day_", "month_", "all_")


def plays() -> list[PlayEvent]:
    """Three a day from January to the 11th of March, four songs in turn."""
    days = [utc("2026-03-11 12:00") - number * DAY for number in range(70)]
    return [a_play(day + timedelta(hours=hour), 1 + (day.day + hour) % 4) for day in days for hour in (0, 3, 7)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one night."""
    root = tmp_path_factory.mktemp("built")
    with Home(root) as home:
        home.keep(plays())
        home.night(NOW)
    return root


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Iterator[Home]:
    """The same, to be changed."""
    shutil.copytree(built, tmp_path / "home")
    with Home(tmp_path / "home") as home:
        yield home


def below(home: Home) -> dict[str, str]:
    """The objects of every table that is made of plays, by their etags."""
    tables = sorted(path.name for path in (home.root / "tables").iterdir() if path.name.startswith(BELOW))
    return {f"{table}/{part}": stored.etag for table in tables for part, stored in home.tables.list(table).items()}


def fresh(home: Home, prepare: Callable[[Home], object] = lambda _: None, **changes: Any) -> bytes:
    """The document that a home without any tables publishes for the same journal."""
    with Home(home.root.with_name("fresh")) as other:
        shutil.copytree(home.root / "journal", other.root / "journal")
        prepare(other)
        other.night(NOW, **changes)
        return other.published()


POLICIES = {
    "a track": f'[exclude]\ntracks = ["{track_uri(1)}"]',
    "an artist": '[exclude]\nartists = ["BAND 2"]',
    "a day": "[exclude]\ndays = [{first = 2026-02-03, last = 2026-03-04}]",
    "a playlist": f'[exclude]\nplaylists = ["{spotify_id(1, "P")}"]',
    "a merge": f'[songs]\nsame = [["{track_uri(1)}", "{track_uri(2)}"]]',
    "a merged song": f'[songs]\nsame = [["{track_uri(1)}", "{track_uri(2)}"]]\n[exclude]\ntracks = ["{track_uri(2)}"]',
    "seconds": "least_seconds = 240\nkinds = ['podcast']",
}


@pytest.mark.parametrize("changed", POLICIES)
def test_a_changed_policy_makes_nothing_anew_equals_a_fresh_build_and_is_undone_without_a_trace(
    home: Home, changed: str
) -> None:
    before, objects = home.published(), below(home)
    policy = Policy.parse(POLICIES[changed])
    report = home.night(NOW, policy=policy)
    assert (report.days_settled, report.days_summarised, report.rolled_up, below(home)) == (0, 0, 0, objects)
    assert home.published() == fresh(home, policy=policy)
    home.night(NOW, policy=DEFAULT)
    assert (home.published(), below(home)) == (before, objects)


def test_all_tracks_of_a_merged_song_are_left_out_with_it(home: Home) -> None:
    def counted(policy: Policy) -> int:
        return home.night(NOW, policy=policy).plays

    everything = counted(DEFAULT)
    alone = everything - counted(Policy.parse(POLICIES["a track"]))
    merged = everything - counted(Policy.parse(POLICIES["a merged song"]))
    assert 0 < alone < merged < everything


def test_an_artist_learned_late_makes_nothing_anew_of_plays_and_equals_a_fresh_build(home: Home) -> None:
    def learn(where: Home) -> None:
        artist = ArtistMetadata(
            artist_id=spotify_id(1, "A"), name="Artist 1", genres=("jazz",), grade=Grade.FETCHED, changed_at=NOW
        )
        known = Known()
        known.add_artist(artist)
        cache = SqliteMetadataCache(where.root / "metadata.sqlite")
        keep(where.tables, cache, known, now=NOW)
        cache.close()

    objects = below(home)
    learn(home)
    report = home.night(NOW)
    assert (report.days_summarised, report.rolled_up, below(home)) == (0, 1, objects)
    assert home.published() == fresh(home, learn)


def test_a_late_play_in_an_old_day_makes_its_days_months_and_closed_months_anew_and_no_other(home: Home) -> None:
    objects = below(home)
    home.keep([a_play(utc("2026-01-20 21:00"), 9)])
    home.night(NOW)
    changed = {name for name, etag in below(home).items() if objects.get(name) != etag}
    days = {name for name in changed if name.startswith("day_")}
    # plays of the 20th may be joined with those of the dates beside it, and a date reaches into two days
    assert {name.partition("/")[2] for name in days} == {f"2026-01-{day}" for day in range(18, 23)}
    assert {name.partition("/")[2] for name in changed - days} == {"2026-01", ""}
    assert home.published() == fresh(home)


def test_another_zone_makes_every_day_anew_and_equals_a_fresh_build(home: Home) -> None:
    home.settings = home.settings.model_copy(update={"time_zone": "Asia/Kathmandu"})
    report = home.night(NOW)
    assert report.days_summarised >= 70
    with Home(home.root.with_name("other"), "Asia/Kathmandu") as other:
        shutil.copytree(home.root / "journal", other.root / "journal")
        other.night(NOW)
        assert home.published() == other.published()


def test_another_version_of_a_summary_makes_just_its_days_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from aggregation import summaries

    load = summaries.load

    def bumped(name: str) -> Any:
        query = load(name)
        return replace(query, sha256="0" * 64) if name == "summaries/day_binges" else query

    before, objects = home.published(), below(home)
    monkeypatch.setattr(summaries, "load", bumped)
    home.night(NOW)
    asked = {name for name in home.watched.counts if name.startswith("summaries/")}
    assert asked == {"summaries/day_binges"}
    changed = {name.partition("/")[0] for name, etag in below(home).items() if objects.get(name) != etag}
    assert changed == {"day_binges", "month_binges", "all_binges"}
    assert home.published() == before
