"""What `make build` makes, for tests: built anew where its inputs changed, kept below `build/` under their digest.

`python -m tests.support.built` builds it, which may need a network; tests have none and find it built, or build it of
what uv has kept.
"""

import hashlib
import os
import pwd
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from playledger.errors import Misconfigured
from tests.support.tree import ROOT
from wiring import package

KEPT = 3
"""So many builds are kept: those of the trees one goes back and forth between."""


def built(where: Path = ROOT / "build/tests") -> Path:
    """A folder with code.zip, layer.zip, the code unpacked as Lambda does in `task`, and in `here` the layer's packages
    for this Python.

    Raises Misconfigured with uv's words where the packages cannot be had.
    """
    made = where / digest()
    if not made.is_dir():
        where.mkdir(parents=True, exist_ok=True)
        _build(made)
        _forget_old(where)
    return made


def without_network() -> Path:
    """The same for a test, whose home is not the machine's: only what uv has kept there is installed."""
    home = {"HOME": pwd.getpwuid(os.getuid()).pw_dir, "UV_OFFLINE": "1"}
    before = {name: os.environ.get(name) for name in home}
    os.environ.update(home)
    try:
        return built()
    except Misconfigured as error:
        raise Misconfigured(f"{error}\n`python -m tests.support.built` builds it with a network") from error
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def digest() -> str:
    """Of all that goes in: code, lock, the way it is built, and the Python that builds."""
    parts = [body for _, body in package.code_files()]
    parts += [(ROOT / name).read_bytes() for name in (package.LOCKED, "wiring/package.py", "tests/support/built.py")]
    seal = hashlib.sha256(sys.version.encode())
    for part in parts:
        seal.update(hashlib.sha256(part).digest())
    return seal.hexdigest()[:16]


def find_uv() -> str:
    """The uv that `make` uses: from PATH, else our own."""
    return shutil.which("uv") or str(ROOT / ".tools/bin/uv")


def _build(made: Path) -> None:
    """Whole or not at all: of several processes that build at once, the first one's stays."""
    with tempfile.TemporaryDirectory(dir=made.parent, prefix=".building-") as folder:
        out = Path(folder) / "out"
        out.mkdir()
        with zipfile.ZipFile(package.build_code(out)) as archive:
            archive.extractall(out / "task")
        package.build_layer(out, find_uv())
        package.build_here(out, find_uv())
        shutil.rmtree(out / "layer")
        try:
            out.rename(made)
        except OSError:
            if not made.is_dir():
                raise


def _forget_old(where: Path) -> None:
    for folder in sorted(_builds(where), key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _builds(where: Path) -> Iterator[Path]:
    return (folder for folder in where.iterdir() if not folder.name.startswith("."))


if __name__ == "__main__":
    try:
        print(built())
    except Misconfigured as error:
        sys.exit(str(error))
