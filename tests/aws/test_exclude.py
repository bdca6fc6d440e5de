"""The policy of a deployment: edited from this machine, in the data bucket, by the same commands."""

from pathlib import Path

import pytest

from cli.app import run
from playledger.policy import Policy
from tests.support.remote import made_by_hand, write_settings
from wiring.remote import open_deployment

pytestmark = pytest.mark.aws


def test_an_exclusion_goes_to_the_data_bucket_and_comes_back_out_of_it(tmp_path: Path) -> None:
    settings = write_settings(tmp_path / "settings.json")
    with made_by_hand() as clients:

        def ask(*words: str) -> int:
            return run(["--home", str(tmp_path / "home"), *words, "--settings", str(settings)])

        def policy() -> Policy:
            with open_deployment(settings) as deployment:
                return deployment.policies.load()[0]

        clients["s3"].put_object(Bucket="ledger-data", Key="policy.toml", Body=b"# mine\nleast_seconds = 10\n")
        assert ask("exclude", "artist", "Adele", "--anyway") == ask("exclude", "days", "2025-12-24") == 0
        assert (policy().least_seconds, policy().exclude.artists) == (10, ("Adele",))
        body = clients["s3"].get_object(Bucket="ledger-data", Key="policy.toml")["Body"].read()
        assert body.startswith(b"# mine\n")
        assert ask("exclude", "remove", "artist", "Adele") == ask("exclude", "remove", "days", "2025-12-24") == 0
        assert policy() == Policy(least_seconds=10)
    assert not (tmp_path / "home").exists()
