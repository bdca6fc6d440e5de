"""What is built for AWS: the same bytes from the same tree, nothing that does not belong, and a layer looked over."""

import struct
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.tree import ROOMS
from wiring import package

pytestmark = pytest.mark.unit


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, second = map(package.build_code, folders)
    assert first.read_bytes() == second.read_bytes()


def test_the_order_and_times_of_files_do_not_matter(tmp_path: Path) -> None:
    package.write_zip(tmp_path / "a.zip", {"b": b"2", "a": b"1"}, packed=False)
    package.write_zip(tmp_path / "b.zip", {"a": b"1", "b": b"2"}, packed=False)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_changed_file_changes_the_bytes(tmp_path: Path) -> None:
    package.write_zip(tmp_path / "a.zip", {"a": b"1"}, packed=False)
    package.write_zip(tmp_path / "b.zip", {"a": b"2"}, packed=False)
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "b.zip").read_bytes()


def test_handlers_questions_and_catalog_are_in_it_and_laptop_and_tests_are_not(tmp_path: Path) -> None:
    with zipfile.ZipFile(package.build_code(tmp_path)) as archive:
        names = set(archive.namelist())
    handlers = {f"{room}/handler.py" for room in ROOMS if room != "settlement"}
    assert {*handlers, "sql/playlist/played_since.sql", "glue_catalog/tables.json", "wiring/aws.py"} <= names
    assert not {name for name in names if name.startswith(("tests", "cli", "simulator", "dashboard", "terraform"))}
    assert not {name for name in names if "__pycache__" in name or name.endswith(("laptop.py", ".md", ".pyc"))}


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + struct.pack("<H", machine)


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A layer with what the code imports, all of it empty."""
    for name in ("aws_lambda_powertools", "pydantic", "pydantic_core", "requests", "spotipy", "urllib3", "tzdata"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_layer_for_the_functions_machine_is_fine(layer: Path) -> None:
    (layer / "pydantic_core/_core.cpython-313-aarch64-linux-gnu.so").write_bytes(elf(183))
    (layer / "pydantic_core/any.abi3.so").write_bytes(elf(183))
    assert package.faults(layer) == []


def test_another_machine_another_python_and_a_missing_package_are_told(layer: Path) -> None:
    (layer / "pydantic_core/a.cpython-313-x86_64-linux-gnu.so").write_bytes(elf(62))
    (layer / "pydantic_core/b.cpython-311-aarch64-linux-gnu.so").write_bytes(elf(183))
    (layer / "pydantic_core/c.so").write_bytes(b"no library")
    (layer / "spotipy").rmdir()
    told = package.faults(layer)
    assert [line.split(" ", 1)[0] for line in told[:3]] == [
        "pydantic_core/a.cpython-313-x86_64-linux-gnu.so",
        "pydantic_core/b.cpython-311-aarch64-linux-gnu.so",
        "pydantic_core/c.so",
    ]
    assert set(told[3:]) == {"adapters/spotify.py imports spotipy, which is in no layer"}


def test_redis_is_replaced_by_the_one_name_that_is_used(tmp_path: Path) -> None:
    for name in ("redis/client.py", "redis-8.1.0.dist-info/METADATA", "spotipy/__init__.py", "spotipy/a.pyi"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit\n")
    package.slim(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"redis/__init__.py", "spotipy/__init__.py"}
    scope: dict[str, object] = {}
    exec((tmp_path / "redis/__init__.py").read_text(), scope)  # noqa: S102
    assert "RedisError" in scope


def test_pyc_files_are_made_by_the_functions_own_python_only(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("A = 1\n")
    made = package.compile_all(tmp_path)
    assert made == (sys.version_info[:2] == package.RUNTIME)
    assert any(tmp_path.rglob("*.pyc")) == made


def test_an_install_that_fails_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert package.main(["--uv", "false", "--out", str(tmp_path)]) == 13
    assert "could not install requirements/lambda.txt" in capsys.readouterr().err
