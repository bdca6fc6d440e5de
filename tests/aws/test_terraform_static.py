"""The Terraform root without an AWS: its form, its own tests, what it refuses and in which words, its contracts."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from playledger.settings import PREFIX, Settings
from tests.support.terraform import Terraform, copied_root, variables
from tests.support.tree import ROOT
from wiring.package import RUNTIME

pytestmark = pytest.mark.aws

FOLDER = ROOT / "terraform"
FILES = sorted(FOLDER.glob("*.tf"))
LONGEST = 120
CONTRACT = json.loads((FOLDER / "env_contract.json").read_text("utf-8"))


def text(path: Path) -> str:
    return path.read_text("utf-8")


# ---- form -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_says_what_it_is_for_and_is_short(path):
    lines = text(path).splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) <= LONGEST


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_knows_of_emulators(path):
    without_redirect = text(path).replace("http://127.0.0.1:8724/callback", "")
    words = r"(?i)moto|emulat|localhost|127\.0\.0\.1|endpoints|skip_(?:credentials|meta|region|req)"
    assert re.findall(words, without_redirect) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_a_checker_is_told_to_pass_over_has_a_reason(path):
    skips = re.findall(r"#checkov:skip=(.*)", text(path))
    assert [skip for skip in skips if not re.fullmatch(r"CKV2?_AWS_\d+:[A-Z].{20,}\.", skip)] == []


PAID_BY_USE = {
    *("aws_athena_named_query", "aws_athena_workgroup", "aws_glue_catalog_database", "aws_glue_catalog_table"),
    *("aws_budgets_budget", "aws_cloudwatch_log_group", "aws_cloudwatch_metric_alarm", "aws_dynamodb_table"),
    *("aws_cloudfront_distribution", "aws_cloudfront_function", "aws_cloudfront_origin_access_control"),
    *("aws_cloudfront_response_headers_policy", "aws_iam_role", "aws_iam_role_policy"),
    *("aws_lambda_function", "aws_lambda_function_event_invoke_config", "aws_lambda_layer_version"),
    *("aws_s3_bucket", "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_ownership_controls"),
    *("aws_s3_bucket_policy", "aws_s3_bucket_public_access_block", "aws_s3_bucket_versioning", "aws_s3_object"),
    *("aws_s3_bucket_server_side_encryption_configuration", "aws_scheduler_schedule", "aws_scheduler_schedule_group"),
    *("aws_sns_topic", "aws_sns_topic_policy", "aws_sns_topic_subscription", "aws_sqs_queue", "aws_ssm_parameter"),
}
"""Types of resources that cost nothing while nobody plays (alarms: ten metrics are free)."""


def test_nothing_costs_while_nobody_plays():
    assert {kind for path in FILES for kind in re.findall(r'(?m)^resource "(\w+)"', text(path))} == PAID_BY_USE


def test_the_time_zones_are_those_of_the_tz_database():
    known = set(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())
    assert set(json.loads(text(FOLDER / "time_zones.json"))) == known


def test_the_layer_is_built_for_the_python_that_runs_it():
    (runtime,) = re.findall(r'default += "(python[^"]+)"', text(FOLDER / "variables_running.tf"))
    assert runtime == "python" + ".".join(map(str, RUNTIME))


# ---- the environment's contract ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTRACT)
def test_every_variable_of_a_function_is_a_setting(name):
    fields = {variable.removeprefix(PREFIX).lower() for variable in CONTRACT[name] if variable.startswith(PREFIX)}
    assert len(fields) == len(CONTRACT[name])
    assert fields <= set(Settings.model_fields)
    assert CONTRACT[name] == sorted(CONTRACT[name])


def test_every_setting_of_aws_reaches_some_function():
    told = {variable.removeprefix(PREFIX).lower() for variables_ in CONTRACT.values() for variable in variables_}
    of_aws = {name for name, field in Settings.model_fields.items() if (field.description or "").startswith("AWS: ")}
    assert of_aws <= told


# ---- Terraform itself -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(terraform_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """A copy of the root, without the override."""
    return copied_root(tmp_path_factory.mktemp("static"))


def test_the_files_are_formatted(terraform_ready):
    Terraform(FOLDER).run("fmt", "-check", "-recursive", "-diff")


def test_the_override_for_tests_is_formatted(terraform_ready):
    Terraform(ROOT / "tests/support").run("fmt", "-check", "-diff")


def test_the_root_is_valid(root):
    assert "The configuration is valid" in root.run("validate")


def test_the_roots_own_tests_pass(root):
    said = root.run("test")
    assert re.search(r"Success! \d+ passed, 0 failed\.", said)


def test_checkov_finds_nothing_that_is_not_explained(needs):
    own = ROOT / ".tools/checkov/bin/checkov"
    program = str(own) if own.is_file() else shutil.which("checkov")
    if program is None:
        needs("checkov", "checkov is neither on PATH nor in .tools; make checkov fetches it")
    command = [program, "--directory", str(FOLDER), "--framework", "terraform", "--skip-download", "--output", "json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    results = json.loads(ended.stdout)["results"]
    assert results["parsing_errors"] == []
    assert [f"{check['check_id']} {check['resource']}" for check in results["failed_checks"]] == []
    assert len(results["passed_checks"]) > 50


# ---- refusals ---------------------------------------------------------------------------------------------------

WRONG = {
    "region": "Stockholm",
    "time_zone": "Mars/Base",
    "alert_email": "listener at example",
    "spotify_client_id": "my-app",
    "dashboard_access": "friends",
    "token_seed_version": 0,
    "break_glass_principal_arn": "*",
    "name_prefix": "My_Ledger",
    "artifact_dir": "./nowhere",
    "python_runtime": "nodejs22.x",
    "pandas_layer_arn": "AWSSDKPandas",
    "reserved_concurrency": 0,
    "log_retention_days": 31,
    "athena_scan_cutoff_bytes": 1000,
    "monthly_budget_usd": 0,
    "hot_ttl_days": 31,
    "enrichment_daily_calls": 501,
    "playlist_name": "",
    "playlist_unplayed_days": 0,
    "playlist_size": 1001,
}
"""A wrong value for each variable; those of `ALSO_WRONG` hang on another variable and come in a second round."""

ALSO_WRONG = {"dashboard_password_sha256": "", "token_seed": "", "hot_ttl_days": 6}


def sentences() -> dict[str, list[str]]:
    """Variable -> what it says when refused, for all variables that refuse anything."""
    found = {}
    for block in re.split(r"(?m)^(?=variable )", "\n".join(map(text, FOLDER.glob("variables*.tf")))):
        if messages := re.findall(r'error_message = "(.*)"', block):
            found[block.split('"')[1]] = messages
    return found


def refused(root: Terraform, wrong: dict[str, object]) -> str:
    """What a plan with these values says, in one line. A wrong region is always among them: nothing is then asked."""
    given = {"artifact_dir": "./tests/artifacts", **wrong, "region": WRONG["region"]}
    said = root.run("plan", *variables(**given), codes=(1,))
    return " ".join(re.sub(r"[│╷╵]", " ", said).split())


@pytest.mark.parametrize("wrong", [WRONG, ALSO_WRONG], ids=["each", "again"])
def test_a_wrong_value_is_refused_with_a_sentence(root, wrong):
    said = refused(root, wrong)
    assert {name: sentences()[name][0] for name in wrong if sentences()[name][0] not in said} == {}


def test_every_variable_that_can_be_refused_was():
    assert set(sentences()) == {*WRONG, *ALSO_WRONG}


def test_the_hash_of_no_password_is_refused(root):
    said = refused(root, {"dashboard_password_sha256": hashlib.sha256(b"").hexdigest()})
    assert sentences()["dashboard_password_sha256"][1] in said


@pytest.mark.parametrize("message", [message for messages in sentences().values() for message in messages])
def test_a_refusal_is_a_sentence(message):
    assert re.fullmatch(r"[A-Z].*\.", message)


# ---- the viewer's function --------------------------------------------------------------------------------------

PASSWORD = "p:4ss-wörd"


@pytest.fixture(scope="module")
def viewer(needs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function with the hash of PASSWORD in it, as a program that answers one request."""
    if not shutil.which("node"):
        needs("node", "node is not on PATH; CloudFront's JavaScript runs in it")
    digest = hashlib.sha256(PASSWORD.encode()).hexdigest()
    program = text(FOLDER / "viewer.js.tftpl").replace("${password_sha256}", digest)
    program += "\nconsole.log(JSON.stringify(handler({ request: JSON.parse(process.argv[2]) })));\n"
    path = tmp_path_factory.mktemp("viewer") / "viewer.js"
    path.write_text(program, "utf-8")
    return path


def answered(viewer: Path, authorization: str | None) -> dict:
    headers = {} if authorization is None else {"authorization": {"value": authorization}}
    request = json.dumps({"method": "GET", "uri": "/index.html", "headers": headers})
    ended = subprocess.run(["node", str(viewer), request], capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize("authorization", [basic(f"listener:{PASSWORD}"), basic(f":{PASSWORD}").replace("B", "b", 1)])
def test_who_has_the_password_gets_in_under_any_name(viewer, authorization):
    assert answered(viewer, authorization)["uri"] == "/index.html"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        basic("listener:"),
        basic("listener:wrong"),
        basic(f"listener:{PASSWORD} "),
        basic(hashlib.sha256(PASSWORD.encode()).hexdigest()),
        f"Bearer {PASSWORD}",
        basic(f"a:{PASSWORD}") + " more",
    ],
)
def test_who_has_not_is_asked_for_it(viewer, authorization):
    answer = answered(viewer, authorization)
    assert answer["statusCode"] == 401
    assert answer["headers"]["www-authenticate"]["value"].startswith("Basic ")
    assert answer["headers"]["cache-control"]["value"] == "no-store"
