"""The questions: one SQL file each, which both engines run as it stands.

A file starts with `-- key: value` lines: `answers`, `grain`, `params`, `feeds` (its part of the dashboard's document,
or `-`), `version`, and `whole`: partitioned tables that are read in full, and why. Parameters are `:p_name`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

FOLDER = Path(__file__).parent
NEEDED = ("answers", "grain", "params", "feeds", "version")
OPTIONAL = ("whole",)

_HEADER = re.compile(r"--\s*([a-z_]+):\s*(.*)")
_TOKEN = re.compile(r"(?P<literal>'(?:[^']|'')*'|\"[^\"]*\")|(?P<comment>--[^\n]*)|(?P<block>/\*)")
_PLACEHOLDER = re.compile(r"(?<!:):([A-Za-z0-9_]+)")


@dataclass(frozen=True)
class Query:
    """One question. `text` is free of comments, `sha256` is over it, `params` are in the header's order."""

    name: str
    text: str
    params: tuple[str, ...]
    answers: str
    grain: str
    feeds: str
    version: int
    sha256: str
    whole: str = ""


def names(folder: str = "") -> tuple[str, ...]:
    """All questions below a folder of `sql/`, by name, in order."""
    found = (FOLDER / folder).rglob("*.sql")
    return tuple(sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in found))


def load(name: str) -> Query:
    """The question in `sql/<name>.sql`. Raises ValueError where there is none, or its file breaks the rules."""
    path = FOLDER / f"{name}.sql"
    if not path.is_file():
        raise ValueError(f"there is no question {name!r}")
    return parse(name, path.read_text("utf-8"))


def parse(name: str, source: str) -> Query:
    """The question in a file's text. Raises ValueError where header, parameters and text do not fit together."""
    header = _header(source)
    if missing := [key for key in NEEDED if key not in header]:
        raise ValueError(f"{name}: the header lacks {', '.join(missing)}")
    if unknown := sorted(set(header) - {*NEEDED, *OPTIONAL}):
        raise ValueError(f"{name}: the header has unknown keys: {', '.join(unknown)}")
    text = _without_comments(name, source)
    params = tuple(param.strip() for param in header["params"].split(",") if param.strip() not in ("", "-"))
    if set(params) != set(_placeholders(name, text)):
        raise ValueError(f"{name}: header params {sorted(params)}, in the text {sorted(_placeholders(name, text))}")
    return Query(
        name=name,
        text=text,
        params=params,
        answers=header["answers"],
        grain=header["grain"],
        feeds=header["feeds"],
        version=int(header["version"]),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        whole=header.get("whole", ""),
    )


def bind(text: str, params: Mapping[str, object]) -> str:
    """The text with its parameters filled in, as awswrangler's paramstyle `named` does it for Athena.

    Raises TypeError for a value that has no literal in both dialects.
    """
    literals = {name: literal(value) for name, value in params.items()}
    return _PLACEHOLDER.sub(lambda found: literals.get(found[1], found[0]), text)


def literal(value: object) -> str:
    """A value as an SQL literal: str, bool, int, naive datetime (to the millisecond), date or None."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case str():
            return "'" + value.replace("'", "''") + "'"
        case int():
            return str(int(value))
        case datetime() if value.tzinfo is None:
            return f"TIMESTAMP '{value.isoformat(sep=' ', timespec='milliseconds')}'"
        case date() if not isinstance(value, datetime):
            return f"DATE '{value.isoformat()}'"
    raise TypeError(f"{value!r} cannot be a parameter")


def _header(source: str) -> dict[str, str]:
    """The `-- key: value` lines that the source starts with."""
    header: dict[str, str] = {}
    for line in source.splitlines():
        found = _HEADER.fullmatch(line.strip())
        if found is None:
            break
        if found[1] in header:
            raise ValueError(f"the header says {found[1]} twice")
        header[found[1]] = found[2].strip()
    return header


def _without_comments(name: str, source: str) -> str:
    """The text alone: comments, blank lines and trailing blanks are gone."""

    def kept(found: re.Match[str]) -> str:
        if found["block"]:
            raise ValueError(f"{name}: comments start with -- only")
        return found["literal"] or ""

    lines = (line.rstrip() for line in _TOKEN.sub(kept, source).splitlines())
    return "\n".join(line for line in lines if line)


def _placeholders(name: str, text: str) -> list[str]:
    """Parameters in the text, each once. awswrangler would fill in those inside literals too, so there must be none."""
    if any(":p_" in found[0] for found in _TOKEN.finditer(text)):
        raise ValueError(f"{name}: something inside quotes can be taken for a parameter")
    found = dict.fromkeys(_PLACEHOLDER.findall(_TOKEN.sub("''", text)))
    if odd := [param for param in found if not param.startswith("p_")]:
        raise ValueError(f"{name}: parameters are called :p_name, not {odd}")
    return list(found)
