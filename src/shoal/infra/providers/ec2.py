"""Machines of EC2: tagged when they are made, and never made twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from shoal.infra.errors import Refused
from shoal.infra.providers.amazon import groups, prices
from shoal.infra.providers.amazon.client import client, forgiven, translated
from shoal.infra.providers.amazon.tags import INSTANCE, filters, has, said, tags_of
from shoal.infra.providers.naming import digest
from shoal.infra.providers.provider import Machine, Means, Order, Standing

USER_DATA = 16384  # bytes
_STANDINGS: Mapping[str, Standing] = MappingProxyType(
    {
        "pending": Standing.PENDING,
        "running": Standing.READY,
        "shutting-down": Standing.SHUTDOWN,
        "stopping": Standing.AILING,
        "stopped": Standing.AILING,
    }
)
# EC2 shows machines that are gone for an hour.
_GONE = "terminated"


class Ec2:
    """Make machines in one region; see `Provider`."""

    contextualises = True

    def __init__(self, place: Mapping[str, Any], means: Means) -> None:
        self._client = client(place, means.credentials)

    def create(self, order: Order) -> str:
        """Ask for a machine, unless it is there."""
        with translated():
            if found := self._found(order.infra, order.instance):
                return str(found[0]["InstanceId"])
            made = self._client.run_instances(**self._request(order))
            return str(made["Instances"][0]["InstanceId"])

    def machines(self, infra: str) -> Sequence[Machine]:
        """Return the machines of an infrastructure that are not terminated."""
        with translated():
            return [_machine(each) for each in self._found(infra)]

    def drop(self, infra: str, instance: str, ref: str | None) -> None:
        """Terminate a machine."""
        with translated():
            found = {each["InstanceId"] for each in self._found(infra, instance)}
            for id_ in found | ({ref} if ref else set()):
                with forgiven("InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"):
                    self._client.terminate_instances(InstanceIds=[id_])

    def run(self, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        """Raise NotImplementedError: these machines read their user data themselves."""
        raise NotImplementedError

    def price(self, resource: Mapping[str, Any]) -> float | None:
        """Return what the section says, else about what such a machine costs."""
        if (given := resource.get("price")) is not None:
            return float(given)
        return prices.price(str(resource.get("instance_type")))

    def clean(self, infra: str) -> None:
        """Remove the security group of an infrastructure, and machines that came late."""
        for late in self.machines(infra):
            self.drop(infra, late.instance, late.ref)
        with translated():
            groups.remove(self._client, infra)

    def _found(self, infra: str, instance: str | None = None) -> list[dict[str, Any]]:
        wanted = filters(infra=infra) if instance is None else filters(infra=infra, instance=instance)
        pages = self._client.get_paginator("describe_instances").paginate(Filters=wanted)
        found = (each for page in pages for part in page["Reservations"] for each in part["Instances"])
        return [each for each in found if has(each, infra, instance) and each["State"]["Name"] != _GONE]

    def _request(self, order: Order) -> dict[str, Any]:
        section = order.resource
        if len(order.user_data) > USER_DATA:
            raise Refused(
                f"The user data of {order.node} has {len(order.user_data)} bytes; EC2 takes {USER_DATA}.",
                hint="Fetch large files from the machine itself.",
            )
        if missing := [name for name in ("image_id", "instance_type") if not section.get(name)]:
            raise Refused(f"The resource section of {order.node} has no {' and no '.join(missing)}.")
        tags = tags_of(order)
        asked = {
            "ImageId": section.get("image_id"),
            "InstanceType": section.get("instance_type"),
            "KeyName": section.get("key_name"),
            "SubnetId": section.get("subnet_id"),
            "SecurityGroupIds": self._groups(order),
            "UserData": order.user_data,
        }
        return {name: value for name, value in asked.items() if value} | {
            "MinCount": 1,
            "MaxCount": 1,
            "ClientToken": digest(f"{order.infra}/{order.instance}"),
            "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
        }

    def _groups(self, order: Order) -> Iterable[str]:
        section = order.resource
        if given := section.get("security_group_ids"):
            return [str(each) for each in given]
        if not (ports := section.get("open_ports")):
            return []
        return [groups.group(self._client, order.infra, order.infra_name, ports, section.get("subnet_id"))]


def _machine(found: Mapping[str, Any]) -> Machine:
    private = found.get("PrivateIpAddress")
    addresses = (found.get("PublicDnsName"), found.get("PublicIpAddress"), private)
    state = found["State"]["Name"]
    return Machine(
        found["InstanceId"],
        said(found["Tags"])[INSTANCE],
        _STANDINGS.get(state, Standing.UNKNOWN),
        tuple(str(each) for each in addresses if each),
        private,
        str((found.get("StateReason") or {}).get("Message") or state),
    )
