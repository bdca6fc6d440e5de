"""Ad-hoc questions: a file's, or the cookbook's by name. `python -m cli.ask` writes docs/cookbook.md."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import typer

from playledger.ports import Rows
from sql import Query, load, names

FOLDER = "cookbook"
PAGE = Path(__file__).parents[1] / "docs" / "cookbook.md"

HEAD = """# Cookbook

Queries that run as they stand: on this machine with `playledger query --file NAME`, in Athena as the saved queries of
the workgroup. They look at every play there is, whatever `policy.toml` says; `--csv`, `--json` and `--parquet FILE`
give the answer to other programs.
"""


def recipes() -> Rows:
    """Name and sentence of each query of the cookbook."""
    return Rows(("name", "answers"), tuple((_name(query), query.answers) for query in _queries()))


def query_text(given: str) -> str:
    """The SQL in a file, or of the cookbook's query of that name. Raises typer.BadParameter with names like it."""
    if Path(given).is_file():
        return Path(given).read_text("utf-8")
    known = {_name(query): query for query in _queries()}
    if query := known.get(given):
        return query.text
    alike = get_close_matches(given, known, 3, 0.4)
    hint = f" Did you mean {', '.join(alike)}?" if alike else ""
    raise typer.BadParameter(f"{given!r} is no file, and no query of the cookbook (see --list).{hint}")


def page() -> str:
    """The text of docs/cookbook.md."""
    return "\n".join([HEAD, *(line for query in _queries() for line in _entry(query))])


def _entry(query: Query) -> Iterator[str]:
    yield f"## {_name(query)}\n"
    yield f"{query.answers} Answers with {query.grain}.\n"
    yield f"```sql\n{query.text}\n```\n"


def _queries() -> Iterator[Query]:
    return map(load, names(FOLDER))


def _name(query: Query) -> str:
    return query.name.removeprefix(f"{FOLDER}/")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
