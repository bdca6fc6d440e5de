"""The local server: the page's own files, and dashboard_data.json beside them, on 127.0.0.1 and nowhere else.

It knows only the files it listed at the start, answers GET and HEAD, refuses a foreign Host (DNS rebinding), and sends
the headers of dashboard/headers.json, the policy that the cloud's copy of the page is served with too.
"""

import errno
import fnmatch
import hashlib
import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import urlsplit

from playledger.errors import Misconfigured

ADDRESS = "127.0.0.1"
PAGE = Path(str(files("dashboard")))
DATA = "dashboard_data.json"
MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What of the page's folder is served; all else in it is for builders."""


@dataclass(frozen=True)
class HeaderPolicy:
    """What dashboard/headers.json says: headers for every answer, and Cache-Control by path, first pattern wins."""

    every: Mapping[str, str]
    cache_control: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The policy in a file. Raises Misconfigured where there is none: nothing is served without it."""
        try:
            body = json.loads(path.read_text("utf-8"))
            rules = tuple((rule["pattern"], rule["value"]) for rule in body["cache_control"])
            return cls(dict(body["every"]), rules)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Misconfigured(f"{path} does not say which headers the page needs: {error}") from error

    def headers(self, path: str) -> dict[str, str]:
        """All headers of the policy for one URL path."""
        caching = next((value for pattern, value in self.cache_control if fnmatch.fnmatchcase(path, pattern)), None)
        return dict(self.every) | ({"Cache-Control": caching} if caching else {})


@dataclass(frozen=True)
class Served:
    """A file and the media type it is served as."""

    file: Path
    media: str


def site(page: Path, data: Path) -> dict[str, Served]:
    """URL path -> file, for all there is to see: the only link between an address and a disk."""
    shown = {
        f"/{file.relative_to(page).as_posix()}": Served(file, MEDIA[file.suffix])
        for file in sorted(page.rglob("*"))
        if file.suffix in MEDIA and file.is_file()
    }
    if "/index.html" not in shown:
        raise Misconfigured(f"{page} holds no index.html: the page's files are missing")
    return shown | {"/": shown["/index.html"], f"/{DATA}": Served(data / DATA, "application/json")}


class LocalServer(ThreadingHTTPServer):
    """Listens from its making on; closing it ends every open connection and waits for their threads."""

    daemon_threads = False
    allow_reuse_port = False

    def __init__(self, page: Path, data: Path, port: int) -> None:
        """Raises Misconfigured where the port cannot be had or the page is incomplete."""
        self.policy = HeaderPolicy.read(page / "headers.json")
        self.site = site(page, data)
        self._open: set[socket.socket] = set()
        try:
            super().__init__((ADDRESS, port), Visit)
        except (OSError, OverflowError) as error:
            raise Misconfigured(_no_port(port, error)) from error
        self.hosts = frozenset(f"{name}:{self.server_port}" for name in (ADDRESS, "localhost", "[::1]"))

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remembers the connection, so that closing can end it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forgets the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stops listening, ends what is open, waits for the threads."""
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no fault; anything else is told as usual."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _no_port(port: int, error: Exception) -> str:
    advice = "choose another with --port, or --port 0 for any that is free"
    if isinstance(error, OverflowError):
        return f"port {port} does not exist (0 to 65535): {advice}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} of {ADDRESS} is taken by another program: {advice}"
    return f"port {port} of {ADDRESS} cannot be used ({error}): {advice}"


class Visit(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "playledger"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    server: LocalServer

    def do_GET(self) -> None:
        """A file of the site, or why not."""
        path = urlsplit(self.path).path
        if not self._is_for_us():
            return self._refuse(HTTPStatus.FORBIDDEN, path)
        found = self.server.site.get(path)
        if found is None:
            return self._refuse(HTTPStatus.NOT_FOUND, path)
        try:
            body = found.file.read_bytes()
        except FileNotFoundError:
            return self._refuse(HTTPStatus.NOT_FOUND, path)
        except OSError:
            return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, path)
        return self._give(path, body, found.media)

    do_HEAD = do_GET  # noqa: N815

    def _not_allowed(self) -> None:
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, urlsplit(self.path).path, {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _not_allowed  # noqa: N815

    def _is_for_us(self) -> bool:
        """One Host header, and it names this machine: a stranger's name that resolves to us is turned away."""
        hosts = self.headers.get_all("Host") or []
        return len(hosts) == 1 and hosts[0].strip().lower() in self.server.hosts

    def _give(self, path: str, body: bytes, media: str) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        known = {tag.strip().removeprefix("W/") for tag in self.headers.get("If-None-Match", "").split(",")}
        if etag in known:
            self._send(HTTPStatus.NOT_MODIFIED, path, {"ETag": etag})
        else:
            self._send(HTTPStatus.OK, path, {"ETag": etag, "Content-Type": media}, body)

    def _refuse(self, status: HTTPStatus, path: str, more: Mapping[str, str] | None = None) -> None:
        self.close_connection = True
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close", **(more or {})}
        self._send(status, path, headers, f"{status.value} {status.phrase}\n".encode())

    def _send(self, status: HTTPStatus, path: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (self.server.policy.headers(path) | dict(headers)).items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing: what somebody looks at on their own machine is nobody's news."""


@contextmanager
def serving(*, data: Path, page: Path = PAGE, port: int = 0) -> Iterator[str]:
    """Serves in the background while the block runs; yields the address, `http://127.0.0.1:PORT/`.

    `data` is the folder that holds dashboard_data.json (it may still be missing). Raises Misconfigured.
    """
    with LocalServer(page, data, port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="dashboard")
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join()


def serve_blocking(
    *, data: Path, page: Path = PAGE, port: int = 0, announce: Callable[[str], None] | None = None
) -> None:
    """Serves until interrupted (Ctrl-C). `announce` gets the address once it answers. Raises Misconfigured."""
    with LocalServer(page, data, port) as server:
        if announce:
            announce(server.address)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
