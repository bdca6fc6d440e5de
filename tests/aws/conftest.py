"""What the tests of the deployed stack share."""

import pytest

from tests.support.deployed import artifacts, deployed, terraform_ready

__all__ = ["artifacts", "deployed", "terraform_ready"]

PATIENCE = 900
"""Seconds for whichever test comes first and waits for the stack."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the tests of the stack time to wait for it."""
    for item in items:
        if {"deployed", "terraform_ready"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(PATIENCE))
