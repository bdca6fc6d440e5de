"""Plays one run again: `python -m tests.simulation SEED [--only FAULT ...]`. Prints the trace and what is violated.

SEED is a number, or the name of a scenario. Without `--only` the seed's own weather strikes; a violated run is shrunk.
"""

import argparse
import sys

from tests.simulation.scenarios import script_of
from tests.simulation.shrink import read, told
from tests.simulation.world import play


def main(arguments: list[str]) -> int:
    """Exit code 1 where an invariant is violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", help="a number, or `alone` or `twins`")
    parser.add_argument(
        "--only", action="append", metavar="FAULT", help="a fault, as a failure prints it; or `nothing`"
    )
    parser.add_argument("--quiet", action="store_true", help="no trace")
    options = parser.parse_args(arguments)
    script = script_of(options.seed)
    given = None if options.only is None else [read(text) for text in options.only if text != "nothing"]
    verdict = play(script, faults=given, trace=not options.quiet)
    print("\n".join(verdict.lines))
    print(f"trace {verdict.trace_hash}, {len(verdict.fired)} faults, {len(verdict.violations)} violations")
    print("\n".join(verdict.violations))
    if verdict.violations and given is None:
        print(told(script, verdict))
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
