"""The local server: who it answers, with what, and with which headers."""

import http.client
import json
import socket
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from cli.serve import PAGE, LocalServer, serve_blocking, serving
from playledger.errors import Misconfigured

pytestmark = pytest.mark.unit

POLICY = json.loads((PAGE / "headers.json").read_text("utf-8"))


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


Ask = Callable[..., Answer]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A home's site folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "dashboard_data.json").write_text('{"schema": 1}', "utf-8")
    (folder / "secret.txt").write_text("not for the browser", "utf-8")
    (tmp_path / "token.json").write_text("not for the browser", "utf-8")
    return folder


@pytest.fixture
def ask(data: Path) -> Iterator[Ask]:
    """Asks a running server, on a connection of its own."""
    with serving(data=data) as address:
        where = urlsplit(address)

        def once(path: str, method: str = "GET", **headers: str) -> Answer:
            connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
            try:
                connection.putrequest(method, path, skip_host=True)
                sent = {"Host": where.netloc} | {name.replace("_", "-"): value for name, value in headers.items()}
                for name, value in sent.items():
                    connection.putheader(name, value)
                connection.endheaders()
                return Answer(connection.getresponse())
            finally:
                connection.close()

        yield once


def test_the_root_is_the_page(ask: Ask) -> None:
    root = ask("/")
    assert (root.status, root.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert root.body == (PAGE / "index.html").read_bytes() == ask("/index.html").body


def test_every_answer_carries_the_whole_policy(ask: Ask) -> None:
    for answer in (ask("/"), ask("/dashboard_data.json"), ask("/nothing"), ask("/", "POST"), ask("/", Host="evil")):
        assert {name: answer.headers[name] for name in POLICY["every"]} == POLICY["every"]


def test_the_policy_admits_nothing_but_the_site_itself() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY["every"]["Content-Security-Policy"].split(";"))
    for name in ("default-src", "base-uri", "form-action", "frame-ancestors", "require-trusted-types-for"):
        assert rules.pop(name) == ("'script'" if name.startswith("require") else "'none'")
    assert rules.pop("trusted-types") == "app"
    assert set(rules.values()) == {"'self'"}


@pytest.mark.parametrize(
    ("path", "media", "caching"),
    [
        ("/style.css", "text/css; charset=utf-8", "no-cache"),
        ("/js/main.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/icon.svg", "image/svg+xml", "no-cache"),
        ("/dashboard_data.json", "application/json", "no-cache"),
        ("/vendor/chart.umd.js?v=4.6.1", "text/javascript; charset=utf-8", "no-cache"),
    ],
)
def test_a_file_has_its_media_type_and_its_caching(ask: Ask, path: str, media: str, caching: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, media)
    assert answer.headers["Cache-Control"] == caching


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", ""]
)
def test_a_foreign_host_is_refused(data: Path, host: str) -> None:
    with serving(data=data) as address:
        where = urlsplit(address)
        connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=10)
        connection.request("GET", "/dashboard_data.json", headers={"Host": host.format(port=where.port)})
        answer = Answer(connection.getresponse())
        connection.close()
    assert answer.status == 403
    assert b"schema" not in answer.body


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_names_of_this_machine_are_welcome(data: Path, name: str) -> None:
    with serving(data=data) as address:
        port = urlsplit(address).port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/", headers={"Host": f"{name}:{port}"})
        assert Answer(connection.getresponse()).status == 200
        connection.close()


@pytest.mark.parametrize("hosts", [0, 2])
def test_a_request_without_one_host_is_refused(data: Path, hosts: int) -> None:
    with serving(data=data) as address:
        port = urlsplit(address).port
        lines = ["GET / HTTP/1.1", *[f"Host: 127.0.0.1:{port}"] * hosts, "Connection: close", "", ""]
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall("\r\n".join(lines).encode())
            assert connection.recv(4096).split(b"\r\n")[0].endswith(b"403 Forbidden")


