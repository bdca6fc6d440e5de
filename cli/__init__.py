"""The commands: the laptop's counterpart of the handlers. They parse, call one job, and show what it returned."""

import sys


def main() -> None:
    """The console script. One sentence and an exit code for whatever a person can act on; no tracebacks for those."""
    from cli.app import run

    sys.exit(run(sys.argv[1:]))
