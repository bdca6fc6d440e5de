"""The way to the owner: the log on a laptop, an SNS topic in AWS. What was told is remembered."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playledger.errors import StoreUnavailable
from playledger.ports import Alert

# ---- laptop -----------------------------------------------------------------------------------------------------

_log = logging.getLogger(__name__)


class LoggedAlerts:
    """Warnings in the log; `told` holds them, oldest first, and is forgotten with the process."""

    def __init__(self) -> None:
        self.told: list[Alert] = []

    def tell(self, alert: Alert) -> bool:
        """Logs the alert, unless this occasion is in `told`."""
        if any((known.condition, known.occasion) == (alert.condition, alert.occasion) for known in self.told):
            return False
        _log.warning("%s: %s", alert.subject, alert.text)
        self.told.append(alert)
        return True


# ---- AWS --------------------------------------------------------------------------------------------------------

STATE_KEY = "id"
ITEM_PREFIX = "alert#"
LONGEST_SUBJECT = 99
LONGEST_TEXT = 4000
UNCONFIRMED = "PendingConfirmation"
"""What SNS says where the ARN of a subscription would be, before the mail's link was followed."""


class SnsAlerts:
    """A topic, and one item per condition in the state table, which holds the occasion that was told last.

    The item is written after publishing: who fails in between tells twice. Without a table every alert is told.
    """

    def __init__(self, sns: Any, topic: str, dynamodb: Any = None, state_table: str = "") -> None:
        self._sns = sns
        self._topic = topic
        self._dynamodb = dynamodb
        self._state_table = state_table

    def tell(self, alert: Alert) -> bool:
        """Publishes the alert, unless this occasion was told last. Raises StoreUnavailable."""
        with _answered():
            if self._state_table and not self._is_news(alert):
                return False
            self._sns.publish(TopicArn=self._topic, Subject=_subject(alert), Message=alert.text[:LONGEST_TEXT])
            if self._state_table:
                self._note(alert, "SET told = :occasion")
        return True

    def subscribers(self) -> list[str]:
        """ARNs of the topic's first hundred subscriptions; UNCONFIRMED for each that nobody has confirmed yet."""
        with _answered():
            found = self._sns.list_subscriptions_by_topic(TopicArn=self._topic)["Subscriptions"]
        return [item["SubscriptionArn"] for item in found]

    def _is_news(self, alert: Alert) -> bool:
        """Asks by a conditional update, which most functions may make where they may not read."""
        condition = "attribute_not_exists(told) OR told <> :occasion"
        try:
            self._note(alert, "SET telling = :occasion", ConditionExpression=condition)
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _note(self, alert: Alert, update: str, **more: str) -> None:
        self._dynamodb.update_item(
            TableName=self._state_table,
            Key={STATE_KEY: {"S": ITEM_PREFIX + alert.condition}},
            UpdateExpression=update,
            ExpressionAttributeValues={":occasion": {"S": alert.occasion}},
            **more,
        )


def _subject(alert: Alert) -> str:
    """One line of ASCII: SNS refuses others."""
    words = " ".join(alert.subject.split()).encode("ascii", "replace").decode()
    return words[:LONGEST_SUBJECT]


@contextmanager
def _answered() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"the topic of alerts did not answer: {error}") from error
