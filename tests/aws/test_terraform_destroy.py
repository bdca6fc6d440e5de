"""`make destroy` on the deployed stack: everything that was made is gone again. The last test of the stack."""

import pytest

from tests.support.deployed import SEED, Deployed
from wiring.deploy import LEFT_BEHIND, main

pytestmark = pytest.mark.aws

ONE_AFTER_THE_OTHER = {"TF_CLI_ARGS_apply": "-parallelism=1"}
"""moto cannot list the versions in a bucket while another thread deletes one."""


def test_destroying_leaves_nothing_behind(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made = remaining(deployed)
    for name, value in {**deployed.surroundings, "TF_VAR_token_seed": SEED, **ONE_AFTER_THE_OTHER}.items():
        monkeypatch.setenv(name, value)
    assert main(["destroy", "--yes", "--folder", str(deployed.terraform.folder), *deployed.variables]) == 0
    said = capfd.readouterr().out
    assert LEFT_BEHIND in said
    assert deployed.terraform.run("state", "list") == ""
    assert {kind: len(names) for kind, names in made.items() if not names} == {}
    assert {kind: names for kind, names in remaining(deployed).items() if names} == {}


def remaining(deployed: Deployed) -> dict[str, list[str]]:
    """What AWS lists of ours, by kind."""
    client = deployed.client
    roles = [role["RoleName"] for role in client("iam").list_roles()["Roles"]]
    return {
        "buckets": [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]],
        "tables": client("dynamodb").list_tables()["TableNames"],
        "functions": [function["FunctionName"] for function in client("lambda").list_functions()["Functions"]],
        "roles": [name for name in roles if name.startswith("playledger")],
        "schedules": [schedule["Name"] for schedule in client("scheduler").list_schedules()["Schedules"]],
        "parameters": [told["Name"] for told in client("ssm").describe_parameters()["Parameters"]],
        "topics": [topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "alarms": [alarm["AlarmName"] for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "logs": [group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"]],
        "databases": [database["Name"] for database in client("glue").get_databases()["DatabaseList"]],
        "saved questions": client("athena").list_named_queries(WorkGroup="playledger").get("NamedQueryIds", []),
    }
