"""What the doctor finds in a deployment: the mail, every question taken or refused, numbers alike on two engines."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.query_engine import DuckDbQueryEngine
from cli.app import run
from cli.doctor_aws import NUMBERS, compared, deployment_findings, explained, plan, samples
from playledger.errors import StateConflict, WorldChanged
from playledger.models import Token, format_instant
from playledger.ports import Rows
from settlement.job import settle_changed
from sql import bind, load, names
from tests.support.builders import NOON
from tests.support.ledger_home import OWNER, filled
from tests.support.ledger_in_s3 import ledger_in_s3
from tests.support.remote import made_by_hand, write_settings
from wiring.aws import Aws
from wiring.laptop import open_home
from wiring.remote import open_deployment

pytestmark = pytest.mark.aws

DAYS = 40


@dataclass
class Asked:
    """Stands where Athena does: answers from a home's files, refuses what it is told to, remembers the texts."""

    home: DuckDbQueryEngine
    refuses: str = "nothing at all"
    lies: int = 0
    texts: list[str] = field(default_factory=list)

    def ask(self, text: str) -> Rows:
        """The plan of what is explained; else the answer."""
        self.texts.append(text)
        if self.refuses in text:
            raise WorldChanged("Athena refused the question: FUNCTION_NOT_FOUND")
        if text.startswith("explain "):
            return Rows(("Query Plan",), (("Fragment 0",),))
        found = self.home.ask(text)
        value = found.rows[0][0]
        return Rows(found.columns, ((value + self.lies,),)) if isinstance(value, int) else found

    def rows(self, *_: object, **__: object) -> Any:
        """Nobody asks so."""
        raise AssertionError("the doctor asks its own text, no question of ours")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A settled ledger; nobody writes to it."""
    place = filled(tmp_path_factory.mktemp("ledger") / "home", DAYS)
    with open_home(place, {}) as laptop:
        settle_changed(laptop.journal, laptop.tables)
    return place


@pytest.fixture
def athena(home: Path) -> Iterator[Asked]:
    """What answers as Athena would."""
    engine = DuckDbQueryEngine(home)
    yield Asked(engine)
    engine.close()


@pytest.fixture
def aws() -> Iterator[Mapping[str, Any]]:
    """A deployment; clients by service."""
    with made_by_hand() as clients:
        yield clients


@pytest.fixture
def deployment(aws: Mapping[str, Any], home: Path, tmp_path: Path) -> Iterator[Aws]:
    """The roles over it, with the home's tables in its bucket."""
    for file in sorted((home / "tables").rglob("*.gz")):
        key = file.relative_to(home).as_posix()
        aws["s3"].put_object(Bucket="ledger-data", Key=key, Body=file.read_bytes())
    with open_deployment(write_settings(tmp_path / "settings.json"), lambda: NOON) as roles:
        yield roles


# ---- mail, login, polls, page -----------------------------------------------------------------------------------


def verdicts(deployment: Aws) -> dict[str, tuple[str, str]]:
    return {finding.what: (finding.verdict, finding.says) for finding in deployment_findings(deployment, NOON)}


def test_a_new_deployment_tells_that_nobody_gets_its_mail(deployment: Aws) -> None:
    found = verdicts(deployment)
    assert found["mail"] == ("wrong", "nobody is told of alarms")
    assert {what: verdict for what, (verdict, _) in found.items() if what != "mail"} == dict.fromkeys(
        ("login", "polls", "page"), "note"
    )


def test_a_deployment_at_work_is_well(aws: Mapping[str, Any], deployment: Aws) -> None:
    topic = deployment.settings.alerts_topic
    aws["sns"].subscribe(TopicArn=topic, Protocol="email", Endpoint="listener@example.org")
    deployment.tokens.save(Token(refresh_token="r", authorized_at=NOON, account_hash=OWNER), None)
    document = json.dumps({"generated_at": format_instant(NOON)}).encode()
    deployment.publisher.publish("dashboard_data.json", document, "application/json")
    found = verdicts(deployment)
    assert {what: verdict for what, (verdict, _) in found.items()} == {
        "mail": "ok",
        "login": "ok",
        "polls": "note",
        "page": "ok",
    }


class Unconfirmed:
    """SNS before the link in the mail was followed; moto confirms by itself."""

    def list_subscriptions_by_topic(self, **_: object) -> Any:
        """One that waits."""
        return {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}


def test_mail_that_was_not_confirmed_is_wrong(deployment: Aws) -> None:
    deployment._clients["sns"] = Unconfirmed()
    assert verdicts(deployment)["mail"] == ("wrong", "not confirmed: no alarm reaches you")


