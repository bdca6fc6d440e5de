"""The session of a function: botocore's, which keeps of its data files only what a call needs.

What botocore knows of AWS lies in JSON files beside it: addresses of hundreds of services, and the manual's text for
each operation and field. The clients of one function would hold a tenth of its memory for what it never looks at.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session, get_session

ENDINGS: Mapping[str, Callable[..., Any]] = {".json": open, ".json.gz": gzip.open}
"""How data files are kept, and what opens them."""

CALLED = frozenset({"athena", "dynamodb", "lambda", "s3", "sns", "ssm"})
"""Services that a function may call. One that is missing here is looked for where botocore's rules place it."""


def lean_session() -> Session:
    """A new session, with credentials and region from where botocore looks for them."""
    session = get_session()
    session.register_component("data_loader", Loader(file_loader=LeanFiles()))
    return session


@contextmanager
def lean_loading() -> Iterator[None]:
    """Whoever makes a loader of botocore's within gets a lean one too: awswrangler keeps S3's whole manual."""
    usual = Loader.FILE_LOADER_CLASS
    Loader.FILE_LOADER_CLASS = LeanFiles
    try:
        yield
    finally:
        Loader.FILE_LOADER_CLASS = usual


class LeanFiles(JSONFileLoader):
    """Reads data files as botocore does, without the manual's text and without the addresses of other services."""

    def load_file(self, file_path: str) -> Any:
        """The file's content, `file_path` being without its ending; None where there is none."""
        return _content(file_path)


@cache
def _content(file_path: str) -> Any:
    """Read once, whoever asks: awswrangler has a loader of its own."""
    for ending, opened in ENDINGS.items():
        path = Path(f"{file_path}{ending}")
        if path.is_file():
            with opened(path, "rb") as file:
                content = json.load(file, object_pairs_hook=_without_text)
            return _of_the_called(content) if path.name.startswith("endpoints.") else content
    return None


def _without_text(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the file. A field of an operation may be called `documentation`: it is an object, and stays."""
    return {name: "" if name == "documentation" and isinstance(value, str) else value for name, value in pairs}


def _of_the_called(endpoints: dict[str, Any]) -> dict[str, Any]:
    for partition in endpoints["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in known if name in CALLED}
    return endpoints
