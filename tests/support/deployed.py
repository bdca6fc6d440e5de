"""The stack of `terraform/`, applied once to a local AWS: tests of functions and permissions stand on it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from playledger.errors import Misconfigured
from tests.support import local_aws
from tests.support.built import without_network
from tests.support.terraform import ANSWERS, Terraform, copied_root, missing, variables
from tests.support.tree import ROOT

REGION = ANSWERS["region"]
ROOMS = {"ingest": "ingestion", "enrich": "enrichment", "aggregate": "aggregation", "playlist": "playlist"}
PANDAS_LAYER = "AWSSDKPandas-Python313-Arm64"

SEED = "canary-seed-51d1c0de"
"""What the login's parameter holds at first: a value that must be found nowhere else."""


@dataclass(frozen=True)
class Function:
    """A function as it was deployed; `statements` are those of its role's policy."""

    name: str
    arn: str
    handler: str
    memory: int
    timeout: int
    layers: tuple[str, ...]
    code_sha256: str
    environment: Mapping[str, str]
    role: str
    statements: tuple[Mapping[str, Any], ...]


@dataclass
class Deployed:
    """The stack: `url` of the AWS it is in, Terraform in its folder, what was printed, and what it gave out."""

    url: str
    terraform: Terraform
    variables: list[str]
    artifacts: Path
    printed: str
    _clients: dict[str, Any] = field(default_factory=dict)
    _opened: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """Terraform's outputs by name."""
        given = json.loads(self.terraform.run("output", "-json"))
        return {name: output["value"] for name, output in given.items()}

    @cached_property
    def plan(self) -> str:
        """The plan that was applied, as JSON."""
        return self.terraform.run("show", "-json", "deploy.tfplan")

    def written(self) -> dict[str, bytes]:
        """All that Terraform wrote or printed: state, plans (packed and as JSON), outputs, its words."""
        files = {path.name: path.read_bytes() for path in self.terraform.folder.glob("*.tf*") if path.is_file()}
        said = {"plan": self.plan, "outputs": str(self.outputs), "printed": self.printed}
        return files | {name: text.encode() for name, text in said.items()}

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """ingest, enrich, aggregate, playlist -> the function, as Lambda and IAM tell it."""
        return {name: self._function(deployed) for name, deployed in self.outputs["functions"].items()}

    @cached_property
    def surroundings(self) -> Mapping[str, str]:
        """The variables that lead boto3 here and not to the real AWS; they go beside a function's own."""
        keys = {f"AWS_{name}": "testing" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")}
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, **keys}

    def client(self, service: str) -> Any:
        """A boto3 client of the local AWS, with all rights; closed at the end."""
        if service not in self._clients:
            import boto3

            client = boto3.client(service, region_name=REGION, endpoint_url=self.url)
            self._clients[service] = self._opened.enter_context(closing(client))
        return self._clients[service]

    def clear(self) -> None:
        """As it was when just applied: tables, buckets and queue empty, nobody logged in."""
        settings = self.outputs["settings"]
        for name in ("plays", "tracks", "artists", "state"):
            self._clear_table(settings[f"PLAYLEDGER_{name.upper()}_TABLE"])
        for bucket in (self.outputs["data_bucket"], self.outputs["site_bucket"]):
            self._clear_bucket(bucket)
        self._clear_queue(self.outputs["dead_letters_url"])
        parameter = settings["PLAYLEDGER_TOKEN_PARAMETER"]
        self.client("ssm").put_parameter(Name=parameter, Value=SEED, Type="SecureString", Overwrite=True)

    def close(self) -> None:
        """Closes the clients."""
        self._opened.close()

    def _function(self, name: str) -> Function:
        told = self.client("lambda").get_function_configuration(FunctionName=name)
        role = told["Role"].rpartition("/")[2]
        return Function(
            name=name,
            arn=told["FunctionArn"],
            handler=told["Handler"],
            memory=told["MemorySize"],
            timeout=told["Timeout"],
            layers=tuple(layer["Arn"] for layer in told["Layers"]),
            code_sha256=told["CodeSha256"],
            environment=told["Environment"]["Variables"],
            role=role,
            statements=self._statements(role),
        )

    def _statements(self, role: str) -> tuple[Mapping[str, Any], ...]:
        iam = self.client("iam")
        assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        policies = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        return tuple(statement for policy in policies for statement in policy["Statement"])

    def _clear_table(self, name: str) -> None:
        dynamodb = self.client("dynamodb")
        keys = [key["AttributeName"] for key in dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]]
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                dynamodb.delete_item(TableName=name, Key={key: item[key] for key in keys})

    def _clear_bucket(self, name: str) -> None:
        s3, found = self.client("s3"), []
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):  # whole, before pages shift
            found += [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [
            {"Key": item["Key"], "VersionId": item["VersionId"]} for item in found if not _is_of_the_page(item["Key"])
        ]
        for start in range(0, len(objects), 1000):
            s3.delete_objects(Bucket=name, Delete={"Objects": objects[start : start + 1000], "Quiet": True})

    def _clear_queue(self, url: str) -> None:
        sqs = self.client("sqs")  # purging is allowed once a minute only
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _is_of_the_page(key: str) -> bool:
    """What Terraform uploaded, and would miss."""
    return (ROOT / "dashboard" / key).is_file()


# ---- fixtures ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def terraform_ready(needs: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips, with the reason, where Terraform cannot be used."""
    if reason := missing(tmp_path_factory.mktemp("terraform-probe")):
        needs("terraform", reason)


@pytest.fixture(scope="session")
def artifacts(needs: Any) -> Path:
    """The folder of the real code.zip and layer.zip; `task` is the code unpacked, `here` the layer for this Python."""
    try:
        return without_network()
    except Misconfigured as error:
        needs("packages", str(error))
        raise


@pytest.fixture(scope="session")
def deployed(terraform_ready: None, artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The stack, planned and applied as `make deploy` does it. Tests that write to it call `clear` first."""
    with local_aws.running() as url:
        environ = {"AWS_ENDPOINT_URL": url, "TF_VAR_token_seed": SEED}
        terraform = copied_root(tmp_path_factory.mktemp("stack"), environ=environ, override=True)
        given = variables(
            artifact_dir=artifacts,
            enable_cdn="false",
            deletion_protection="false",
            force_destroy="true",
            pandas_layer_arn=_pandas_layer(url, artifacts),
        )
        printed = terraform.run("plan", "-out=deploy.tfplan", *given)
        printed += terraform.run("apply", "-parallelism=30", "deploy.tfplan")
        stack = Deployed(url, terraform, given, artifacts, printed)
        with closing(stack):
            yield stack


def _pandas_layer(url: str, artifacts: Path) -> str:
    """ARN of a stand-in for AWS's layer: moto looks for the layers of a function, in other accounts too."""
    import boto3

    with closing(boto3.client("lambda", region_name=REGION, endpoint_url=url)) as client:
        content = {"ZipFile": (artifacts / "layer.zip").read_bytes()}
        made = client.publish_layer_version(LayerName=PANDAS_LAYER, Content=content)
        return str(made["LayerVersionArn"])
