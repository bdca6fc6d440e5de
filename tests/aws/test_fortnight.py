"""A fortnight in the deployed stack, beside a laptop with the same account: every night ends in the same document.

The functions are those that Terraform deployed to a local AWS: the built code, their variables, their schedules, their
roles. Athena is the local one, Spotify a simulated account that was down for six hours.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from aggregation.job import DOCUMENT
from ingestion.capture import COMMITS_LEARNED_AT_ONCE
from playledger.models import Token
from tests.support import side_by_side
from tests.support.deployed import SEED, Deployed
from tests.support.side_by_side import END, SHORT, Stack

pytestmark = [pytest.mark.aws, pytest.mark.timeout(900)]

HOUR = timedelta(hours=1)
MOST_QUERIES = 40
"""Of a night: Athena bills each one for 10 MB at least."""

SECRETS = re.compile(rb"simulated-(access|refresh|code)-|" + SEED.encode())
"""Whatever the account gives out to be kept secret, and what the login's parameter held at first."""

OF_AWS_ITSELF = "For"
"""How the Sid of a grant begins that an AWS service uses on the function's behalf."""


@dataclass
class Fortnight:
    """The stack after it, and each night's document as both have it."""

    stack: Stack
    here: list[bytes] = field(default_factory=list)
    there: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def fortnight(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    """Both, woken side by side. One night has too little time, so that it goes on in another invocation."""
    folder = tmp_path_factory.mktemp("fortnight")
    with (
        side_by_side.laptop(folder / "home") as (here, laptop),
        side_by_side.stack(deployed, folder) as stack,
    ):
        both = Fortnight(stack)
        for moment, schedule in side_by_side.timeline(side_by_side.schedules(deployed)):
            side_by_side.wake_laptop(here, laptop, moment, schedule)
            is_night = schedule.function == "aggregate"
            stack.wake(moment, schedule, *((SHORT,) if is_night and len(both.here) == 2 else ()))
            if is_night:
                both.here.append(laptop.publisher.published(DOCUMENT) or b"")
                both.there.append(stack.published())
        yield both


# ---- the document -----------------------------------------------------------------------------------------------


def test_every_night_ends_in_the_laptops_document_byte_for_byte(fortnight: Fortnight) -> None:
    assert len(fortnight.here) == 15
    assert [
        night for night, pair in enumerate(zip(fortnight.here, fortnight.there, strict=True)) if len({*pair}) > 1
    ] == []
    assert len({*fortnight.there}) == 15


def test_the_fortnight_was_no_easy_one(fortnight: Fortnight) -> None:
    document = json.loads(fortnight.there[-1])
    polls = [done.answer for done in fortnight.stack.invocations["ingest"] if done.answer]
    failed = [done.error for done in fortnight.stack.invocations["ingest"] if done.error]
    gaps = document["health"]["gaps"]
    assert document["totals"]["plays"] > 400
    assert len(failed) >= 6
    assert {error.split(":")[0] for error in failed} == {"SpotifyUnavailable"}
    assert max(poll["new"] for poll in polls) == 50
    assert gaps["total"] >= 1
    assert gaps["est_lost"][1] > 0


def test_every_schedule_woke_its_function_and_polls_called_enrich(fortnight: Fortnight) -> None:
    done = {name: len(invocations) for name, invocations in fortnight.stack.invocations.items()}
    polls = fortnight.stack.invocations["ingest"]
    asked = [poll.answer["version"] for poll in polls if poll.invoked]
    commits = max(poll.answer["version"] for poll in polls if poll.answer)
    assert done == {"ingest": 4 * 342, "enrich": 15 + len(asked), "aggregate": 15 + 1, "playlist": 2}
    assert asked == list(range(1, commits + 1, COMMITS_LEARNED_AT_ONCE))
    assert len(asked) > 2


def test_a_night_without_enough_time_went_on_by_itself(fortnight: Fortnight) -> None:
    [stopped] = [done for done in fortnight.stack.invocations["aggregate"] if done.invoked]
    assert stopped.answer == {"continued": 1}
    assert stopped.invoked[0][1]["round"] == 1


def test_a_night_asks_at_most_forty_questions(fortnight: Fortnight) -> None:
    counts = [done.answer["queries"] for done in fortnight.stack.invocations["aggregate"] if not done.invoked]
    billed = [
        sum(execution.statement == "SELECT" for execution in asked)
        for moment, asked in fortnight.stack.queries.items()
        if len(asked) > 1
    ]
    assert 15 < min(counts) <= max(counts) <= MOST_QUERIES
    assert max(billed) <= MOST_QUERIES
    assert {execution.state for asked in fortnight.stack.queries.values() for execution in asked} == {"SUCCEEDED"}


# ---- permissions ------------------------------------------------------------------------------------------------


def test_no_role_lacked_a_permission(fortnight: Fortnight) -> None:
    assert fortnight.stack.refused == {}


@pytest.fixture(scope="module")
def months_later(fortnight: Fortnight) -> Fortnight:
    """What seldom happens, after the fortnight: S3 and hot store lose something, logins end. Roles allow it, too.

    Lambda may run a function twice. `playlist` is then first to see what it wrote, and `enrich`, whose token came from
    a poll until now, renews the login itself: Spotify was not polled for hours.
    """
    stack, now = fortnight.stack, END
    while not stack.run("ingest", now, broken=["s3.PutObject"]).error:
        now += HOUR  # until there is a play that the journal cannot take
    stack.forget_a_hot_play(now + 2 * HOUR)
    stack.run("aggregate", now + 2 * HOUR)
    for minutes in (0, 5):
        stack.run("playlist", now + 4 * HOUR + timedelta(minutes=minutes))
    stack.forget_artists()
    stack.run("enrich", now + 6 * HOUR)
    stack.run("aggregate", login_of(stack).dies_at - timedelta(days=10))
    stack.world.spotify.accounts.revoke()
    later = now + timedelta(days=20)
    stack.forget_artists()
    for number, name in enumerate(("ingest", "enrich", "playlist")):
        stack.run(name, later + number * timedelta(days=1))
    return fortnight


def login_of(stack: Stack) -> Token:
    return stack.tokens.load()[0]


def test_what_was_lost_on_the_way_was_brought_back(months_later: Fortnight) -> None:
    polls, nights = (months_later.stack.invocations[name] for name in ("ingest", "aggregate"))
    refused = next(poll for poll in polls if poll.error.startswith("StoreUnavailable"))
    carried = [call for call in nights[-2].calls if call[1] == "PutObject" and call[2]["Key"].startswith("journal/")]
    assert "s3" in {service for service, *_ in refused.calls}
    assert carried
    assert [night.error for night in nights if night.error] == []


def test_every_permission_is_needed(months_later: Fortnight) -> None:
    left = [
        f"{name}: {sid} {action} on {resource}"
        for name, policy in months_later.stack.policies.items()
        for sid, action, resource in policy.unused()
        if not sid.startswith(OF_AWS_ITSELF)
    ]
    assert left == [], "\n".join(left)
    assert months_later.stack.refused == {}


# ---- secrets ----------------------------------------------------------------------------------------------------


def test_no_token_code_or_secret_is_anywhere_but_in_the_login(months_later: Fortnight) -> None:
    stack = months_later.stack
    texts = {f"log of {name}": text.encode() for name, text in stack.logs().items()}
    for bucket in ("data_bucket", "site_bucket"):
        texts |= {f"{bucket} {key}": body for key, body in stack.objects(bucket).items()}
    texts |= {f"table {name}": text.encode() for name, text in stack.items().items()}
    texts |= {f"terraform {name}": body for name, body in stack.deployed.written().items()}
    texts["answers"] = str(stack.invocations).encode()
    assert [name for name, body in texts.items() if SECRETS.search(body)] == []
    assert len(texts) > 100
    assert SECRETS.search(login_of(stack).model_dump_json().encode())


def test_a_plan_after_all_this_has_nothing_to_do(months_later: Fortnight) -> None:
    deployed = months_later.stack.deployed
    said = deployed.terraform.run("plan", "-detailed-exitcode", "-out=later.tfplan", *deployed.variables)
    assert "No changes" in said
