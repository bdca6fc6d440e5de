"""Loads the project with one piece of its source changed in memory. Files on disk are never touched.

To be called before anything of the project is imported, in a process of its own.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


class PatchDoesNotApply(Exception):
    """The text to be replaced is not in the file exactly once: the source has moved on, the mutant must follow."""


@dataclass(frozen=True)
class Mutant:
    """A hand-broken protocol: in the file at `path`, each text on the left becomes the one on the right.

    `tier` is the one that is known to catch it: `directed`, `exhaustive`, `random` or `contract`.
    """

    name: str
    tier: str
    path: str
    edits: tuple[tuple[str, str], ...]

    @property
    def module(self) -> str:
        """Dotted name of the patched module."""
        return self.path.removesuffix(".py").replace("/", ".")

    def source(self) -> str:
        """The broken source. Raises PatchDoesNotApply."""
        text = (ROOT / self.path).read_text("utf-8")
        for before, after in self.edits:
            if text.count(before) != 1:
                raise PatchDoesNotApply(f"{self.name}: found {text.count(before)} times in {self.path}: {before!r}")
            text = text.replace(before, after)
        return text


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the patched module before the file system does."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._code = compile(mutant.source(), str(ROOT / mutant.path), "exec")

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=str(ROOT / self._mutant.path))

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)  # noqa: S102 - our own source, one line changed


def install(mutant: Mutant) -> None:
    """From now on this process imports the broken module."""
    assert mutant.module not in sys.modules, f"{mutant.module} is imported already"
    sys.meta_path.insert(0, _Finder(mutant))
