"""What several contract tests stand on."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def s3() -> Iterator[Any]:
    """An S3 client with the empty bucket `data`."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("s3", region_name="eu-north-1")
        client.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        yield client
        client.close()
