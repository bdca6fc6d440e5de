"""Builds what the functions in AWS run: code.zip of this tree, and layer.zip of the locked packages.

`python -m wiring.package [--uv UV] [--out FOLDER]`. Equal trees give an equal code.zip, byte for byte: sorted names,
one time for all files, nothing packed, so that no version of zlib matters.
"""

import argparse
import ast
import importlib.util
import py_compile
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from playledger.errors import Misconfigured, PlayledgerError

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "adapters",
    "aggregation",
    "enrichment",
    "glue_catalog",
    "ingestion",
    "playledger",
    "playlist",
    "settlement",
    "sql",
    "wiring",
)
KEPT = (".py", ".sql", ".json")
LEFT_OUT = ("__main__.py", "laptop.py", "package.py")
"""Files without a use in a function."""

EPOCH = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16

RUNTIME = (3, 13)
PLATFORM = "aarch64-manylinux2014"
LOCKED = "requirements/lambda.txt"
AARCH64 = 183
"""e_machine of an ELF file for arm64."""

OF_THE_RUNTIME = frozenset({"boto3", "botocore", "dateutil", "s3transfer", "six"})
"""What AWS has installed beside the layer."""

STAND_IN = '''"""In redis's place, which costs 10 MB and a third of a second: spotipy imports this name alone."""


class RedisError(Exception):
    """Never raised here."""
'''


def code_files() -> Iterator[tuple[str, bytes]]:
    """Name in the zip and bytes of all files of the product that a function can use, by name."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and path.suffix in KEPT and path.name not in LEFT_OUT:
                yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def write_zip(target: Path, files: Mapping[str, bytes], *, packed: bool) -> None:
    """A zip that depends on names and bytes alone, and where it is packed on zlib's version."""
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr, entry.create_system = FILE_MODE, 3
            archive.writestr(entry, files[name], how)


# ---- the layer --------------------------------------------------------------------------------------------------


def install(uv: str, target: Path) -> None:
    """The locked packages as wheels for the functions' machine. Raises Misconfigured with uv's words."""
    version = ".".join(map(str, RUNTIME))
    command = [uv, "pip", "install", "--quiet", "--target", str(target), "--require-hashes", "--no-deps"]
    command += ["--python-platform", PLATFORM, "--python-version", version, "--only-binary", ":all:"]
    ended = subprocess.run(  # noqa: S603  our own uv, our own lock
        [*command, "--requirements", str(ROOT / LOCKED)], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise Misconfigured(f"uv could not install {LOCKED} for {PLATFORM}: {ended.stderr.strip()}")


def slim(target: Path) -> None:
    """Takes out what no function uses: redis but for one name, scripts, stubs, caches made for another Python."""
    for path in [*target.glob("redis*"), target / "bin"]:
        shutil.rmtree(path, ignore_errors=True)
    (target / "redis").mkdir()
    (target / "redis/__init__.py").write_text(STAND_IN, "utf-8")
    for path in [*target.rglob("__pycache__")]:
        shutil.rmtree(path)
    for pattern in ("*.pyi", "*.pyx", "*.c", ".lock"):
        for path in target.rglob(pattern):
            path.unlink()


def compile_all(target: Path) -> bool:
    """Adds .pyc files where this Python is the functions' own: their folder is read-only, so they never make any."""
    if sys.version_info[:2] != RUNTIME:
        return False
    for path in sorted(target.rglob("*.py")):
        cache = importlib.util.cache_from_source(str(path))
        name = f"/opt/python/{path.relative_to(target).as_posix()}"
        py_compile.compile(
            str(path), cache, name, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    return True


def faults(target: Path) -> list[str]:
    """What would not load in a function: libraries of other machines or Pythons, imports of what is absent."""
    tag = "cpython-" + "".join(map(str, RUNTIME))
    found = []
    for path in sorted(target.rglob("*.so*")):
        name = path.relative_to(target).as_posix()
        if machine(path.read_bytes()[:20]) != AARCH64:
            found.append(f"{name} is for another machine than arm64")
        if ".cpython-" in path.name and tag not in path.name:
            found.append(f"{name} is for another Python than {tag}")
    present = {path.name.removesuffix(".py") for path in target.iterdir()} | {*PACKAGES, *OF_THE_RUNTIME}
    for name, body in code_files():
        if name.endswith(".py"):
            missing = top_imports(body) - present - sys.stdlib_module_names
            found += [f"{name} imports {top}, which is in no layer" for top in sorted(missing)]
    return found


def machine(head: bytes) -> int | None:
    """e_machine of the ELF file that begins so; None where it is none."""
    return int(struct.unpack_from("<H", head, 18)[0]) if head.startswith(b"\x7fELF") and len(head) >= 20 else None


def top_imports(source: bytes) -> set[str]:
    """Top-level names that a module imports when it is loaded; what functions import later is theirs to have."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


# ---- both -------------------------------------------------------------------------------------------------------


def build_code(out: Path) -> Path:
    """Writes code.zip."""
    target = out / "code.zip"
    write_zip(target, dict(code_files()), packed=False)
    return target


def build_layer(out: Path, uv: str) -> Path:
    """Writes layer.zip, checked. Raises Misconfigured with all that is wrong with it."""
    folder, target = out / "layer/python", out / "layer.zip"
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    install(uv, folder)
    slim(folder)
    if wrong := faults(folder):
        raise Misconfigured("; ".join(wrong))
    compile_all(folder)
    files = {f"python/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    write_zip(target, {name: path.read_bytes() for name, path in files.items()}, packed=True)
    return target


def main(arguments: list[str] | None = None) -> int:
    """Builds both and says how large they are; 13 and a sentence where that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m wiring.package", description=__doc__.splitlines()[0])
    parser.add_argument("--uv", default="uv", help="the uv to install with")
    parser.add_argument("--out", type=Path, default=ROOT / "build", help="folder for code.zip and layer.zip")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    try:
        for made in (build_code(given.out), build_layer(given.out, given.uv)):
            sys.stdout.write(f"{made} {made.stat().st_size / 1_000_000:.1f} MB\n")
    except PlayledgerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
