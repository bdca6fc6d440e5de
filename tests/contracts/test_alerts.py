"""What every way to the owner promises: an occasion is told once; and what the one in AWS does when AWS fails."""

from collections.abc import Iterator

import pytest

from adapters.alerts import LoggedAlerts, SnsAlerts
from playledger.errors import StoreUnavailable
from playledger.ports import Alert, Alerts
from tests.support.aws import Mailbox, create_table, mailbox

pytestmark = pytest.mark.contract

GAP = Alert("gap", "2026-03-20", "plays may be lost", "Spotify's list does not reach back.")
NEXT_DAY = Alert("gap", "2026-03-21", "plays may be lost", "Spotify's list does not reach back.")
LOGIN = Alert("login", "2026-03-20", "log in again", "The login has ended.")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A topic with somebody who reads it, and a table."""
    import boto3
    from moto import mock_aws

    with mock_aws(), mailbox() as box:
        box.dynamodb = boto3.client("dynamodb", region_name="eu-north-1")
        create_table(box.dynamodb, "state", id="HASH")
        yield box
        box.dynamodb.close()


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws)])
def alerts(request: pytest.FixtureRequest) -> Alerts:
    if request.param == "laptop":
        return LoggedAlerts()
    box = request.getfixturevalue("box")
    return SnsAlerts(box.sns, box.topic, box.dynamodb, "state")


def test_an_occasion_is_told_once_and_conditions_do_not_mind_each_other(alerts: Alerts) -> None:
    told = [alerts.tell(alert) for alert in (GAP, GAP, LOGIN, GAP, LOGIN, NEXT_DAY, NEXT_DAY)]
    assert told == [True, False, True, False, False, True, False]


def test_on_a_laptop_alerts_are_logged_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    alerts = LoggedAlerts()
    alerts.tell(GAP)
    alerts.tell(GAP)
    assert alerts.told == [GAP]
    assert caplog.messages == ["plays may be lost: Spotify's list does not reach back."]


@pytest.mark.aws
def test_a_topic_gets_subject_and_text(box: Mailbox) -> None:
    SnsAlerts(box.sns, box.topic, box.dynamodb, "state").tell(GAP)
    assert box.messages() == [(GAP.subject, GAP.text)]


@pytest.mark.aws
def test_another_process_knows_what_was_told(box: Mailbox) -> None:
    assert SnsAlerts(box.sns, box.topic, box.dynamodb, "state").tell(GAP)
    assert not SnsAlerts(box.sns, box.topic, box.dynamodb, "state").tell(GAP)


@pytest.mark.aws
def test_without_a_table_every_alert_is_told(box: Mailbox) -> None:
    alerts = SnsAlerts(box.sns, box.topic)
    assert (alerts.tell(GAP), alerts.tell(GAP)) == (True, True)
    assert len(box.messages()) == 2


@pytest.mark.aws
def test_what_could_not_be_published_is_told_by_the_next_try(box: Mailbox) -> None:
    with pytest.raises(StoreUnavailable):
        SnsAlerts(box.sns, f"{box.topic}-gone", box.dynamodb, "state").tell(GAP)
    assert SnsAlerts(box.sns, box.topic, box.dynamodb, "state").tell(GAP)


@pytest.mark.aws
@pytest.mark.parametrize("subject", ["two\nlines\tand ü🎧", "x" * 300])
def test_any_words_make_a_subject_that_sns_takes(box: Mailbox, subject: str) -> None:
    SnsAlerts(box.sns, box.topic).tell(Alert("a", "b", subject, "y" * 300_000))
    [(given, text)] = box.messages()
    assert given.isascii()
    assert given.isprintable()
    assert len(given) < 100
    assert len(text) < 256 * 1024


@pytest.mark.aws
def test_who_is_told_can_be_asked(box: Mailbox) -> None:
    assert len(SnsAlerts(box.sns, box.topic).subscribers()) == 1
    with pytest.raises(StoreUnavailable):
        SnsAlerts(box.sns, f"{box.topic}-gone").subscribers()
