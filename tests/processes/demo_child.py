"""The demo in a child process that counts what it writes below its home and kills itself at the n-th moment.

`python -m tests.processes.demo_child HOME KILL_AT`; at the end it prints `points <number>`.
"""

import sys
from pathlib import Path

from cli.demo import run_demo
from tests.processes.child import Killer


def main(home: Path, kill_at: int) -> None:
    """A fortnight's demo without years before it."""
    killer = Killer(kill_at, home)
    sys.addaudithook(killer.heard)
    run_demo(home, zone="Europe/Stockholm", export=None, port=0, fresh=False, keep_serving=False, years=0)
    print(f"points {killer.points}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
