"""What a doctor looks at in a deployment: the mail, every question on the real Athena, five numbers on two engines.

Athena's numbers are compared with DuckDB's over the very objects that Athena reads, fetched into a temporary folder.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.alerts import UNCONFIRMED, SnsAlerts
from adapters.query_engine import DuckDbQueryEngine
from adapters.table_objects import S3TableObjects, TableObject
from cli.doctor import Finding, login_findings, note, ok, page_finding, poll_finding, state_of, wrong
from cli.options import progress_bar
from playledger.errors import OwnerMustAct, StateConflict, WorldChanged
from playledger.ports import QueryEngine
from sql import Query, bind, load, names

if TYPE_CHECKING:
    from wiring.aws import Aws

SETTINGS = "--settings terraform/settings.json"

NUMBERS: Mapping[str, str] = {
    "plays": "select count(*) from plays where dt between :p_first and :p_last",
    "milliseconds": "select cast(coalesce(sum(coalesce(ms_played, duration_ms)), 0) as bigint) from plays "
    "where dt between :p_first and :p_last",
    "different tracks": "select count(distinct track_uri) from plays where dt between :p_first and :p_last",
    "newest play": "select max(played_at) from plays where dt between :p_first and :p_last",
    "plays in the summaries": "select cast(coalesce(sum(plays), 0) as bigint) from day_tracks "
    "where day between :p_first and :p_last",
}
"""What both engines are asked: counts, a sum, a moment, over both kinds of partitions."""

READ = ("plays", "day_tracks")

# List prices of AWS in us-east-1, 2026; other regions differ by a tenth or two.
PER_BYTE = 5.0 / 1e12
LEAST_BYTES = 10_000_000
PER_GET = 0.4 / 1e6
PER_LIST = 5.0 / 1e6
PER_BYTE_OUT = 0.09 / 1e9


# ---- what it will cost ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Visit:
    """What is going to be asked and fetched: partitions from `first` to `last`, both included."""

    questions: tuple[str, ...]
    first: str
    last: str
    objects: Mapping[str, Sequence[TableObject]]

    @property
    def fetched(self) -> list[TableObject]:
        """All objects of the numbers."""
        return [item for objects in self.objects.values() for item in objects]

    @property
    def bytes(self) -> int:
        """Their size."""
        return sum(item.size for item in self.fetched)

    @property
    def days(self) -> int:
        """Dates between `first` and `last`: Athena looks for objects of each, whether there are any or not."""
        return (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days + 1 if self.first else 0

    @property
    def dollars(self) -> float:
        """At most, and without any allowance: Athena bills 10 MB for a number at least."""
        gets = len(self.fetched) * PER_GET
        number = max(LEAST_BYTES, self.bytes) * PER_BYTE + self.days * PER_LIST + gets
        return len(NUMBERS) * number + gets + self.bytes * PER_BYTE_OUT

    def words(self) -> str:
        """What will be done, and for how much."""
        span = f"from {self.first} to {self.last}" if self.first else "of no day yet"
        return (
            f"Athena explains {len(self.questions)} questions, which costs nothing, and counts {len(NUMBERS)} numbers "
            f"{span}; the {len(self.fetched)} objects they come from ({self.bytes / 1000:,.0f} kB) are fetched to a "
            f"temporary folder. All in all at most ${self.dollars:.4f}."
        )


def plan(aws: "Aws", days: int) -> Visit:
    """Lists what there is; nothing is asked of Athena yet."""
    store = _objects(aws)
    plays = store.list("plays")
    last = max((item.partition for item in plays), default="")
    first = (date.fromisoformat(last) - timedelta(days=days - 1)).isoformat() if last else ""
    objects = {
        table: [item for item in (plays if table == "plays" else store.list(table)) if first <= item.partition <= last]
        for table in READ
    }
    return Visit(names(), first, last, objects)


def _objects(aws: "Aws") -> S3TableObjects:
    return S3TableObjects(aws.client("s3"), aws.settings.data_bucket)


# ---- what is looked at ------------------------------------------------------------------------------------------


def deployment_findings(aws: "Aws", now: datetime) -> list[Finding]:
    """Mail, login, polls and page: free, but for a few requests."""
    state = state_of(aws.hot)
    return [
        _mail(aws),
        *login_findings(aws.tokens, state, now, f"playledger login --aws {SETTINGS}"),
        poll_finding(state, now, "look into the log of the function ingest, and at its schedule"),
        page_finding(aws.publisher, now, "invoke the function aggregate, and look into its log"),
    ]


def _mail(aws: "Aws") -> Finding:
    subscribers = SnsAlerts(aws.client("sns"), aws.settings.alerts_topic).subscribers()
    if not subscribers:
        return wrong("mail", "nobody is told of alarms", "apply Terraform again", OwnerMustAct)
    if UNCONFIRMED in subscribers:
        advice = "follow the link in the mail that AWS sent, or subscribe again by applying Terraform"
        return wrong("mail", "not confirmed: no alarm reaches you", advice, OwnerMustAct)
    return ok("mail", "alarms reach you")


def explained(engine: QueryEngine, questions: Sequence[str], zone: str, *, quiet: bool = False) -> list[Finding]:
    """One finding for every question that Athena refuses, or one for all that it takes."""
    refused = []
    with progress_bar("explaining", quiet=quiet) as progress:
        for done, name in enumerate(questions, start=1):
            refused += _refusal(engine, load(name), zone)
            progress(done, len(questions))
    return refused or [ok("questions", f"Athena takes all {len(questions)}")]


def _refusal(engine: QueryEngine, question: Query, zone: str) -> list[Finding]:
    try:
        engine.ask("explain " + bind(question.text, samples(question, zone)))
    except WorldChanged as error:
        advice = "this is a fault of Playledger's: report it with these words"
        return [wrong(f"sql/{question.name}.sql", str(error), advice, WorldChanged)]
    return []


MOMENT = datetime(2026, 1, 1)  # noqa: DTZ001  a parameter is UTC without saying so

SAMPLES: Mapping[str, object] = {
    "p_limit": 10,
    "p_seconds": 30,
    **dict.fromkeys(("p_done", "p_incognito", "p_lasting", "p_plain"), True),
}
"""Parameters that are numbers, or true or false. All others are text: zones, dates, months, lists of URIs."""


def samples(question: Query, zone: str) -> dict[str, object]:
    """A value of the right kind for each parameter: windows that are told apart by name have moments as bounds."""
    has_moments = any(name.startswith("p_from_") for name in question.params)
    bound: object = MOMENT if has_moments else MOMENT.date().isoformat()
    return {name: SAMPLES.get(name, zone if name == "p_tz" else bound) for name in question.params}


def compared(aws: "Aws", visit: Visit, engine: QueryEngine | None = None, *, quiet: bool = False) -> list[Finding]:
    """The numbers from Athena and from DuckDB. Raises StateConflict where the tables were replaced meanwhile."""
    if not visit.fetched:
        return [note("numbers", "there are no plays yet to count", "come back after the first night")]
    with tempfile.TemporaryDirectory(prefix="playledger-doctor-") as folder:
        with progress_bar("fetching", quiet=quiet) as progress:
            _fetch(_objects(aws), visit, Path(folder), progress)
        theirs = _numbers(engine or aws.engine, visit)
        if plan(aws, visit.days).objects != visit.objects:
            raise StateConflict("the tables were replaced while they were read; run it again")
        here = DuckDbQueryEngine(Path(folder))
        try:
            ours = _numbers(here, visit)
        finally:
            here.close()
    return [_agreement(name, theirs[name], ours[name]) for name in NUMBERS]


def _fetch(store: S3TableObjects, visit: Visit, folder: Path, progress: Callable[[int, int], None]) -> None:
    for done, item in enumerate(visit.fetched, start=1):
        store.fetch(item, folder)
        progress(done, len(visit.fetched))


def _numbers(engine: QueryEngine, visit: Visit) -> dict[str, Any]:
    bounds = {"p_first": visit.first, "p_last": visit.last}
    return {name: engine.ask(bind(text, bounds)).rows[0][0] for name, text in NUMBERS.items()}


def _agreement(name: str, theirs: Any, ours: Any) -> Finding:
    if theirs == ours:
        return ok(name, f"{theirs}, by Athena and by DuckDB")
    advice = "the two engines read the same objects differently: report it with both numbers"
    return wrong(name, f"Athena says {theirs}, DuckDB says {ours}", advice, WorldChanged)
