"""Who may import whom: the kernel nothing of ours, rooms the kernel, adapters the kernel, and nobody the commands."""

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.tree import KERNEL, PRODUCT, ROOMS, ROOT, Source, product_files

pytestmark = pytest.mark.house

OURS = {
    KERNEL: set(),
    "sql": {KERNEL},
    "glue_catalog": {KERNEL},
    **{room: {KERNEL, "sql", "glue_catalog"} for room in ROOMS},
    "adapters": {KERNEL, "sql.Query", "sql.bind", "glue_catalog"},
    "simulator": {KERNEL},
    "wiring": set(PRODUCT) - {"cli"},
    "cli": set(PRODUCT) | {"dashboard"},
}
"""What of ours a package may import, itself aside."""

WRITTEN_DOWN = {("aggregation", "settlement")}
"""Arrows between rooms: the night settles before it asks."""

THIRD_PARTY = {KERNEL: {"pydantic", "pydantic_core"}, "sql": {"pydantic"}, "glue_catalog": {"pydantic"}}
THIRD_PARTY |= {room: {"pydantic"} for room in ROOMS}
"""What of others' a package may import, where that is limited."""

HANDLERS_ALSO = {"wiring.aws", "aws_lambda_powertools"}

AWS_ONLY = ("boto3", "botocore", "awswrangler", "aws_lambda_powertools")
LAPTOP_ONLY = ("duckdb", "rich", "typer", "platformdirs")


def is_handler(source: Source) -> bool:
    return source.path.endswith("/handler.py")


def allowed(source: Source) -> set[str]:
    names = OURS[source.package] | {source.package}
    names |= {target for origin, target in WRITTEN_DOWN if origin == source.package}
    return names | HANDLERS_ALSO if is_handler(source) else names


def within(name: str, roofs: set[str]) -> bool:
    return any(name == roof or name.startswith(roof + ".") for roof in roofs)


def forbidden(source: Source) -> list[str]:
    """Imports of this file that no arrow allows, as `path:line imports name`."""
    theirs = THIRD_PARTY.get(source.package)
    found = []
    for name, line in source.imports():
        top = name.partition(".")[0]
        if top in PRODUCT:
            fine = within(name, allowed(source))
        else:
            fine = theirs is None or within(name, theirs | HANDLERS_ALSO) or top in sys.stdlib_module_names
        if not fine:
            found.append(f"{source.path}:{line} imports {name}")
    return found


def test_every_import_follows_an_arrow():
    assert [line for source in product_files() for line in forbidden(source)] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("playledger/models.py", "from ingestion.parse import parse"),
        ("playledger/models.py", "import boto3"),
        ("ingestion/capture.py", "from settlement.job import settle_changed"),
        ("ingestion/capture.py", "import requests"),
        ("ingestion/capture.py", "from adapters.journal import S3Journal"),
        ("ingestion/capture.py", "from wiring.aws import Aws"),
        ("settlement/job.py", "from aggregation.job import aggregate"),
        ("adapters/journal.py", "from sql import load"),
        ("adapters/journal.py", "from wiring.laptop import Laptop"),
        ("wiring/laptop.py", "def late():\n    from cli.app import run"),
        ("playlist/handler.py", "from enrichment.job import enrich"),
    ],
)
def test_an_import_against_the_arrows_is_seen(path, text):
    assert len(forbidden(Source(path, text))) == 1


def test_every_package_has_its_arrows():
    assert set(OURS) == set(PRODUCT)


def loads_without(absent: tuple[str, ...], modules: list[str]) -> str:
    """What goes wrong when these modules are loaded on a machine that lacks those packages."""
    program = (
        "import importlib, sys\n"
        f"for name in {absent!r}: sys.modules[name] = None\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False).stderr


def test_what_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"], *chain(*project["optional-dependencies"].values()), "botocore", "pydantic-core"]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    owners = packages_distributions()
    undeclared = [
        f"{source.path}:{line} imports {name}"
        for source in product_files()
        for name, line in source.imports()
        if (top := name.partition(".")[0]) not in {*sys.stdlib_module_names, *PRODUCT, "dashboard"}
        and not top.startswith("mypy_boto3_")  # types only
        and not declared & {canonicalize_name(owner) for owner in owners.get(top, [])}
    ]
    assert undeclared == []


def module_names(wanted) -> list[str]:
    paths = [source.path for source in product_files() if wanted(source)]
    return [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths]


def test_the_laptop_needs_no_aws_package():
    modules = module_names(
        lambda s: not is_handler(s) and not s.path.endswith(("wiring/aws.py", "wiring/lean_session.py", "__main__.py"))
    )
    assert loads_without(AWS_ONLY, modules) == ""


def test_the_functions_need_no_laptop_package():
    rooms = module_names(lambda source: source.package in (*ROOMS, KERNEL, "sql", "adapters") or is_handler(source))
    assert loads_without(LAPTOP_ONLY, rooms) == ""
