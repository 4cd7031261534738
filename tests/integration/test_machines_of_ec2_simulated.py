"""Machines of EC2 as moto simulates it: what is asked of the cloud, and what its answers mean."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shoal.base.errors import ShoalError, Unavailable
from shoal.infra.errors import NoCapacity, Refused, Throttled
from shoal.infra.providers.amazon.client import client, translated
from shoal.infra.providers.amazon.prices import price
from shoal.infra.providers.ec2 import Ec2
from shoal.infra.providers.provider import Means, Order, Standing
from tests.support.moto import running_moto

CREDENTIALS = {"accesskey": "me", "secretkey": "mine"}
IMAGE = "ami-03cf127a"


@pytest.fixture(scope="module")
def place() -> Iterator[dict[str, str]]:
    with running_moto() as port:
        yield {"endpoint": f"http://127.0.0.1:{port}", "regionname": "us-west-2"}


@pytest.fixture(scope="module")
def cloud(place: dict[str, str]) -> Any:
    return client(place, CREDENTIALS)


@pytest.fixture
def provider(place: dict[str, str], tmp_path: Path) -> Iterator[Ec2]:
    made = Ec2(place, Means(str(tmp_path), CREDENTIALS))
    yield made
    for each in made.machines("i"):
        made.drop("i", each.instance, None)
    made.clean("i")


def order(user_data: bytes = b"", **asked: Any) -> Order:
    resource = {"type": "ec2", "image_id": IMAGE, "instance_type": "t3.small", **asked}
    return Order("i", "infra", "m1", "worker", "machine-m1", resource, user_data)


def described(cloud: Any, ref: str) -> Any:
    return cloud.describe_instances(InstanceIds=[ref])["Reservations"][0]["Instances"][0]


def test_tags_are_set_with_the_machine_and_ours_count(provider: Ec2, cloud: Any) -> None:
    ref = provider.create(order(tags={"project": "mine", "shoal:infra": "another", "Name": "called so"}))
    tags = {tag["Key"]: tag["Value"] for tag in described(cloud, ref)["Tags"]}
    ours = {"shoal:infra": "i", "shoal:instance": "m1", "shoal:node": "worker"}
    assert tags == ours | {"project": "mine", "Name": "called so"}


def test_user_data_comes_as_it_is_and_is_bounded(provider: Ec2, cloud: Any) -> None:
    data = b"#cloud-config\n\0\xff\r\n"
    ref = provider.create(order(data))
    found = cloud.describe_instance_attribute(InstanceId=ref, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(found) == data
    with pytest.raises(Refused, match="has 16385 bytes; EC2 takes 16384"):
        Ec2._request(provider, order(bytes(16385)))


def test_ports_are_opened_once_and_closed_with_the_infrastructure(provider: Ec2, cloud: Any) -> None:
    ref = provider.create(order(open_ports=[22, "7946/udp", "30000-32767", "6817@10.0.0.0/8"]))
    (group,) = described(cloud, ref)["SecurityGroups"]
    (found,) = cloud.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"]
    rules = {
        (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort")) for rule in found["IpPermissions"]
    }
    assert {("tcp", 22, 22), ("udp", 7946, 7946), ("tcp", 30000, 32767), ("tcp", 6817, 6817)} < rules
    provider.clean("i")
    assert (
        cloud.describe_security_groups(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])[
            "SecurityGroups"
        ]
        == []
    )


def test_groups_of_the_section_are_used_and_left(provider: Ec2, cloud: Any) -> None:
    mine = cloud.create_security_group(GroupName="mine", Description="mine")["GroupId"]
    ref = provider.create(order(security_group_ids=[mine], open_ports=[22]))
    assert [each["GroupId"] for each in described(cloud, ref)["SecurityGroups"]] == [mine]
    provider.drop("i", "m1", ref)
    provider.clean("i")
    assert cloud.describe_security_groups(GroupIds=[mine])["SecurityGroups"]


def test_a_machine_is_in_the_subnet_of_the_section(provider: Ec2, cloud: Any) -> None:
    subnet = cloud.describe_subnets()["Subnets"][0]
    ref = provider.create(order(subnet_id=subnet["SubnetId"], open_ports=[22]))
    found = described(cloud, ref)
    assert (found["SubnetId"], found["VpcId"]) == (subnet["SubnetId"], subnet["VpcId"])


def test_a_stopped_machine_is_ailing_and_a_terminated_one_gone(provider: Ec2, cloud: Any) -> None:
    ref = provider.create(order())
    cloud.stop_instances(InstanceIds=[ref])
    assert [each.standing for each in provider.machines("i")] == [Standing.AILING]
    cloud.terminate_instances(InstanceIds=[ref])
    assert provider.machines("i") == []
    assert provider.create(order()) != ref


@pytest.mark.parametrize(
    "asked",
    [
        {"image_id": None},
        {"image_id": 5},
        {"subnet_id": "subnet-00000000"},
        {"security_group_ids": ["sg-00000000"]},
        {"open_ports": ["http"]},
        {"open_ports": ["22/carrier-pigeon"]},
        {"open_ports": [0]},
        {"open_ports": ["9-5"]},
    ],
    ids=str,
)
def test_sections_that_cannot_be_used_are_refused(provider: Ec2, asked: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        provider.create(order(**asked))
    assert provider.machines("i") == []


@pytest.mark.parametrize(
    ("code", "status", "meant"),
    [
        ("InsufficientInstanceCapacity", 500, NoCapacity),
        ("InstanceLimitExceeded", 400, NoCapacity),
        ("VcpuLimitExceeded", 400, NoCapacity),
        ("AuthFailure", 401, Refused),
        ("UnauthorizedOperation", 403, Refused),
        ("InvalidAMIID.NotFound", 400, Refused),
        ("Unsupported", 400, Refused),
        ("RequestLimitExceeded", 503, Throttled),
        ("Throttling", 400, Throttled),
        ("IdempotentParameterMismatch", 400, Unavailable),
        ("DependencyViolation", 400, Unavailable),
        ("InternalError", 500, Unavailable),
        ("Whatever", 500, Unavailable),
    ],
)
def test_what_the_cloud_says_has_one_meaning(code: str, status: int, meant: type[ShoalError]) -> None:
    answer: Any = {
        "Error": {"Code": code, "Message": "so it is"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    with pytest.raises(ShoalError, match=f"EC2 says {code}: so it is") as caught, translated():
        raise ClientError(answer, "RunInstances")
    assert type(caught.value) is meant


def test_a_cloud_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    away = {"endpoint": "http://127.0.0.1:1", "regionname": "us-west-2"}
    with pytest.raises(Unavailable, match="EC2 does not answer"):
        Ec2(away, Means(str(tmp_path), CREDENTIALS)).machines("i")


@pytest.mark.parametrize(
    "place", [{"regionname": "no where"}, {}, {"regionname": "x", "endpoint": "nowhere"}]
)
def test_a_place_that_there_is_not_is_refused(
    place: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Refused):
        Ec2(place, Means(str(tmp_path), CREDENTIALS))


@pytest.mark.parametrize(
    ("type_", "cost"),
    [("t3.micro", 0.0104), ("m5.xlarge", 0.192), ("m5.24xlarge", 4.608), ("c6g.large", 0.068)],
)
def test_prices_double_with_each_size(type_: str, cost: float) -> None:
    assert price(type_) == pytest.approx(cost)


@pytest.mark.parametrize("type_", ["p5.48xlarge", "t3", "t3.huge", "", "None"])
def test_a_price_that_is_not_known_is_not_made_up(type_: str) -> None:
    assert price(type_) is None