# ---- every question ---------------------------------------------------------------------------------------------


def test_every_question_is_explained_as_it_stands(athena: Asked) -> None:
    (finding,) = explained(athena, names(), "Europe/Stockholm", quiet=True)
    assert (finding.verdict, finding.says) == ("ok", f"Athena takes all {len(names())}")
    assert len(athena.texts) == len(names()) > 20
    assert all(text.startswith("explain ") and ":p_" not in text for text in athena.texts)


@pytest.mark.parametrize("name", names())
def test_a_sample_has_the_kind_that_the_question_takes(name: str, athena: Asked) -> None:
    question = load(name)
    athena.home.ask(bind(question.text, samples(question, "Europe/Stockholm")))


def test_what_athena_refuses_is_named_by_its_file(athena: Asked) -> None:
    athena.refuses = "playlist_name"
    found = explained(athena, names(), "UTC", quiet=True)
    assert "sql/dashboard/playlist.sql" in [finding.what for finding in found]
    assert {finding.code for finding in found} == {12}


# ---- five numbers -----------------------------------------------------------------------------------------------


def test_numbers_of_the_same_objects_agree(deployment: Aws, athena: Asked) -> None:
    found = compared(deployment, plan(deployment, 31), athena, quiet=True)
    assert [(finding.what, finding.verdict) for finding in found] == [(name, "ok") for name in NUMBERS]
    assert found[0].says.startswith("93, ")
    assert len(athena.texts) == len(NUMBERS) == 5


def test_an_engine_that_reads_otherwise_is_found_out(deployment: Aws, athena: Asked) -> None:
    athena.lies = 1
    found = compared(deployment, plan(deployment, 31), athena, quiet=True)
    assert {finding.what for finding in found if finding.code == 12} == set(NUMBERS) - {"newest play"}
    assert found[0].says == "Athena says 94, DuckDB says 93"


def test_tables_that_change_meanwhile_are_no_fault_of_an_engine(
    aws: Mapping[str, Any], deployment: Aws, athena: Asked, home: Path
) -> None:
    visit = plan(deployment, 31)
    body = (home / "tables/plays/dt=2026-03-10/plays.jsonl.gz").read_bytes()
    aws["s3"].put_object(Bucket="ledger-data", Key="tables/plays/dt=2026-03-10/plays.jsonl.gz", Body=body + body)
    with pytest.raises(StateConflict, match="run it again"):
        compared(deployment, visit, athena, quiet=True)


def test_what_it_costs_is_said_before_anything_is_asked(deployment: Aws) -> None:
    visit = plan(deployment, 31)
    assert (visit.first, visit.last, visit.days) == ("2026-02-08", "2026-03-10", 31)
    assert [item.partition for item in visit.objects["plays"]][:: visit.days - 1] == [visit.first, visit.last]
    assert 0.00025 < visit.dollars < 0.002
    assert f"at most ${visit.dollars:.4f}" in visit.words()


def test_the_command_goes_all_the_way_through_athenas_own_protocol(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ledger_in_s3(NOON) as ledger, made_by_hand(in_process=False):
        ledger.fill(home)
        settings = str(write_settings(tmp_path / "settings.json"))
        command = ["--home", str(tmp_path), "--now", NOON.isoformat(), "doctor", "--aws", "--settings", settings]
        code = run([*command, "--yes", "--json"])
        found = {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}
        asked = list(ledger.athena.executions.values())
    assert code == 11  # of the mail alone, which nobody has subscribed to
    assert {what for what, finding in found.items() if finding["verdict"] == "wrong"} == {"mail"}
    assert found["questions"]["says"] == f"Athena takes all {len(names())}"
    assert found["plays"]["says"] == "93, by Athena and by DuckDB"
    assert len(asked) == len(names()) + len(NUMBERS)
    assert sum(execution.scanned for execution in asked if execution.statement == "EXPLAIN") == 0


def test_whoever_says_no_pays_nothing(
    deployment: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code = run(["--home", str(tmp_path), "doctor", "--aws", "--settings", str(tmp_path / "settings.json"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 11
    assert {finding["what"] for finding in found} == {"mail", "login", "polls", "page"}
    assert deployment.client("athena").list_query_executions()["QueryExecutionIds"] == []


def test_before_the_first_night_there_is_nothing_to_count(
    aws: Mapping[str, Any], tmp_path: Path, athena: Asked
) -> None:
    with open_deployment(write_settings(tmp_path / "settings.json"), lambda: NOON) as empty:
        (finding,) = compared(empty, plan(empty, 31), athena, quiet=True)
    assert finding.verdict == "note"
    assert athena.texts == []
