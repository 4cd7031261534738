"""The client of the EC2 API: bounded in time, and its failures in the words that all providers have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import boto3.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from shoal.base.errors import ShoalError, Unavailable
from shoal.infra.errors import NoCapacity, Refused, Throttled

# Source: the API reference's list of client and server error codes.
_FULL = (
    *("InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientFreeAddressesInSubnet"),
    *("InstanceLimitExceeded", "VcpuLimitExceeded", "SecurityGroupLimitExceeded", "VolumeLimitExceeded"),
    *("MaxSpotInstanceCountExceeded", "ResourceLimitExceeded", "InsufficientCapacity"),
)
_LATER = (
    *("InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "RequestTimeout"),
    *("DependencyViolation", "IncorrectInstanceState", "PendingVerification"),
    # What was asked for once was asked for in other words: it is there, and will be listed soon.
    "IdempotentParameterMismatch",
)
_OFTEN = (
    *("RequestLimitExceeded", "Throttling", "ThrottlingException", "RequestThrottled"),
    *("RequestThrottledException", "TooManyRequestsException", "SlowDown", "EC2ThrottledException"),
)
_CONNECT, _READ = 10, 30  # seconds
# A session reads what the API is once, and makes clients for one thread at a time.
_making = Lock()
_session = cache(boto3.session.Session)


def client(place: Mapping[str, Any], credentials: Mapping[str, Any]) -> Any:
    """Return a client for a region, or for the endpoint that the section names.

    Raises:
        Refused: there is no such region, or the endpoint is no address.
    """
    endpoint = str(place.get("endpoint") or "") or None
    config = Config(
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        # A pass asks again, and looks first: not every cloud that speaks like EC2 heeds client tokens.
        retries={"total_max_attempts": 1},
        max_pool_connections=32,
    )
    with translated(), _making:
        return _session().client(
            "ec2",
            region_name=place.get("regionname"),
            endpoint_url=endpoint,
            aws_access_key_id=credentials.get("accesskey"),
            aws_secret_access_key=credentials.get("secretkey"),
            aws_session_token=credentials.get("token"),
            config=config,
        )


@contextmanager
def translated() -> Iterator[None]:
    """Raise NoCapacity, Refused, Throttled or Unavailable for what EC2, or the way to it, says."""
    try:
        yield
    except ClientError as error:
        raise _meant(error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise Refused(
            f"EC2: {error}.", hint="Write accesskey and secretkey into the credentials file."
        ) from error
    except ParamValidationError as error:
        raise Refused(f"EC2: {error}".replace("\n", " ")) from error
    except (ConnectionError, HTTPClientError) as error:
        raise Unavailable(f"EC2 does not answer: {error}") from error
    except (BotoCoreError, ValueError) as error:
        raise Refused(f"EC2: {error}", hint="Look at regionname and endpoint.") from error


@contextmanager
def forgiven(*codes: str) -> Iterator[None]:
    """Take errors with these codes as done."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in codes:
            raise


def code_of(error: ClientError) -> str:
    """Return the code of an error of EC2."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _meant(error: ClientError) -> ShoalError:
    code = code_of(error)
    said = f"EC2 says {code}: {error.response.get('Error', {}).get('Message', '')}"
    if code in _FULL:
        return NoCapacity(said, hint="Ask for a higher quota, or add another implementation.")
    if code in _OFTEN:
        return Throttled(said)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    if status >= 500 or code in _LATER:
        return Unavailable(said)
    return Refused(said, hint="Look at the resource section and at the credentials.")
