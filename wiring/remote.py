"""A deployment seen from a laptop: which one is meant, and the roles over it with the owner's own rights in AWS."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playledger.errors import Misconfigured, StoreUnavailable
from playledger.settings import PREFIX, Settings, environment_values, process_environment
from wiring.clock import wall_clock

if TYPE_CHECKING:
    from wiring.aws import Aws

REGION = "AWS_REGION"
KNOWN_BY = f"{PREFIX}DATA_BUCKET"
NEEDED = (
    *("data_bucket", "site_bucket", "plays_table", "tracks_table", "artists_table", "state_table"),
    *("token_parameter", "glue_database", "athena_workgroup", "alerts_topic", "spotify_client_id"),
)
"""What the commands against a deployment cannot do without."""

WHERE_FROM = (
    "give --settings FILE: `make deploy` writes terraform/settings.json, and "
    "`terraform -chdir=terraform output -json settings` prints the same"
)


def open_deployment(file: Path | None, clock: Callable[[], datetime] = wall_clock) -> "Aws":
    """The roles over the deployment that the file, or without one the environment, names. Nothing is guessed.

    Raises Misconfigured where none is named, something is missing, or the credentials are another account's.
    """
    given = read_settings(file) if file else process_environment()
    if KNOWN_BY not in given:
        raise Misconfigured(f"which deployment? {WHERE_FROM}")
    settings = Settings.load(environment_values(given), needed=NEEDED)
    aws = _wired(settings, clock)
    if region := given.get(REGION):
        aws.session.set_config_variable("region", region)
    _check_account(aws)
    return aws


def read_settings(file: Path) -> Mapping[str, str]:
    """The variables in a file: Terraform's output `settings`, or all of Terraform's outputs. Raises Misconfigured."""
    try:
        body = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read as JSON ({error}); {WHERE_FROM}") from error
    found: Any = body.get("settings", {}).get("value", body) if isinstance(body, dict) else None
    if not isinstance(found, dict) or KNOWN_BY not in found:
        raise Misconfigured(f"{file} does not hold the settings of a deployment; {WHERE_FROM}")
    return {name: str(value) for name, value in found.items()}


def _wired(settings: Settings, clock: Callable[[], datetime]) -> "Aws":
    try:
        from wiring.aws import Aws
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"{error.name} is missing: install playledger with its extra `aws`, or in a checkout run `make setup`"
        ) from error
    return Aws(settings, clock)


def _check_account(aws: "Aws") -> None:
    """A parameter of the same name could be made in another account: the topic's ARN says which one is right."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        mine = str(aws.client("sts").get_caller_identity()["Account"])
    except ClientError as error:
        raise Misconfigured(f"AWS does not accept your credentials: {error}") from error
    except BotoCoreError as error:
        words = str(error)
        if "credentials" in words.lower() or "profile" in words.lower() or "region" in words.lower():
            raise Misconfigured(f"AWS needs your credentials (AWS_PROFILE, or aws sso login): {words}") from error
        raise StoreUnavailable(f"AWS did not answer: {words}") from error
    wanted = aws.settings.alerts_topic.split(":")[4:5]
    if wanted != [mine]:
        raise Misconfigured(f"your credentials are account {mine}'s, the deployment is in account {''.join(wanted)}")
