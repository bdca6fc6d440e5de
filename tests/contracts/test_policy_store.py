"""What every store of the policy promises, on a laptop and in AWS."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.policy_store import FilePolicies, S3Policies
from playledger.errors import Misconfigured, StateConflict, StoreUnavailable
from playledger.policy import Policy
from playledger.ports import Policies

pytestmark = pytest.mark.contract

BUCKET = "data"
TEXT = '# mine\nleast_seconds = 60 # a minute\n\n[exclude]\nartists = ["Björk"]\n'


class Kept:
    """One place of a policy: opened as often as wanted, and written behind the store's back."""

    def __init__(self, opened: Callable[[], Policies], put: Callable[[bytes], object]) -> None:
        self.opened = opened
        self.put = put


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Each implementation, without a policy."""
    if request.param == "aws":
        s3 = request.getfixturevalue("s3")
        return Kept(
            lambda: S3Policies(s3, BUCKET), lambda body: s3.put_object(Bucket=BUCKET, Key="policy.toml", Body=body)
        )
    path = tmp_path / "home" / "policy.toml"
    path.parent.mkdir()
    return Kept(lambda: FilePolicies(path), path.write_bytes)


def test_without_a_file_the_default_policy_counts(kept: Kept) -> None:
    assert kept.opened().load() == (Policy(), None)
    assert kept.opened().text() == ("", None)


def test_what_was_saved_is_read_by_another_run_letter_by_letter(kept: Kept) -> None:
    version = kept.opened().save(TEXT, None)
    policy, read = kept.opened().load()
    assert (policy.least_seconds, policy.exclude.artists, read) == (60, ("Björk",), version)
    assert kept.opened().text() == (TEXT, version)


def test_a_file_written_by_hand_counts_too_whatever_editor_wrote_it(kept: Kept) -> None:
    kept.put(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert kept.opened().load()[0].exclude.artists == ("Björk",)


def test_each_save_on_the_version_that_was_read_succeeds(kept: Kept) -> None:
    version = None
    for seconds in (5, 10, 20):
        version = kept.opened().save(f"least_seconds = {seconds}\n", version)
    assert kept.opened().load() == (Policy(least_seconds=20), version)


def test_of_two_that_read_the_same_version_the_second_is_refused_and_changes_nothing(kept: Kept) -> None:
    version = kept.opened().save(TEXT, None)
    kept.opened().save("least_seconds = 5\n", version)
    with pytest.raises(StateConflict, match="somebody else"):
        kept.opened().save("least_seconds = 10\n", version)
    assert kept.opened().load()[0].least_seconds == 5


def test_who_saw_no_file_does_not_replace_one(kept: Kept) -> None:
    kept.put(TEXT.encode())
    with pytest.raises(StateConflict):
        kept.opened().save("least_seconds = 10\n", None)
    assert kept.opened().text()[0] == TEXT


def test_who_saw_a_file_does_not_make_another_where_it_is_gone(kept: Kept) -> None:
    with pytest.raises(StateConflict):
        kept.opened().save(TEXT, '"0123456789abcdef0123456789abcdef"')
    assert kept.opened().text() == ("", None)


def test_what_is_no_policy_is_never_stored(kept: Kept) -> None:
    version = kept.opened().save(TEXT, None)
    for text in ("least_seconds = 7\n", "least_seconds =\n"):
        with pytest.raises(Misconfigured, match=r"policy\.toml"):
            kept.opened().save(text, version)
    assert kept.opened().text() == (TEXT, version)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"least_seconds = 30\nkinds =\n", r"policy\.toml is no TOML: .*line 2"),
        (b"[exclude]\nartist = ['a']\n", r"policy\.toml, exclude\.artist: there is no such key, only artists, albums"),
        (b"least_seconds = \xff\n", r"policy\.toml is not written in UTF-8"),
    ],
)
def test_a_broken_file_is_told_with_its_place(kept: Kept, body: bytes, complaint: str) -> None:
    kept.put(body)
    with pytest.raises(Misconfigured, match=complaint):
        kept.opened().load()


# ---- laptop ---------------------------------------------------------------------------------------------------------


def test_a_save_leaves_no_other_file_behind(tmp_path: Path) -> None:
    store = FilePolicies(tmp_path / "policy.toml")
    store.save(TEXT, None)
    with pytest.raises(StateConflict):
        store.save(TEXT, "no such version")
    assert [path.name for path in tmp_path.iterdir()] == ["policy.toml"]


def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").mkdir()
    with pytest.raises(Misconfigured, match=r"policy\.toml cannot be read"):
        FilePolicies(tmp_path / "policy.toml").load()


def test_of_many_that_save_at_once_exactly_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    version = FilePolicies(path).save(TEXT, None)
    won: list[str] = []
    gate = threading.Barrier(8)

    def run(number: int) -> None:
        gate.wait()
        try:
            FilePolicies(path).save(f"# {number}\n", version)
        except StateConflict:
            return
        won.append(f"# {number}\n")

    runs = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert [FilePolicies(path).text()[0]] == won


# ---- AWS ------------------------------------------------------------------------------------------------------------


@pytest.mark.aws
def test_a_missing_bucket_is_a_store_that_does_not_answer(s3: Any) -> None:
    with pytest.raises(StoreUnavailable):
        S3Policies(s3, "nobodys").load()
    with pytest.raises(StoreUnavailable):
        S3Policies(s3, "nobodys").save(TEXT, None)
