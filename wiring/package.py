"""Builds what the functions in AWS run: code.zip of this tree, and layer.zip of the locked packages.

`python -m wiring.package [--uv UV] [--out FOLDER]`. Equal trees give an equal code.zip, byte for byte: sorted names,
one time for all files, nothing packed, so that no version of zlib matters.
"""

import argparse
import ast
import re
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
LEFT_OUT = ("__main__.py", "laptop.py", "package.py", "deploy.py", "remote.py", "sides.py")
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

OF_PANDAS_LAYER = frozenset({"awswrangler", "numpy", "pandas", "pyarrow"})
"""What AWS's managed layer brings to the night, and to no other function: imported where it is used, never at load."""

OF_THE_LAPTOP = frozenset({"duckdb"})
"""What only the laptop's half of an adapter imports, where it is used: no function comes there."""

MOST_BYTES = 262_144_000
"""Lambda's limit for code and layers, unpacked."""

PANDAS_LAYER_BYTES = 214_000_000
"""The managed layer with awswrangler 3.16.1, unpacked: its largest release so far."""

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


def install(uv: str, target: Path, *, is_for_aws: bool = True) -> None:
    """The locked packages as wheels, for the functions' machine or for this one and this Python.

    Raises Misconfigured with uv's words.
    """
    command = [uv, "pip", "install", "--quiet", "--target", str(target), "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--requirements", str(ROOT / LOCKED)]
    if is_for_aws:
        command += ["--python-platform", PLATFORM, "--python-version", ".".join(map(str, RUNTIME))]
    else:
        command += ["--python", sys.executable]
    _run(command, f"uv could not install {LOCKED} for {PLATFORM if is_for_aws else 'this machine'}")


def _run(command: list[str], complaint: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our tools, our lock
    if ended.returncode:
        raise Misconfigured(f"{complaint}: {ended.stderr.strip()}")
    return ended.stdout.strip()


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


def compiler(uv: str) -> str | None:
    """A Python on this machine that is the functions' own, which alone makes .pyc files they can load."""
    if sys.version_info[:2] == RUNTIME:
        return sys.executable
    try:
        return _run([uv, "python", "find", "--system", ".".join(map(str, RUNTIME))], "no such Python") or None
    except Misconfigured:
        return None


def compile_all(target: Path, python: str) -> None:
    """Adds .pyc files: a function's folders are read-only, so without them each cold start compiles everything."""
    flags = ["-qq", "--invalidation-mode", "unchecked-hash", "-s", str(target), "-p", "/opt/python"]
    _run([python, "-I", "-m", "compileall", *flags, str(target)], f"{python} could not compile the layer")


# ---- whether it would run there ---------------------------------------------------------------------------------


def faults(target: Path) -> list[str]:
    """What would not load in a function: libraries of other machines or Pythons, imports of what is absent."""
    return [*_foreign_libraries(target), *_foreign_wheels(target), *_open_imports(target), *_too_large(target)]


def _foreign_libraries(target: Path) -> Iterator[str]:
    tag = "cpython-" + "".join(map(str, RUNTIME))
    for path in sorted(target.rglob("*.so*")):
        name = path.relative_to(target).as_posix()
        if machine(path.read_bytes()[:20]) != AARCH64:
            yield f"{name} is for another machine than arm64"
        if ".cpython-" in path.name and tag not in path.name:
            yield f"{name} is for another Python than {tag}"


def _foreign_wheels(target: Path) -> Iterator[str]:
    for path in sorted(target.glob("*.dist-info/WHEEL")):
        tags = re.findall(r"^Tag: (\S+)$", path.read_text("utf-8"), re.MULTILINE)
        if not any(map(fits, tags)):
            yield f"{path.parent.name} is a wheel for {', '.join(tags) or 'nothing'}"


def fits(tag: str) -> bool:
    """Whether a wheel of this tag loads in a function: any Python's, the runtime's own, or the stable ABI up to it."""
    python, abi, platform = tag.split("-")
    own = f"cp{RUNTIME[0]}{RUNTIME[1]}"
    is_stable = abi == "abi3" and python.startswith("cp3") and int(python[3:]) <= RUNTIME[1]
    is_abi = (abi == "none" and python in ("py3", f"py{RUNTIME[0]}{RUNTIME[1]}", own)) or (python == abi == own)
    return (is_abi or is_stable) and (platform == "any" or platform.endswith("aarch64"))


def _open_imports(target: Path) -> Iterator[str]:
    """Imports of our code that nothing answers; what a function imports later may also come from the pandas layer."""
    present = {path.name.removesuffix(".py") for path in target.iterdir()} | {*PACKAGES, *OF_THE_RUNTIME}
    present |= sys.stdlib_module_names
    for name, body in code_files():
        if name.endswith(".py"):
            at_load, later = imports(body)
            missing = (at_load - present) | (later - present - OF_PANDAS_LAYER - OF_THE_LAPTOP)
            yield from (f"{name} imports {top}, which is in no layer" for top in sorted(missing))


def _too_large(target: Path) -> Iterator[str]:
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    if size > (most := MOST_BYTES - PANDAS_LAYER_BYTES):
        yield f"the layer has {size:,} bytes unpacked; beside the pandas layer {most:,} fit"


def machine(head: bytes) -> int | None:
    """e_machine of the ELF file that begins so; None where it is none."""
    return int(struct.unpack_from("<H", head, 18)[0]) if head.startswith(b"\x7fELF") and len(head) >= 20 else None


def imports(source: bytes) -> tuple[set[str], set[str]]:
    """Top-level names that a module imports when it is loaded, and those that its functions import when they run."""
    at_load, later = set[str](), set[str]()

    def look(nodes: list[ast.stmt], found: set[str]) -> None:
        for node in nodes:
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
            elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
                inner = later if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else found
                for part in ("body", "orelse", "finalbody"):
                    look(getattr(node, part, []), inner)
                for handler in getattr(node, "handlers", []):
                    look(handler.body, inner)

    look(ast.parse(source).body, at_load)
    return at_load, later


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
    if python := compiler(uv):
        compile_all(folder, python)
    if wrong := faults(folder):
        raise Misconfigured("; ".join(wrong))
    files = {f"python/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    write_zip(target, {name: path.read_bytes() for name, path in files.items()}, packed=True)
    return target


def build_here(out: Path, uv: str) -> Path:
    """The layer's packages for this machine and this Python, in a folder: what tests and benches run the code on."""
    folder = out / "here"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    install(uv, folder, is_for_aws=False)
    slim(folder)
    compile_all(folder, sys.executable)
    return folder


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
        if not compiler(given.uv):
            version = ".".join(map(str, RUNTIME))
            sys.stdout.write(f"without .pyc files, for no Python {version} is here: cold starts take longer\n")
    except PlayledgerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
