"""The bench on days instead of years: its histories are the journal's own, its bytes those of the files."""

import gzip
import re
from datetime import date
from pathlib import Path

import pytest

from bench.entries import verified
from bench.history import Recipe, ensure
from bench.night import main
from bench.stage import MeteredEngine
from playledger.journal import Batch, key_date

pytestmark = [pytest.mark.functional, pytest.mark.timeout(300)]

RECIPE = Recipe(days=12, plays_per_month=900, polled_days=6)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of histories."""
    return tmp_path_factory.mktemp("histories")


def objects(folder: Path) -> dict[str, bytes]:
    """The journal's objects by key."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.jsonl.gz"))}


def test_every_object_of_a_history_is_what_the_journal_itself_would_write(cache: Path) -> None:
    found = objects(ensure(RECIPE, cache).folder)
    kinds = {kind for body in found.values() for kind in re.findall(rb'"kind":"(\w+)"', gzip.decompress(body))}
    assert kinds == {b"play", b"claim", b"export", b"span"}
    for key, body in found.items():
        verified(Batch(key.removeprefix("next/"), body))


def test_an_object_of_another_form_is_refused(cache: Path) -> None:
    key, body = next(iter(objects(ensure(RECIPE, cache).folder).items()))
    loose = gzip.compress(gzip.decompress(body).replace(b'"v":1', b'"v": 1'), mtime=0)
    with pytest.raises(ValueError, match="not what the journal would write"):
        verified(Batch(key, loose))


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(cache: Path, tmp_path: Path) -> None:
    once, again = objects(ensure(RECIPE, cache).folder), objects(ensure(RECIPE, tmp_path).folder)
    other = objects(ensure(Recipe(days=12, plays_per_month=900, polled_days=6, seed=2), tmp_path).folder)
    assert once == again
    assert once.keys() != other.keys()


def test_a_history_lies_in_its_days_and_the_day_after_it_is_apart(cache: Path) -> None:
    folder = ensure(RECIPE, cache).folder
    dates = {key_date(key) for key in objects(folder) if key.startswith("journal/")}
    assert max(filter(None, dates)) <= date(2026, 10, 31)
    assert {key_date(key.removeprefix("next/")) for key in objects(folder) if key.startswith("next/")} <= {
        date(2026, 10, 31),
        date(2026, 11, 1),
    }


def test_the_metered_bytes_are_those_of_the_files_that_a_question_needs(cache: Path) -> None:
    folder = ensure(RECIPE, cache).folder
    engine = MeteredEngine(folder)
    files = {path.parent.name: path for path in sorted((folder / "journal").rglob("*.gz"))}
    newest = max(files)
    engine.ask(f"select count(*), min(event_id) from journal where dt = '{newest.removeprefix('dt=')}'")  # noqa: S608
    read = engine.reads()
    engine.close()
    expected = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files[newest].parent.iterdir()}
    assert read.keys() == expected.keys()
    assert all(size <= read[name] <= size + 32 for name, size in expected.items())


def test_nights_are_measured_and_the_full_recompute_gives_the_same_document(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = main(["--years", "0.03", "--plays", "900", "--polled-days", "6", "--repeat", "1", "--cache", str(cache)])
    printed = capsys.readouterr().out
    assert re.search(r"documents that differ from the full recompute +0\.00 .* kept", printed)
    assert re.search(r"a night's bytes, longest / shortest history +- .* not judged", printed)
    assert re.search(r"^dashboard/totals +1 ", printed, re.MULTILINE)
    assert broken == ("BROKEN" in printed)
    assert not list(cache.glob("work-*"))
