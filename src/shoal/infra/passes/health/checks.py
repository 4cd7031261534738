"""All checks of a machine's health, in Occopus' order, up to the first that fails."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import httpx

from shoal.base.errors import ShoalError
from shoal.infra.model import Database, Health, Instance
from shoal.infra.passes.health import echo, mysql
from shoal.infra.providers.provider import Provider

_CONNECT = 3.0  # seconds that a port may take
_FETCH = 10.0  # seconds that a page may take


@runtime_checkable
class Answering(Protocol):
    """A provider whose machines are not on any network, so that it answers for their health."""

    def troubles(self, infra: str) -> Mapping[str, str]:
        """Return why machines are not healthy, by instance; those that are not named are well."""


def trouble(instance: Instance, health: Health, provider: Provider) -> str:
    """Return what is wrong with a machine, "" when nothing is; takes a bounded time."""
    if isinstance(provider, Answering):
        return provider.troubles(instance.infra).get(instance.id, "")
    if not instance.addresses:
        return "it has no address"
    return trouble_at(instance.addresses[0], health)


def trouble_at(address: str, health: Health) -> str:
    """Return what is wrong with the machine at an address."""
    if health.ping and not echo.answers(address):
        return f"{address} does not answer a ping"
    for port in health.ports:
        if fault := _closed(address, port):
            return fault
    for url in health.urls:
        if fault := _not_served(url):
            return fault
    for database in health.mysqldbs:
        if fault := _not_let_in(address, database):
            return fault
    return ""


def _closed(address: str, port: int) -> str:
    try:
        socket.create_connection((address, port), _CONNECT).close()
    except (OSError, ValueError) as error:  # ValueError: the address is none.
        return f"port {port} of {address} is not open: {error}"
    return ""


def _not_served(url: str) -> str:
    try:
        # Nobody vouches for the certificate of a machine that has just been made.
        with httpx.Client(timeout=_FETCH, follow_redirects=True, verify=False, trust_env=False) as client:
            answer = client.head(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"{url} is not served: {str(error) or type(error).__name__}"
    return "" if answer.is_success else f"{url} answers {answer.status_code}"


def _not_let_in(address: str, database: Database) -> str:
    try:
        mysql.log_in(address, database)
    except ShoalError as error:
        return f"the database {database.name} at {address} lets nobody in: {error}"
    return ""
