"""The lean session of a function: the same calls to the same addresses, without what no call needs."""

from functools import cache
from typing import Any

import pytest
from botocore.session import get_session

from wiring.lean_session import CALLED, lean_session

pytestmark = pytest.mark.unit

REGIONS = ("us-east-1", "eu-north-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1")


@cache
def sessions() -> tuple[Any, Any]:
    return lean_session(), get_session()


@cache
def models(service: str) -> tuple[Any, Any]:
    lean, whole = (session.get_component("data_loader") for session in sessions())
    return lean.load_service_model(service, "service-2"), whole.load_service_model(service, "service-2")


def without_text(model: Any) -> Any:
    if isinstance(model, dict):
        return {
            name: without_text(value)
            for name, value in model.items()
            if name != "documentation" or not isinstance(value, str)
        }
    return [without_text(value) for value in model] if isinstance(model, list) else model


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", [*sorted(CALLED), "sts"])
def test_a_client_speaks_to_the_address_that_botocore_knows(service: str, region: str) -> None:
    addresses = []
    for session in sessions():
        client = session.create_client(service, region_name=region)
        addresses.append((client.meta.endpoint_url, client.meta.partition, client.meta.region_name))
        client.close()
    assert addresses[0] == addresses[1]


@pytest.mark.parametrize("service", sorted(CALLED))
def test_operations_and_their_fields_are_all_there(service: str) -> None:
    lean, whole = models(service)
    assert without_text(lean) == without_text(whole)


@pytest.mark.parametrize("service", sorted(CALLED))
def test_the_manual_is_not(service: str) -> None:
    lean, whole = map(str, models(service))
    assert "<p>" in whole
    assert "<p>" not in lean
    assert len(lean) < 0.8 * len(whole)


def test_addresses_of_other_services_are_not() -> None:
    lean, whole = (session.get_component("data_loader").load_data("endpoints") for session in sessions())
    assert all(set(partition["services"]) <= CALLED for partition in lean["partitions"])
    assert any(len(partition["services"]) > 100 for partition in whole["partitions"])


def test_a_service_that_botocore_does_not_know_is_unknown_here_too() -> None:
    with pytest.raises(Exception, match="Unknown service: 'snowballs'"):
        sessions()[0].create_client("snowballs", region_name="eu-north-1")
