"""The judge of permissions: what a call needs, and what a policy gives."""

from typing import Any

import pytest

from tests.support.permissions import Account, Policy, matches, needs

pytestmark = pytest.mark.aws

ACCOUNT = Account("eu-north-1", "123456789012", "ledger")


def statement(effect: str, action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Sid": f"{effect} {action}", "Effect": effect, "Action": [action], "Resource": [resource], **more}


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (("s3", "ListObjectsV2", {"Bucket": "b"}), [("s3:ListBucket", "arn:aws:s3:::b")]),
        (("s3", "HeadObject", {"Bucket": "b", "Key": "k/x"}), [("s3:GetObject", "arn:aws:s3:::b/k/x")]),
        (
            ("dynamodb", "TransactWriteItems", {"TransactItems": [["Put", "plays"], ["Update", "state"]]}),
            [
                ("dynamodb:PutItem", "arn:aws:dynamodb:eu-north-1:123456789012:table/plays"),
                ("dynamodb:UpdateItem", "arn:aws:dynamodb:eu-north-1:123456789012:table/state"),
            ],
        ),
        (
            ("ssm", "GetParameter", {"Name": "/a/login"}),
            [("ssm:GetParameter", "arn:aws:ssm:eu-north-1:123456789012:parameter/a/login")],
        ),
        (
            ("lambda", "Invoke", {"FunctionName": "arn:aws:lambda:eu-north-1:123456789012:function:night"}),
            [("lambda:InvokeFunction", "arn:aws:lambda:eu-north-1:123456789012:function:night")],
        ),
        (
            ("glue", "GetTable", {"DatabaseName": "d", "Name": "plays"}),
            [
                ("glue:GetTable", "arn:aws:glue:eu-north-1:123456789012:catalog"),
                ("glue:GetTable", "arn:aws:glue:eu-north-1:123456789012:database/d"),
                ("glue:GetTable", "arn:aws:glue:eu-north-1:123456789012:table/d/plays"),
            ],
        ),
    ],
)
def test_a_call_needs_actions_on_resources(call: Any, needed: Any) -> None:
    assert needs(call, ACCOUNT) == needed


@pytest.mark.parametrize(
    "call",
    [
        ("kms", "Decrypt", {}),
        ("s3", "DeleteObject", {"Bucket": "b", "Key": "k"}),
        ("dynamodb", "DeleteTable", {"TableName": "t"}),
        ("athena", "DeleteWorkGroup", {"WorkGroup": "ledger"}),
    ],
)
def test_a_call_that_nobody_thought_of_is_no_permitted_call(call: Any) -> None:
    with pytest.raises((KeyError, ValueError)):
        needs(call, ACCOUNT)


def test_what_is_not_granted_is_refused_and_a_deny_wins() -> None:
    policy = Policy([statement("Allow", "s3:GetObject", "arn:aws:s3:::b/*"), statement("Deny", "s3:*", "*/secret")])
    assert policy.allows(("s3:GetObject", "arn:aws:s3:::b/k"))
    assert not policy.allows(("s3:PutObject", "arn:aws:s3:::b/k"))
    assert not policy.allows(("s3:GetObject", "arn:aws:s3:::c/k"))
    assert not policy.allows(("s3:GetObject", "arn:aws:s3:::b/secret"))


def test_what_nobody_used_is_named() -> None:
    policy = Policy([statement("Allow", "s3:GetObject", "a"), statement("Allow", "s3:PutObject", "a")])
    policy.allows(("s3:GetObject", "a"))
    assert policy.unused() == [("Allow s3:PutObject", "s3:PutObject", "a")]


def test_a_condition_is_not_passed_over() -> None:
    policy = Policy([statement("Allow", "s3:GetObject", "*", Condition={"Bool": {"aws:SecureTransport": "true"}})])
    with pytest.raises(KeyError, match="condition"):
        policy.allows(("s3:GetObject", "a"))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("a/*", "a/b/c", True), ("a/*", "a", False), ("a.c", "abc", False), ("a?c", "abc", True), ("*", "", True)],
)
def test_patterns_compare_as_iams_do(pattern: str, text: str, *, fits: bool) -> None:
    assert matches(pattern, text) is fits
