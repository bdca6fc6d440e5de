"""What every token store promises, on a laptop and in AWS, and what each adds of its own."""

import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.token_store import FileTokenStore, ParameterTokenStore
from playledger.errors import Misconfigured, NeedsReauth, StateConflict, StoreUnavailable
from playledger.models import Token
from playledger.ports import TokenStore

pytestmark = pytest.mark.contract

NAME = "/playledger/login"
CANARY = "canary-9f8e7d6c"


def token(number: int = 1) -> Token:
    return Token(
        refresh_token=f"{CANARY}-refresh-{number}",
        access_token=f"{CANARY}-access-{number}",
        expires_at=datetime(2026, 3, 1, 13, 0, 0, 500_000, tzinfo=UTC),
        scope="user-read-recently-played",
        authorized_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        account_hash="ab" * 32,
    )


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    """An SSM client."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        yield boto3.client("ssm", region_name="eu-north-1")


@pytest.fixture
def ssm(aws: Any) -> Iterator[Any]:
    """An SSM client of an account without parameters."""
    yield aws
    aws.delete_parameters(Names=[NAME])


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], TokenStore]:
    """Opens one and the same store, empty at first, as often as wanted."""
    if request.param == "aws":
        client = request.getfixturevalue("ssm")
        return lambda: ParameterTokenStore(client, NAME)
    return lambda: FileTokenStore(tmp_path / "home" / "token.json")


def test_a_saved_token_is_loaded_whole_by_another_run(opened: Callable[[], TokenStore]) -> None:
    version = opened().save(token(), None)

    assert opened().load() == (token(), version)


def test_without_a_token_the_owner_must_log_in(opened: Callable[[], TokenStore]) -> None:
    with pytest.raises(NeedsReauth, match="log in"):
        opened().load()


def test_a_save_on_the_version_that_was_loaded_succeeds_each_time(opened: Callable[[], TokenStore]) -> None:
    store = opened()
    version = store.save(token(1), None)
    for number in (2, 3, 4):
        assert store.load() == (token(number - 1), version)
        version = store.save(token(number), version)

    assert store.load() == (token(4), version)


def test_of_two_savers_on_one_version_the_second_is_refused_and_changes_nothing(
    opened: Callable[[], TokenStore],
) -> None:
    first, second = opened(), opened()
    version = first.save(token(1), None)
    first.save(token(2), version)

    with pytest.raises(StateConflict):
        second.save(token(3), version)
    assert second.load()[0] == token(2)


def test_a_version_of_nothing_stored_is_refused(opened: Callable[[], TokenStore]) -> None:
    with pytest.raises(StateConflict):
        opened().save(token(), "1")
    with pytest.raises(NeedsReauth):
        opened().load()


def test_a_login_replaces_whatever_is_there(opened: Callable[[], TokenStore]) -> None:
    opened().save(token(1), None)
    opened().save(token(2), None)

    assert opened().load()[0] == token(2)


# ---- laptop ---------------------------------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_and_its_new_folder_are_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "a" / "home" / "token.json"
    before = os.umask(0)
    try:
        FileTokenStore(path).save(token(), None)
    finally:
        os.umask(before)

    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_an_open_folder_and_an_open_file_are_closed_by_the_next_save(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    (home / "token.json").write_text("{}")
    (home / "token.json").chmod(0o644)

    FileTokenStore(home / "token.json").save(token(), None)

    assert (mode(home), mode(home / "token.json")) == (0o700, 0o600)


def test_a_folder_that_is_shared_on_purpose_stays_shared(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)

    FileTokenStore(shared / "token.json").save(token(), None)

    assert (mode(shared), mode(shared / "token.json")) == (0o1777, 0o600)


def test_a_save_leaves_no_other_file_behind(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "token.json")
    store.save(token(1), None)
    with pytest.raises(StateConflict):
        store.save(token(2), "no such version")

    assert [path.name for path in tmp_path.iterdir()] == ["token.json"]


def test_a_save_that_fails_leaves_no_other_file_behind(tmp_path: Path) -> None:
    (tmp_path / "token.json").mkdir()

    with pytest.raises(Misconfigured):
        FileTokenStore(tmp_path / "token.json").save(token(), None)
    assert [path.name for path in tmp_path.iterdir()] == ["token.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", json.dumps({"refresh_token": CANARY}), json.dumps({"refresh_token": [CANARY]}), CANARY],
)
def test_a_file_that_holds_no_token_means_log_in_again_and_is_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token.json"
    path.write_text(text)

    with pytest.raises(NeedsReauth, match="log in again") as caught:
        FileTokenStore(path).load()
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_home_that_is_no_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    store = FileTokenStore(tmp_path / "home" / "token.json")

    with pytest.raises(Misconfigured, match=r"token\.json cannot be written"):
        store.save(token(), None)
    with pytest.raises(Misconfigured, match=r"token\.json cannot be read"):
        store.load()


def test_of_many_runs_that_save_at_once_exactly_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    version = FileTokenStore(path).save(token(0), None)
    won: list[int] = []
    gate = threading.Barrier(8)

    def run(number: int) -> None:
        gate.wait()
        try:
            FileTokenStore(path).save(token(number), version)
        except StateConflict:
            return
        won.append(number)

    runs = [threading.Thread(target=run, args=(number,)) for number in range(1, 9)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()

    assert len(won) == 1
    assert FileTokenStore(path).load()[0] == token(won[0])


# ---- AWS ------------------------------------------------------------------------------------------------------------


@pytest.mark.aws
def test_the_parameter_is_a_secure_string(ssm: Any) -> None:
    ParameterTokenStore(ssm, NAME).save(token(), None)

    plain = ssm.get_parameter(Name=NAME, WithDecryption=False)["Parameter"]
    assert plain["Type"] == "SecureString"
    assert plain["Value"].startswith("kms:"), "stored encrypted"


class Interrupted:
    """An SSM client; once, right before or after the next put, something else happens."""

    def __init__(
        self, client: Any, *, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None
    ):
        self._client = client
        self._before, self._after = before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_parameter(self, **wanted: Any) -> Any:
        """The put, with what happens around it."""
        before, after, self._before, self._after = self._before, self._after, None, None
        if before:
            before()
        answer = self._client.put_parameter(**wanted)
        if after:
            after()
        return answer


@pytest.mark.aws
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_put_of_somebody_else_at_the_same_moment_is_noticed(ssm: Any, moment: str) -> None:
    other = ParameterTokenStore(ssm, NAME)
    version = other.save(token(1), None)
    ours = ParameterTokenStore(Interrupted(ssm, **{moment: lambda: other.save(token(2), None)}), NAME)  # type: ignore[arg-type]

    with pytest.raises(StateConflict, match="same moment"):
        ours.save(token(3), version)

    assert ours.load()[0] == (token(3) if moment == "before" else token(2)), "the last put stays, whole"


@pytest.mark.aws
def test_a_parameter_that_holds_no_token_yet_means_log_in(ssm: Any) -> None:
    ssm.put_parameter(Name=NAME, Value="none yet", Type="SecureString")

    with pytest.raises(NeedsReauth, match="log in"):
        ParameterTokenStore(ssm, NAME).load()


class Refusing:
    """An SSM client that AWS refuses."""

    def __init__(self, client: Any, code: str) -> None:
        from botocore.exceptions import ClientError, ConnectTimeoutError

        self.exceptions = client.exceptions
        said = {"Error": {"Code": code, "Message": "no"}}
        self._error = ClientError(said, "GetParameter") if code else ConnectTimeoutError(endpoint_url="https://ssm")  # type: ignore[arg-type]

    def get_parameter(self, **_: Any) -> Any:
        raise self._error

    put_parameter = get_parameter


@pytest.mark.aws
@pytest.mark.parametrize(
    ("code", "error"),
    [("ThrottlingException", StoreUnavailable), ("", StoreUnavailable), ("AccessDeniedException", Misconfigured)],
)
def test_what_aws_refuses_is_one_of_our_errors(ssm: Any, code: str, error: type[Exception]) -> None:
    store = ParameterTokenStore(Refusing(ssm, code), NAME)  # type: ignore[arg-type]

    with pytest.raises(error):
        store.load()
    with pytest.raises(error):
        store.save(token(), None)
