"""The simulated account over HTTP on loopback: Web API under /v1/, account service beside it, faults on the way."""

import json
import select
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self, cast
from urllib.parse import parse_qsl, urlsplit

from playledger.models import Token
from simulator import api
from simulator.account import PLAIN, Account
from simulator.bodies import error_body
from simulator.faults import Call, Distorted, Fault, Faults, Garbage, Redirect, Refusal, Rotation, Silence
from simulator.oauth import SCOPES, Accounts, OAuthError

LARGEST_REQUEST = 1_000_000
PATIENCE_S = 30.0
"""How long a silent call keeps its connection open, at most."""


class Logged(NamedTuple):
    """One request as it was answered; status 0 means that it never was."""

    method: str
    path: str
    query: str
    status: int


@dataclass(frozen=True)
class _Incoming:
    """A request as it came over the wire."""

    method: str
    path: str
    query: str
    bearer: str
    body: bytes

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))


@dataclass(frozen=True)
class _Outgoing:
    """What goes back over the wire; status 0: nothing does."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    hang_up: bool = False


def _json(status: int, body: Any, *headers: tuple[str, str]) -> _Outgoing:
    return _Outgoing(status, json.dumps(body).encode(), (("Content-Type", "application/json; charset=utf-8"), *headers))


class SimulatedSpotify:
    """A running simulator. `log` holds every request, `faults` and `clock` may be changed at any time."""

    def __init__(
        self, account: Account, clock: Callable[[], datetime], faults: Faults, accounts: Accounts, port: int
    ) -> None:
        self.account = account
        self.clock = clock
        self.faults = faults
        self.accounts = accounts
        self.log: list[Logged] = []
        self.errors: list[BaseException] = []
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """`http://127.0.0.1:<port>`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def api_url(self) -> str:
        """What `spotify_api_url` must be set to."""
        return f"{self.address}/v1/"

    @property
    def accounts_url(self) -> str:
        """What `spotify_accounts_url` must be set to."""
        return f"{self.address}/"

    @property
    def client_id(self) -> str:
        """The only client id it knows."""
        return self.accounts.client_id

    def login(self, scope: str = SCOPES) -> Token:
        """A token as if the owner had just consented."""
        now = self.clock()
        granted = self.accounts.consent(now, scope)
        return Token(refresh_token=granted["refresh_token"], scope=scope, authorized_at=now)

    def close(self) -> None:
        """Stops listening and ends all connections. Raises what went wrong inside the simulator, if anything did."""
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()
        if self.errors:
            raise self.errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- answering --------------------------------------------------------------------------------------------------

    def handle(self, incoming: _Incoming) -> _Outgoing:
        """Answers one request, one at a time, and logs it."""
        with self._lock:
            now = self.clock()
            name = incoming.path.removeprefix("/v1").strip("/")
            fault = self.faults.next(Call(incoming.method, name, now))
            outgoing = self._struck(incoming, name, now, fault)
            self.log.append(Logged(incoming.method, incoming.path, incoming.query, outgoing.status))
            return outgoing

    def _struck(self, incoming: _Incoming, name: str, now: datetime, fault: Fault | None) -> _Outgoing:
        """The answer, as the fault leaves it."""
        match fault:
            case Refusal():
                if fault.after_effect:
                    self._answer(incoming, name, now, None)
                wait = () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
                return _json(fault.status, fault.body, *wait)
            case Silence():
                if fault.after_effect:
                    self._answer(incoming, name, now, None)
                return _Outgoing(0, hang_up=fault.hang_up)
            case Garbage():
                return _Outgoing(fault.status, fault.body, (("Content-Type", fault.content_type),))
            case Redirect():
                return _Outgoing(302, b"", (("Location", fault.location),))
            case _:
                return self._answer(incoming, name, now, fault)

    def _answer(self, incoming: _Incoming, name: str, now: datetime, fault: Distorted | Rotation | None) -> _Outgoing:
        try:
            if incoming.path.startswith("/v1/"):
                return self._web_api(incoming, name, now, fault)
            return self._account_service(incoming, now, rotate=isinstance(fault, Rotation))
        except OAuthError as error:
            return _json(error.status, error.body)

    def _account_service(self, incoming: _Incoming, now: datetime, *, rotate: bool) -> _Outgoing:
        match incoming.method, incoming.path:
            case "GET", "/authorize":
                location = self.accounts.authorize(incoming.params, now)
                return _Outgoing(302, b"", (("Location", location),))
            case "POST", "/api/token":
                return _json(200, self.accounts.token(incoming.form, now, rotate=rotate))
            case _:
                return _json(404, error_body(404, "Not found"))

    def _web_api(self, incoming: _Incoming, name: str, now: datetime, fault: Distorted | Rotation | None) -> _Outgoing:
        if not incoming.bearer:
            return _json(401, error_body(401, "No token provided"))
        try:
            scopes = self.accounts.scopes(incoming.bearer, now)
            body = json.loads(incoming.body) if incoming.body else None
        except OAuthError as error:
            return _json(error.status, error_body(error.status, error.body["error_description"]))
        except ValueError:
            return _json(400, error_body(400, "Error parsing JSON."))
        view = fault.view if isinstance(fault, Distorted) else PLAIN
        request = api.Request(incoming.method, name, incoming.params, body)
        reply = api.answer(self.account, request, now, scopes, view)
        return _json(reply.status, reply.body)


def serve(
    account: Account,
    *,
    clock: Callable[[], datetime],
    faults: Faults | None = None,
    accounts: Accounts | None = None,
    port: int = 0,
) -> SimulatedSpotify:
    """Starts answering for the account on 127.0.0.1, port 0 for any free one. Close it, or use it in a `with`."""
    return SimulatedSpotify(account, clock, faults or Faults(), accounts or Accounts(), port)


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that closing it leaves none behind."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], world: SimulatedSpotify) -> None:
        self.world = world
        self._open: set[socket.socket] = set()
        self._guard = Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Makes every waiting handler see the end of its connection."""
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's signature
        """A client that went away is no news; anything else is told when the simulator is closed."""
        error = sys.exception()
        if error and not isinstance(error, OSError):
            self.world.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the simulator answer, writes one packet."""

    protocol_version = "HTTP/1.1"
    server_version = "simulated-spotify"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """All methods are alike here."""
        parts = urlsplit(self.path)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        length = min(int(self.headers.get("Content-Length") or 0), LARGEST_REQUEST)
        incoming = _Incoming(self.command, parts.path, parts.query, bearer, self.rfile.read(length))
        outgoing = cast(_Server, self.server).world.handle(incoming)
        if outgoing.status:
            self._send(outgoing)
        else:
            self._say_nothing(outgoing)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names that http.server looks for

    def _send(self, outgoing: _Outgoing) -> None:
        self.send_response(outgoing.status)
        for name, value in outgoing.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(outgoing.body)))
        self.end_headers()
        self.wfile.write(outgoing.body)

    def _say_nothing(self, outgoing: _Outgoing) -> None:
        """Waits until the client gives up, or is hung up on."""
        self.close_connection = True
        if not outgoing.hang_up:
            select.select([self.connection], [], [], PATIENCE_S)

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - http.server's signature
        """The Date header is the virtual time."""
        now = cast(_Server, self.server).world.clock()
        return format_datetime(now.astimezone(UTC).replace(microsecond=0), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        """Says nothing; the simulator keeps its own log."""
