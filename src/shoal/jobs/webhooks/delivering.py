"""Making one delivery, in a worker of the house."""

from __future__ import annotations

import ssl
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from shoal.base.errors import InvalidInput
from shoal.jobs.store.targets import check
from shoal.jobs.webhooks import signing
from shoal.jobs.webhooks.addresses import DeliveryFailed, DeliveryRefused, Policy, reachable
from shoal.jobs.webhooks.terms import TERMS

if TYPE_CHECKING:
    from shoal.jobs.workers.context import Context

_SECONDS = 10.0  # for each step of a delivery; the job's timeout bounds the whole
_AGAIN = {408, 425, 429}  # answers of 4xx after which it may be tried again


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Post what became of a job to an address; the result is the answer's status and how long it took.

    Raises:
        DeliveryRefused: it is not made, or the receiver says no for good.
        DeliveryFailed: it did not arrive, or the receiver has trouble.
    """
    terms = context.terms.get(TERMS)
    if terms is None:
        raise DeliveryRefused("This worker makes no deliveries.")
    policy = Policy(bool(terms["private"]), tuple(terms["hosts"]))
    began = monotonic()
    status = _post(spec, policy, signing.key_of(Path(terms["key"])))
    context.log(f"{spec['url']} answered with {status}.")
    _judge(status)
    return {"status": status, "seconds": round(monotonic() - began, 3)}


def _post(spec: dict[str, Any], policy: Policy, key: bytes) -> int:
    url = str(spec["url"])
    try:
        parts = check(url)
    except InvalidInput as error:
        raise DeliveryRefused(error.message) from error
    body = orjson.dumps(spec["body"])
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": "Shoal",
        "X-Shoal-Delivery": str(spec["delivery"]),
        "X-Shoal-Signature": signing.sign(key, body),
    }
    target = httpx.URL(url).copy_with(host=reachable(url, policy))
    try:
        # Neither proxies nor redirects: both would lead elsewhere than to the address that was looked at.
        with (
            httpx.Client(trust_env=False, timeout=_SECONDS) as client,
            client.stream(
                "POST", target, content=body, headers=headers, extensions={"sni_hostname": parts.hostname}
            ) as answer,
        ):
            return answer.status_code
    except (httpx.HTTPError, ssl.SSLError, OSError) as error:
        raise DeliveryFailed(f"{url} did not take it: {str(error) or type(error).__name__}.") from error


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise DeliveryRefused(f"The receiver answered with {status}, and redirects are not followed.")
    if 400 <= status < 500 and status not in _AGAIN:
        raise DeliveryRefused(f"The receiver answered with {status}.")
    raise DeliveryFailed(f"The receiver answered with {status}.")
