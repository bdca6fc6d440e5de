"""The stack as a local AWS holds it after `plan` and `apply`: complete, stable, and without the login in any file."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest

from adapters.hot_store import TTL_ATTRIBUTE, DynamoHotStore
from adapters.journal import S3Journal
from adapters.metadata_cache import DynamoMetadataCache
from adapters.publisher import S3Publisher
from adapters.table_store import S3TableStore
from adapters.token_store import ParameterTokenStore
from cli.serve import PAGE, HeaderPolicy, site
from playledger.errors import NeedsReauth
from playledger.journal import encode
from playledger.models import IngestionState, Token
from playledger.settings import Settings, environment_values
from tests.support.builders import NOON, a_play
from tests.support.deployed import SEED, Deployed
from tests.support.tree import ROOT

pytestmark = pytest.mark.aws

CONTRACT = json.loads((ROOT / "terraform/env_contract.json").read_text("utf-8"))
MEMORY = json.loads((ROOT / "terraform/memory_env.json").read_text("utf-8"))
CATALOG = json.loads((ROOT / "glue_catalog/tables.json").read_text("utf-8"))
LOGIN = Token(refresh_token="canary-refresh-51d1c0de", authorized_at=datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture(scope="module", autouse=True)
def empty(deployed: Deployed) -> None:
    """Other tests may have filled it."""
    deployed.clear()


@pytest.fixture(scope="module")
def planned_again(deployed: Deployed) -> str:
    """What a second plan says, after the owner has logged in."""
    tokens_of(deployed).save(LOGIN, None)
    return deployed.terraform.run("plan", "-detailed-exitcode", "-out=second.tfplan", *deployed.variables)


@pytest.fixture(scope="module")
def written(deployed: Deployed, planned_again: str) -> dict[str, bytes]:
    """All that Terraform wrote or printed."""
    return deployed.written() | {"printed again": planned_again.encode()}


def tokens_of(deployed: Deployed) -> ParameterTokenStore:
    return ParameterTokenStore(deployed.client("ssm"), deployed.outputs["settings"]["PLAYLEDGER_TOKEN_PARAMETER"])


def test_a_second_plan_has_nothing_to_do_even_after_the_owner_has_logged_in(deployed, planned_again):
    assert "No changes" in planned_again
    assert tokens_of(deployed).load()[0] == LOGIN


def test_the_login_is_in_no_file_and_no_word_of_terraforms(written):
    assert {"terraform.tfstate", "deploy.tfplan", "second.tfplan"} <= set(written)
    for secret in (SEED, LOGIN.refresh_token):
        assert [name for name, body in written.items() if secret.encode() in body] == []


def test_what_is_in_them_would_be_found(written):
    holders = [name for name, body in written.items() if b"listener@example.org" in body]
    assert {"terraform.tfstate", "plan", "printed"} <= set(holders)


def test_what_is_seeded_is_no_login(deployed):
    deployed.clear()
    parameter = deployed.outputs["settings"]["PLAYLEDGER_TOKEN_PARAMETER"]
    stored = deployed.client("ssm").get_parameter(Name=parameter, WithDecryption=True)["Parameter"]
    assert (stored["Type"], stored["Value"]) == ("SecureString", SEED)
    with pytest.raises(NeedsReauth):
        tokens_of(deployed).load()


# ---- functions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTRACT)
def test_a_function_is_told_what_the_contract_says(deployed, name):
    environment = deployed.functions[name].environment
    assert sorted(environment) == sorted([*CONTRACT[name], *MEMORY])
    assert {**environment, **MEMORY} == environment
    needed = tuple(variable.removeprefix("PLAYLEDGER_").lower() for variable in CONTRACT[name])
    settings = Settings.load(environment_values(environment), needed=needed)
    assert {variable for variable in environment if not environment[variable]} == set()
    assert settings.data_bucket == deployed.outputs["data_bucket"]


@pytest.mark.parametrize("name", CONTRACT)
def test_a_function_runs_the_code_that_was_built(deployed, name):
    digest = hashlib.sha256((deployed.artifacts / "code.zip").read_bytes()).digest()
    assert deployed.functions[name].code_sha256 == base64.b64encode(digest).decode()


@pytest.mark.parametrize("name", CONTRACT)
def test_what_a_function_is_told_of_exists(deployed, name):
    told = deployed.functions[name].environment
    for variable in told:
        if variable.endswith("_TABLE"):
            deployed.client("dynamodb").describe_table(TableName=told[variable])
        elif variable.endswith("_BUCKET"):
            deployed.client("s3").head_bucket(Bucket=told[variable])
    if "PLAYLEDGER_ENRICH_FUNCTION" in told:
        assert told["PLAYLEDGER_ENRICH_FUNCTION"] == deployed.functions["enrich"].name
    topics = deployed.client("sns").list_topics()["Topics"]
    assert told["PLAYLEDGER_ALERTS_TOPIC"] in [topic["TopicArn"] for topic in topics]
    if "PLAYLEDGER_ATHENA_WORKGROUP" in told:
        deployed.client("athena").get_work_group(WorkGroup=told["PLAYLEDGER_ATHENA_WORKGROUP"])
        deployed.client("glue").get_database(Name=told["PLAYLEDGER_GLUE_DATABASE"])


@pytest.mark.parametrize("name", CONTRACT)
def test_a_role_names_what_it_may_do(deployed, name):
    statements = deployed.functions[name].statements
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    assert [action for statement in statements for action in statement["Action"] if "*" in action] == []
    assert [arn for statement in statements for arn in statement["Resource"] if "*" in arn[:-1]] == []
    assert len({statement["Sid"] for statement in statements}) == len(statements)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_names_that_permissions_spell_out_are_those_of_the_resources(deployed, name):
    spelled = {arn for statement in deployed.functions[name].statements for arn in statement["Resource"]}
    tables = [
        deployed.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
        for table in tables_of(deployed)
    ]
    queue = deployed.client("sqs").get_queue_attributes(
        QueueUrl=deployed.outputs["dead_letters_url"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    functions = [function.arn for function in deployed.functions.values()]
    assert {arn for arn in spelled if ":dynamodb:" in arn} <= set(tables)
    assert {arn for arn in spelled if ":function:" in arn} <= set(functions)
    assert {arn for arn in spelled if ":sqs:" in arn} == {queue}
    assert {arn.split("/")[0].split(":::")[1] for arn in spelled if ":s3:::" in arn} <= {
        deployed.outputs["data_bucket"],
        deployed.outputs["site_bucket"],
    }


def tables_of(deployed: Deployed) -> list[str]:
    settings = deployed.outputs["settings"]
    return [settings[f"PLAYLEDGER_{name}_TABLE"] for name in ("PLAYS", "TRACKS", "ARTISTS", "STATE")]


def test_every_schedule_wakes_a_function_with_the_time_it_was_due(deployed):
    scheduler = deployed.client("scheduler")
    targets = {function.arn for function in deployed.functions.values()}
    names = [item["Name"] for item in scheduler.list_schedules()["Schedules"]]
    found = {name: scheduler.get_schedule(Name=name, GroupName="playledger")["Target"] for name in names}
    assert {target["Arn"] for target in found.values()} == targets
    inputs = {name: json.loads(target["Input"]) for name, target in found.items()}
    assert {event["time"] for event in inputs.values()} == {"<aws.scheduler.scheduled-time>"}
    assert {name: event["tick"] for name, event in inputs.items() if "tick" in event} == {
        "ingest-hourly": "hour",
        "ingest-quarter": "quarter",
    }
    for target in found.values():
        assert target["DeadLetterConfig"]["Arn"].endswith(":playledger-dead-letters")


# ---- the page ---------------------------------------------------------------------------------------------------


def test_the_page_lies_in_its_bucket_as_the_local_server_shows_it(deployed, tmp_path):
    s3, bucket = deployed.client("s3"), deployed.outputs["site_bucket"]
    keys = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    shown = {address.removeprefix("/"): file for address, file in site(PAGE, tmp_path).items()}
    assert keys == set(shown) - {"", "dashboard_data.json"}
    policy = HeaderPolicy.read(PAGE / "headers.json")
    for key in keys:
        stored = s3.get_object(Bucket=bucket, Key=key)
        assert stored["Body"].read() == shown[key].file.read_bytes()
        assert stored["ContentType"] == shown[key].media
        assert stored["CacheControl"] == policy.headers(f"/{key}")["Cache-Control"]


# ---- what the adapters meet -------------------------------------------------------------------------------------


def test_the_adapters_find_tables_and_buckets_as_they_write_them(deployed):
    deployed.clear()
    settings = Settings.load(environment_values(deployed.outputs["settings"]))
    play = a_play()
    dynamodb, s3 = deployed.client("dynamodb"), deployed.client("s3")
    hot = DynamoHotStore(dynamodb, settings.plays_table, settings.state_table, settings.hot_ttl_days)
    hot.commit([play], IngestionState(version=1, last_run_timestamp=NOON))
    assert list(hot.plays(NOON)) == [play]
    cache = DynamoMetadataCache(dynamodb, settings.tracks_table, settings.artists_table, settings.state_table)
    assert cache.claim(play.track_uri, NOON, NOON.replace(hour=13))
    assert cache.claim("A" * 22, NOON, NOON.replace(hour=13))
    batch = encode([play], NOON.date())
    assert S3Journal(s3, settings.data_bucket).put(batch.key, batch.body)
    assert not S3Journal(s3, settings.data_bucket).put(batch.key, batch.body)
    assert S3TableStore(s3, settings.data_bucket).list("plays") == {}
    S3Publisher(s3, settings.site_bucket).publish("dashboard_data.json", b"{}", "application/json")
    deployed.clear()
    assert hot.load_state() is None
    assert S3Journal(s3, settings.data_bucket).list() == []


def test_plays_expire_by_the_attribute_that_the_adapter_writes(deployed):
    plays = tables_of(deployed)[0]
    ttl = deployed.client("dynamodb").describe_time_to_live(TableName=plays)["TimeToLiveDescription"]
    assert (ttl["AttributeName"], ttl["TimeToLiveStatus"]) == (TTL_ATTRIBUTE, "ENABLED")


@pytest.mark.parametrize("name", CATALOG)
def test_athena_is_told_of_a_table_what_the_catalog_says(deployed, name):
    wanted, bucket = CATALOG[name], deployed.outputs["data_bucket"]
    table = deployed.client("glue").get_table(DatabaseName="playledger", Name=name)["Table"]
    stored = table["StorageDescriptor"]
    assert [(column["Name"], column["Type"], column["Comment"]) for column in stored["Columns"]] == [
        (column["name"], column["type"], column["comment"]) for column in wanted["columns"]
    ]
    assert [key["Name"] for key in table["PartitionKeys"]] == [key["name"] for key in wanted["partition_keys"]]
    assert stored["Location"] == f"s3://{bucket}/{wanted['location']}"
    assert stored["SerdeInfo"]["SerializationLibrary"] == wanted["serde"]
    template = table["Parameters"].get("storage.location.template", "")
    assert template == (f"s3://{bucket}/{wanted['location_template']}" if wanted["location_template"] else "")
    assert {key: value for key, value in table["Parameters"].items() if key != "storage.location.template"} == wanted[
        "parameters"
    ]
