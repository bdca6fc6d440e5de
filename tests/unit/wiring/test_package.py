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
    (layer / "requests-2.dist-info").mkdir()
    (layer / "requests-2.dist-info/WHEEL").write_text("Wheel-Version: 1.0\nTag: py2-none-any\nTag: py3-none-any\n")
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


@pytest.mark.parametrize(
    ("tag", "does_fit"),
    [
        ("py3-none-any", True),
        ("cp313-cp313-manylinux_2_17_aarch64.manylinux2014_aarch64", True),
        ("cp39-abi3-manylinux_2_28_aarch64", True),
        ("py3-none-manylinux2014_aarch64", True),
        ("cp311-cp311-manylinux2014_aarch64", False),
        ("cp313-cp313t-manylinux2014_aarch64", False),
        ("cp314-abi3-manylinux2014_aarch64", False),
        ("cp313-cp313-manylinux2014_x86_64", False),
        ("py2-none-any", False),
    ],
)
def test_a_wheel_fits_by_its_tag(tag: str, does_fit: bool) -> None:
    assert package.fits(tag) is does_fit


def test_a_wheel_for_another_python_is_told(layer: Path) -> None:
    (layer / "pydantic_core-2.dist-info").mkdir()
    (layer / "pydantic_core-2.dist-info/WHEEL").write_text("Tag: cp311-cp311-manylinux2014_aarch64\n")
    assert package.faults(layer) == ["pydantic_core-2.dist-info is a wheel for cp311-cp311-manylinux2014_aarch64"]


def test_imports_at_load_and_later_are_told_apart() -> None:
    source = b"""
import a.b
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import never
try:
    import c
except ImportError:
    from d import e
class K:
    import f
    def g(self):
        from h.i import j
        if self:
            import k
"""
    assert package.imports(source) == ({"a", "c", "d", "f", "typing"}, {"h", "k"})


def test_a_layer_that_leaves_no_room_for_pandas_is_told(layer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (layer / "tzdata/large").write_bytes(bytes(1001))
    monkeypatch.setattr(package, "MOST_BYTES", package.PANDAS_LAYER_BYTES + 1000)
    assert package.faults(layer) == ["the layer has 1,001 bytes unpacked; beside the pandas layer 1,000 fit"]


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


def test_pyc_files_say_where_the_layer_will_lie_and_are_the_same_each_time(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.py").write_text("def f():\n    return 1\n")
        package.compile_all(folder, sys.executable)
        made += [path.read_bytes() for path in folder.rglob("*.pyc")]
    assert made[0] == made[1]
    assert b"/opt/python/a.py" in made[0]


def test_without_the_functions_own_python_there_is_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "RUNTIME", (3, 99))
    assert package.compiler("false") is None
    monkeypatch.setattr(package, "RUNTIME", sys.version_info[:2])
    assert package.compiler("false") == sys.executable


def test_an_install_that_fails_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert package.main(["--uv", "false", "--out", str(tmp_path)]) == 13
    assert "could not install requirements/lambda.txt" in capsys.readouterr().err
