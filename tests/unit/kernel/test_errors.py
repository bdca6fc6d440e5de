"""The tree of errors: each branch has its exit code."""

import pytest

from playledger import errors
from playledger.errors import Misconfigured, OwnerMustAct, PlayledgerError, PlaysAlreadyStored, TryAgain, WorldChanged

pytestmark = pytest.mark.unit

CODES = {TryAgain: 10, OwnerMustAct: 11, WorldChanged: 12, Misconfigured: 13}


def test_every_error_is_of_one_branch_and_has_its_exit_code():
    leaves = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PlayledgerError)]
    assert len(leaves) > 10
    for kind in set(leaves) - {PlayledgerError}:
        (branch,) = [branch for branch in CODES if issubclass(kind, branch)]
        assert kind.exit_code == CODES[branch]


def test_refused_plays_are_named():
    error = PlaysAlreadyStored(["a", "b"])
    assert error.keys == ("a", "b")
    assert "2 plays" in str(error)
