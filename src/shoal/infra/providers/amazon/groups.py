"""The security group of an infrastructure: the ports that its machines open, and all among themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from shoal.infra.errors import Refused
from shoal.infra.providers.amazon.client import code_of, forgiven
from shoal.infra.providers.amazon.tags import INFRA, filters, has, pairs
from shoal.infra.providers.naming import digest

_GONE = "InvalidGroup.NotFound"


def group(client: Any, infra: str, infra_name: str, ports: Iterable[object], subnet: str | None) -> str:
    """Return the id of an infrastructure's group that opens these ports, made or widened if need be."""
    wanted = [_rule(port) for port in ports]
    network = _network(client, subnet)
    found = [each for each in _found(client, infra) if network in (None, each.get("VpcId"))]
    id_ = str(found[0]["GroupId"]) if found else _made(client, infra, infra_name, network)
    for rule in [*wanted, {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": id_}]}]:
        with forgiven("InvalidPermission.Duplicate"):
            client.authorize_security_group_ingress(GroupId=id_, IpPermissions=[rule])
    return id_


def remove(client: Any, infra: str) -> None:
    """Remove the groups of an infrastructure."""
    for found in _found(client, infra):
        with forgiven(_GONE):
            client.delete_security_group(GroupId=found["GroupId"])


def _found(client: Any, infra: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_security_groups").paginate(Filters=filters(infra=infra))
    return [found for page in pages for found in page["SecurityGroups"] if has(found, infra)]


def _made(client: Any, infra: str, infra_name: str, network: str | None) -> str:
    name = f"shoal-{digest(infra)}"
    tags = [{"ResourceType": "security-group", "Tags": pairs({"Name": infra_name, INFRA: infra})}]
    where = {"VpcId": network} if network else {}
    description = "What an infrastructure of Shoal opens"
    try:
        made = client.create_security_group(
            GroupName=name, Description=description, TagSpecifications=tags, **where
        )
    except ClientError as error:
        if code_of(error) != "InvalidGroup.Duplicate":
            raise
        named = [{"Name": "group-name", "Values": [name]}]
        return str(client.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"])
    return str(made["GroupId"])


def _network(client: Any, subnet: str | None) -> str | None:
    if subnet is None:
        return None
    return str(client.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"])


def _rule(port: object) -> Mapping[str, Any]:
    """Return the rule that opens a port like `22`, `7946/udp`, `30000-32767` or `22@10.0.0.0/8`."""
    what, _, source = str(port).partition("@")
    numbers, _, protocol = what.partition("/")
    first, _, last = numbers.partition("-")
    try:
        begin, end = int(first), int(last or first)
    except ValueError:
        begin, end = 0, -1
    if not 0 < begin <= end < 65536 or protocol not in ("", "tcp", "udp"):
        raise Refused(f"open_ports has {port!r}.", hint="Write 22, 7946/udp, 30000-32767 or 22@10.0.0.0/8.")
    ranges = (
        {"Ipv6Ranges": [{"CidrIpv6": source}]} if ":" in source
        else {"IpRanges": [{"CidrIp": source or "0.0.0.0/0"}]}
    )  # fmt: skip
    return {"IpProtocol": protocol or "tcp", "FromPort": begin, "ToPort": end, **ranges}