@pytest.mark.parametrize(
    "path",
    [
        "/js/", "/js", "/vendor/", "/nothing", "/headers.json", "/secret.txt", "/../token.json", "/%2e%2e/token.json",
        "/js/../index.html", "//etc/passwd", "/vendor/README.md", "/__init__.py", "/sample/dashboard_data.json",
        "/dashboard_data.json/", "/index.html%00", "http://evil.example/index.html.",
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_site_is_not_found(ask: Ask, path: str) -> None:
    assert ask(path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(ask: Ask, method: str) -> None:
    answer = ask("/dashboard_data.json", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_body(ask: Ask) -> None:
    head, get = ask("/style.css", "HEAD"), ask("/style.css")
    assert (head.status, head.body) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


def test_unchanged_data_is_not_sent_again_and_changed_data_is(ask: Ask, data: Path) -> None:
    first = ask("/dashboard_data.json")
    again = ask("/dashboard_data.json", If_None_Match=f'W/"other", {first.headers["ETag"]}')
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    (data / "dashboard_data.json").write_text('{"schema": 2}', "utf-8")
    newer = ask("/dashboard_data.json", If_None_Match=first.headers["ETag"])
    assert (newer.status, newer.body) == (200, b'{"schema": 2}')


def test_data_may_come_later(ask: Ask, data: Path) -> None:
    (data / "dashboard_data.json").unlink()
    assert ask("/dashboard_data.json").status == 404
    (data / "dashboard_data.json").write_text("{}", "utf-8")
    assert ask("/dashboard_data.json").body == b"{}"


def test_data_that_cannot_be_read_is_an_error_of_ours(ask: Ask, data: Path) -> None:
    (data / "dashboard_data.json").unlink()
    (data / "dashboard_data.json").mkdir()
    assert ask("/dashboard_data.json").status == 500


def test_it_listens_on_loopback_only(data: Path) -> None:
    with LocalServer(PAGE, data, 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        assert server.socket.family is socket.AF_INET


def test_a_busy_port_is_one_sentence(data: Path) -> None:
    with serving(data=data) as address:
        port = urlsplit(address).port or 0
        with pytest.raises(Misconfigured, match=rf"port {port} of 127.0.0.1 is taken .* --port 0") as told:
            serve_blocking(data=data, port=port)
    assert "\n" not in str(told.value)


def test_a_port_that_does_not_exist_is_one_sentence(data: Path) -> None:
    with pytest.raises(Misconfigured, match="port 70000 does not exist"), serving(data=data, port=70000):
        pass


def test_a_page_without_its_files_is_not_served(data: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="headers"), serving(data=data, page=tmp_path):
        pass
    (tmp_path / "headers.json").write_text('{"every": {}, "cache_control": []}', "utf-8")
    with pytest.raises(Misconfigured, match="holds no index"), serving(data=data, page=tmp_path):
        pass


def test_closing_does_not_wait_for_browsers_that_only_hold_the_line(data: Path) -> None:
    with socket.socket() as idle:
        idle.settimeout(10)
        with serving(data=data) as address:
            idle.connect(("127.0.0.1", urlsplit(address).port or 0))
            idle.sendall(b"GET / HTTP/1.1\r\nHost: ")
        with suppress(ConnectionError):
            assert idle.recv(1) == b""


def test_many_visitors_at_once_get_whole_files(data: Path) -> None:
    whole = (PAGE / "vendor" / "chart.umd.js").read_bytes()
    got: list[bool] = []
    with serving(data=data) as address:
        port = urlsplit(address).port

        def visit() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            for _ in range(5):
                connection.request("GET", "/vendor/chart.umd.js")
                got.append(connection.getresponse().read() == whole)
            connection.close()

        visitors = [Thread(target=visit) for _ in range(8)]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
    assert got == [True] * 40


def test_the_blocking_server_answers_until_it_is_interrupted(data: Path) -> None:
    answers: list[int] = []
    visitors: list[Thread] = []

    def visit(address: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(address).port, timeout=10)
        connection.request("GET", "/")
        answers.append(connection.getresponse().status)
        connection.close()
        interrupt_main()

    def announce(address: str) -> None:
        visitors.append(Thread(target=visit, args=(address,)))
        visitors[0].start()

    serve_blocking(data=data, announce=announce)
    visitors[0].join()
    assert answers == [200]
