"""Pieces of a moto AWS inside this process: tables, and a topic whose messages can be read."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

REGION = "eu-north-1"


def create_table(client: Any, table: str, **keys: str) -> None:
    """A table on demand; `keys` are its text attributes and what they are, HASH or RANGE."""
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )


@dataclass
class Mailbox:
    """A topic, and the queue that its messages go to."""

    sns: Any
    sqs: Any
    topic: str
    queue: str
    dynamodb: Any = None

    def messages(self) -> list[tuple[str, str]]:
        """Subject and text of what came since this was asked last."""
        found: list[tuple[str, str]] = []
        while got := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                body = json.loads(message["Body"])
                found.append((body["Subject"], body["Message"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found


@contextmanager
def mailbox(name: str = "alerts") -> Iterator[Mailbox]:
    """A new topic somebody reads."""
    import boto3

    with (
        closing(boto3.client("sns", region_name=REGION)) as sns,
        closing(boto3.client("sqs", region_name=REGION)) as sqs,
    ):
        topic = sns.create_topic(Name=name)["TopicArn"]
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"])
        yield Mailbox(sns, sqs, topic, queue)
