"""A local AWS: moto as a server on loopback, in a process of its own. `python -m tests.support.local_aws` runs one.

Its own process, because `mock_aws` in any other test of this process would empty it.
"""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.tree import ROOT


@contextmanager
def running() -> Iterator[str]:
    """The address of an empty AWS; it ends with the block, or with this process."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.local_aws"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        address = server.stdout.readline().strip()
        try:
            if not address:
                raise RuntimeError("moto's server did not start")
            yield address
        finally:
            server.stdin.close()


def serve() -> None:
    """Prints the address, then serves until nobody holds the other end of stdin."""
    from moto.athena.responses import AthenaResponse
    from moto.server import ThreadedMotoServer

    if not hasattr(AthenaResponse, "delete_named_query"):  # a moto that has it knows better
        AthenaResponse.delete_named_query = _delete_named_query
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


def _delete_named_query(asked: Any) -> str:
    """What moto 5.2 lacks: without it a deployment with saved questions cannot be destroyed."""
    asked.athena_backend.named_queries.pop(asked._get_param("NamedQueryId"), None)
    return "{}"


if __name__ == "__main__":
    serve()
