"""One job over a home in a process of its own, and what it took: `python -m bench.stage` prints it as JSON.

Bytes are those that DuckDB says in the log of its file system to have read from tables and journal for a question,
with nothing kept in memory between questions: what Athena would scan for each of them. Of a gzipped file that is its
size and 18 bytes; of Parquet the pages of the columns that are needed and at most 16 KB of footer a file.
"""

import argparse
import cProfile
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.query_engine import DuckDbQueryEngine
from adapters.table_format import MEMORY_LIMITS
from cli.commands import aggregate_once, enrich_once
from cli.options import moment, progress_bar
from playledger.ports import QueryEngine, Question, Rows
from wiring.laptop import Laptop, open_home

READS = """
select path, sum(bytes) from duckdb_logs_parsed('FileSystem') where op = 'READ' and starts_with(path, ?) group by path
"""


@dataclass
class Asked:
    """What one question took over all the times it was asked; `bytes` by table, and how many `files` were opened.

    `peak_mb` is the most memory that the process had had by its end: where it rises, the question needs it.
    """

    times: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_mb: float = 0.0
    bytes: dict[str, int] = field(default_factory=dict)
    files: int = 0


@dataclass(frozen=True)
class Measured:
    """A job's seconds by the clock; processor seconds and most memory of its process; its report; its questions."""

    seconds: float
    cpu: float
    peak_mb: float
    report: dict[str, Any]
    asked: dict[str, Asked]


class Timed:
    """An engine that notes what each question takes."""

    def __init__(self, engine: QueryEngine, reads: Callable[[], dict[str, int]]) -> None:
        self._engine = engine
        self._reads = reads
        self.asked: dict[str, Asked] = {}

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        """See ports.QueryEngine."""
        with self._noted(question.name):
            return self._engine.rows(question, **params)

    def ask(self, text: str) -> Rows:
        """See ports.QueryEngine."""
        with self._noted("ad hoc"):
            return self._engine.ask(text)

    @contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        asked = self.asked.setdefault(name, Asked())
        asked.times, asked.seconds = asked.times + 1, asked.seconds + seconds
        asked.slowest, asked.peak_mb = max(asked.slowest, seconds), _peak_mb()
        reads = self._reads()
        asked.files += len(reads)
        for path, size in reads.items():
            table = path.removeprefix("tables/").split("/")[0]
            asked.bytes[table] = asked.bytes.get(table, 0) + size


class MeteredEngine(DuckDbQueryEngine):
    """The laptop's engine over a connection that logs what it reads, with no table kept in memory."""

    def __init__(self, root: Path) -> None:
        import duckdb

        super().__init__(root, keep_bytes=0)
        self._below = f"{root.absolute()}/"
        self._connection.close()
        self._connection = duckdb.connect(":memory:", config={"threads": "1", "memory_limit": MEMORY_LIMITS[-1]})
        self._connection.execute("set TimeZone = 'UTC'")
        self._connection.execute("call enable_logging('FileSystem')")

    def reads(self) -> dict[str, int]:
        """Bytes read of each file, by its path below the home, since the last time this was asked."""
        found = self._connection.execute(READS, [self._below]).fetchall()
        self._connection.execute("call truncate_duckdb_logs()")
        return {str(path).removeprefix(self._below): int(size) for path, size in found}


def _aggregated(laptop: Laptop, now: datetime) -> dict[str, Any]:
    with progress_bar("settling, summarising") as moved:
        return aggregate_once(laptop, now, moved).model_dump(mode="json")


def _learned(laptop: Laptop, now: datetime) -> dict[str, Any]:
    with progress_bar("learning names") as moved:
        return enrich_once(laptop, now, moved, offline=True).model_dump(mode="json")


JOBS = {"aggregate": _aggregated, "enrich": _learned}


def measured(job: str, home: Path, now: datetime, zone: str, *, is_metered: bool) -> Measured:
    """Runs the job in this process, which should have done nothing else."""
    metering = closing(MeteredEngine(home)) if is_metered else nullcontext()
    with open_home(home, {"time_zone": zone}, lambda: now) as laptop, metering as meter:
        timed = Timed(meter, meter.reads) if meter else Timed(laptop.engine, dict)
        laptop.engine = timed
        started = time.perf_counter()
        report = JOBS[job](laptop, now)
        seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Measured(seconds, used.ru_utime + used.ru_stime, _peak_mb(), report, timed.asked)


def _peak_mb() -> float:
    """Most memory this process ever had. ru_maxrss is that of the process which started this one, if it is more."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(arguments: Sequence[str]) -> None:
    """Runs one job and prints what it took."""
    parser = argparse.ArgumentParser(prog="python -m bench.stage", description=__doc__)
    parser.add_argument("job", choices=JOBS, help="the night, or learning names from the journal")
    parser.add_argument("home", type=Path, help="home folder with a journal")
    parser.add_argument("--now", type=moment, required=True, help="the moment to take for now")
    parser.add_argument("--zone", default="UTC", help="zone of the listener's days (default: UTC)")
    parser.add_argument("--metered", action="store_true", help="count the bytes and files that each question reads")
    parser.add_argument("--profile", type=Path, help="write where the time goes, for pstats")
    given = parser.parse_args(arguments)
    with cProfile.Profile() if given.profile else nullcontext() as profile:
        found = measured(given.job, given.home, given.now, given.zone, is_metered=given.metered)
    if profile:
        profile.dump_stats(given.profile)
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
