"""What the tests of the deployed stack share: one stack for all, in one process, begun first and destroyed last."""

import pytest

from tests.support.deployed import artifacts, deployed, terraform_ready

__all__ = ["artifacts", "deployed", "terraform_ready"]

PATIENCE = 900
"""Seconds for whichever test comes first and waits for the stack."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the tests of the stack time to wait for it, and keeps together what shares something.

    The stack's files are one group, every other file is its own. They take longest, so they come first.
    """
    for item in items:
        if {"deployed", "terraform_ready"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(PATIENCE))
        item.add_marker(pytest.mark.xdist_group("stack" if _is_of_the_stack(item) else item.path.stem))
    items.sort(key=lambda item: not _is_of_the_stack(item))


def _is_of_the_stack(item: pytest.Item) -> bool:
    return "deployed" in getattr(item, "fixturenames", ())
