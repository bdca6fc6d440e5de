"""The repository as the house tests see it: its files, and product modules parsed."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

KERNEL = "playledger"
ROOMS = ("ingestion", "settlement", "enrichment", "aggregation", "playlist")
PRODUCT = (KERNEL, *ROOMS, "sql", "glue_catalog", "adapters", "wiring", "cli", "simulator")


@dataclass(frozen=True)
class Source:
    """One Python file, by its path below the repository."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The text, parsed."""
        return ast.parse(self.text, self.path)

    @property
    def package(self) -> str:
        """The top-level package."""
        return self.path.partition("/")[0]

    def imports(self) -> Iterator[tuple[str, int]]:
        """Full names of all modules and names imported, anywhere in the file, and their lines."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def dotted(self) -> Iterator[tuple[str, int]]:
        """Every `a.b` and `a.b.c` written in the file, and its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node), node.lineno


@cache
def files() -> tuple[str, ...]:
    """Paths of all files that are, or are about to be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


@cache
def python_files() -> tuple[Source, ...]:
    """All Python files."""
    return tuple(Source(path, (ROOT / path).read_text("utf-8")) for path in files() if path.endswith(".py"))


@cache
def product_files() -> tuple[Source, ...]:
    """Python files of the product."""
    return tuple(source for source in python_files() if source.package in PRODUCT)
