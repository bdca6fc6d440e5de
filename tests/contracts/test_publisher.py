"""What every publisher promises, on a laptop and in AWS."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.publisher import DirectoryPublisher, S3Publisher
from cli.serve import PAGE, HeaderPolicy
from playledger.errors import Misconfigured, StoreUnavailable
from playledger.ports import Publisher

pytestmark = pytest.mark.contract


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws)])
def publisher(request: pytest.FixtureRequest, tmp_path: Path) -> Publisher:
    """Each implementation, empty."""
    if request.param == "aws":
        return S3Publisher(request.getfixturevalue("s3"), "data")
    return DirectoryPublisher(tmp_path / "site")


def test_what_was_published_is_there_whole(publisher: Publisher) -> None:
    publisher.publish("dashboard_data.json", b"{}", "application/json")
    publisher.publish("vendor/chart.umd.js", b"\x00\xff" * 100_000, "text/javascript")
    assert publisher.published("dashboard_data.json") == b"{}"
    assert publisher.published("vendor/chart.umd.js") == b"\x00\xff" * 100_000


def test_a_file_is_replaced_whole(publisher: Publisher) -> None:
    publisher.publish("index.html", b"a long first version", "text/html")
    publisher.publish("index.html", b"short", "text/html")
    assert publisher.published("index.html") == b"short"


def test_nothing_is_there_before_it_is_published(publisher: Publisher) -> None:
    assert publisher.published("index.html") is None
    publisher.publish("js/app.js", b"", "text/javascript")
    assert publisher.published("js") is None
    assert publisher.published("js/app.js/deeper.js") is None
    assert publisher.published("js/app.js") == b""


ODD = ["", "/etc/passwd", "../out", "a/../../out", "a//b", "./a", "a/", "a\\b", ".hidden", "a/.tmp-1", "a\x00b", "a b",
       "a\n", "ä.html", "~root"]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_refused(publisher: Publisher, name: str) -> None:
    with pytest.raises(Misconfigured):
        publisher.publish(name, b"", "text/html")
    with pytest.raises(Misconfigured):
        publisher.published(name)


def test_the_folder_holds_the_files_and_nothing_else(tmp_path: Path) -> None:
    publisher = DirectoryPublisher(tmp_path / "site")
    publisher.publish("index.html", b"1", "text/html")
    publisher.publish("index.html", b"2", "text/html")
    publisher.publish("vendor/chart.umd.js", b"3", "text/javascript")
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["site/index.html", "site/vendor/chart.umd.js"]


def test_a_failed_replacement_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    publisher = DirectoryPublisher(tmp_path)
    (tmp_path / "index.html").mkdir()
    (tmp_path / "index.html" / "inside").write_bytes(b"")
    with pytest.raises(StoreUnavailable):
        publisher.publish("index.html", b"1", "text/html")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "site").write_bytes(b"a file is in the way")
    with pytest.raises(StoreUnavailable, match=os.strerror(errno.EEXIST)):
        DirectoryPublisher(tmp_path / "site").publish("index.html", b"1", "text/html")


@pytest.mark.aws
@pytest.mark.parametrize("name", ["dashboard_data.json", "index.html", "js/app.js", "vendor/chart.umd.js"])
def test_a_file_is_cached_as_the_headers_of_the_page_say(s3: Any, name: str) -> None:
    S3Publisher(s3, "data").publish(name, b"x", "text/x-test")
    head = s3.head_object(Bucket="data", Key=name)
    said = HeaderPolicy.read(PAGE / "headers.json").headers(f"/{name}")["Cache-Control"]
    assert (head["CacheControl"], head["ContentType"]) == (said, "text/x-test")


@pytest.mark.aws
def test_a_missing_bucket_is_a_store_that_does_not_answer(s3: Any) -> None:
    publisher = S3Publisher(s3, "nobodys")
    with pytest.raises(StoreUnavailable):
        publisher.publish("index.html", b"", "text/html")
    with pytest.raises(StoreUnavailable):
        publisher.published("index.html")
