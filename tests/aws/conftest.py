"""What the tests of the deployed stack share: one stack for all, in one process, begun first and destroyed last."""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.support.deployed import artifacts, deployed, terraform_ready

__all__ = ["artifacts", "deployed", "terraform_ready"]

OF_THE_STACK = ("aws/test_fortnight.py", "aws/test_terraform_apply.py", "aws/test_terraform_destroy.py")
"""Files whose tests stand on the stack; the last one destroys it."""

PATIENCE = 900
"""Seconds for whichever test comes first and waits for the stack."""


class OneStack(LoadFileScheduling):
    """`--dist loadfile`, with the files of the stack as one: each process that has one of them would apply its own."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "the stack" if file.endswith(OF_THE_STACK) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStack | None:
    """The scheduler of pytest-xdist, in the process that hands tests out."""
    return OneStack(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the tests of the stack time to wait for it, and begins with them: they take longest."""
    for item in items:
        if {"deployed", "terraform_ready"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(PATIENCE))
    items.sort(key=lambda item: not item.path.as_posix().endswith(OF_THE_STACK))
