"""Laws of webhooks: a change that is named is told, once it is true, signed, and only where it may be."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from shoal.base import events
from shoal.base.database import Database
from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.base.transaction import now
from shoal.jobs.model import NO_RETRY, Dependency, Job, NewJob, Webhook
from shoal.jobs.states import State
from shoal.jobs.store import housekeeping, reading, submission
from shoal.jobs.store.notices import DELIVER
from shoal.jobs.store.tables import jobs
from shoal.jobs.webhooks import kinds, signing
from shoal.jobs.webhooks.addresses import DeliveryRefused, Policy, may_reach, reachable
from shoal.jobs.webhooks.terms import told
from tests.support.house import House
from tests.support.receiver import Receiver, running_receiver
from tests.support.store import Store
from tests.support.waiting import wait_until

HURRY = fault_point("tests.hurry", "A test lets a job wait no longer.")
ADDRESS = "https://example.org/told"


def deliveries(store: Store) -> list[tuple[Any, Any]]:
    """Return which job is told of, and the state, in order."""
    found = store.find(kinds=[DELIVER])
    return [(job.spec["body"]["id"], job.spec["body"]["state"]) for job in reversed(found)]


def test_a_delivery_is_handed_in_for_each_change_that_is_named(store: Store) -> None:
    everything = Webhook(ADDRESS, tuple(State))
    job = store.submit_one(webhook=everything, name="mine")
    lease = store.lease_one(kinds=["sum"])
    store.start(lease)
    store.fail(lease, message="it broke")
    store.cancel(job)
    store.rerun(job)
    again = store.lease_one(kinds=["sum"])
    store.cancel(job)
    store.succeed(again)
    states = ["queued", "running", "retrying", "cancelled", "queued", "cancelling", "cancelled"]
    assert deliveries(store) == [(job, state) for state in states]
    body = store.find(kinds=[DELIVER], extra={"job": job})[-3].spec["body"]
    assert body["state"] == "retrying"
    assert (body["name"], body["kind"], body["owner"], body["error"]) == ("mine", "sum", "me", "it broke")
    assert body["at"].endswith("Z")


def test_ends_are_told_when_nothing_else_is_named(store: Store) -> None:
    hook = Webhook(ADDRESS)
    good, bad = store.submit(*[NewJob("sum", webhook=hook, retry=NO_RETRY)] * 2)
    (below,) = store.submit(NewJob("sum", webhook=hook, after=[Dependency(bad)]))
    store.submit_one()
    draft = store.submit_one(draft=True, webhook=hook)
    store.write(lambda c: submission.release(c, [draft]))
    for finish in (store.succeed, store.fail):
        finish(store.lease_one(kinds=["sum"]))
    assert deliveries(store) == [(good, "succeeded"), (bad, "failed"), (below, "failed")]


def test_a_cached_success_is_told_too(store: Store) -> None:
    store.submit_one(cache_key="k")
    store.succeed(store.lease_one())
    cached = store.submit_one(cache_key="k", webhook=Webhook(ADDRESS))
    assert deliveries(store) == [(cached, "succeeded")]


def test_a_delivery_is_undone_with_the_change_it_tells_of(store: Store) -> None:
    job = store.submit_one(webhook=Webhook(ADDRESS, ("cancelled",)))

    def change_and_fail(conn: Any) -> None:
        from shoal.jobs.store import cancelling

        cancelling.cancel(conn, [job])
        raise InvalidInput("not so")

    with pytest.raises(InvalidInput):
        store.write(change_and_fail)
    assert deliveries(store) == []


def test_deliveries_are_the_houses_own_and_no_other_worker_gets_them(store: Store) -> None:
    store.submit_one(webhook=Webhook(ADDRESS, ("queued",)))
    store.succeed(store.lease_one())
    assert store.lease(9) == []
    lease = store.lease_one(labels=["house"])
    assert (lease.kind, lease.owner) == (DELIVER, ":house")
    store.succeed(lease)
    everything = housekeeping.Retention(jobs=0.0, logs=None, events=None)
    store.write(lambda c: housekeeping.collect(c, everything))
    assert store.find() == []


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "example.org", "http://", "http://me:pass@example.org/", "http://[::1",
     "http://a:0/", "http://example.org/\r\nX: 1", "http://exa mple.org/", "https://" + "a" * 2048, ""],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(store: Store, url: str) -> None:
    with pytest.raises(InvalidInput):
        store.submit_one(webhook=Webhook(url))
    with pytest.raises(InvalidInput, match="no state"):
        store.submit_one(webhook=Webhook(ADDRESS, ("ended",)))


@pytest.mark.parametrize(
    ("address", "alone", "beyond"),
    [
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("10.1.2.3", True, False),
        ("192.168.0.9", True, False),
        ("fd12::1", True, False),
        ("100.64.0.1", True, False),
        ("::ffff:127.0.0.1", True, False),
        ("64:ff9b::7f00:1", True, False),
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        ("169.254.169.254", False, False),
        ("169.254.1.1", False, False),
        ("fe80::1", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
    ],
)
def test_some_addresses_are_reached_only_by_who_is_alone_and_some_never(
    address: str, alone: bool, beyond: bool
) -> None:
    parsed = ipaddress.ip_address(address)
    assert may_reach(parsed, private=True) is alone
    assert may_reach(parsed, private=False) is beyond


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::1]", "127.1"])
def test_however_it_is_written_this_machine_is_refused_beyond_it(host: str) -> None:
    with pytest.raises(DeliveryRefused, match="delivers nothing"):
        reachable(f"http://{host}:9/", Policy())
    assert reachable(f"http://{host}:9/", Policy(private=True)) in ("127.0.0.1", "::1")


def test_a_named_host_may_be_at_a_private_address() -> None:
    assert reachable("http://LOCALHOST:9/", Policy(hosts=["localhost"])) in ("127.0.0.1", "::1")
    with pytest.raises(DeliveryRefused):
        reachable("http://127.0.0.1:9/", Policy(hosts=["localhost"]))
    with pytest.raises(DeliveryRefused):
        reachable("http://169.254.169.254/", Policy(hosts=["169.254.169.254"]))


def test_one_key_signs_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "webhook.key"
    key = signing.key_of(path)
    assert len(key) == 64
    assert signing.key_of(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["webhook.key"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def new_house(database: Database, tmp_path: Path) -> Iterator[Callable[[Policy], House]]:
    houses: list[House] = []

    def make(policy: Policy) -> House:
        kinds.register_kinds()
        house = House(database, tmp_path, labels=["house"], terms=told(tmp_path, policy))
        houses.append(house)
        house.supervisor.start()
        return house

    yield make
    for house in houses:
        house.supervisor.stop()


def delivery_of(house: House, job: int) -> Job:
    """Return the first delivery that tells of a job, when it has had an attempt."""

    def found() -> Job | None:
        read = house.database.read
        known = read(lambda c: reading.find(c, kinds=[DELIVER], extra={"job": job}))
        return next((one for one in known if one.state is State.RETRYING or one.ended), None)

    wait_until(lambda: found() is not None)
    delivery = found()
    assert delivery is not None
    return delivery


def hurry(house: House, job: int) -> None:
    """Let the time for which a job waits be over."""

    def work(conn: Connection) -> None:
        conn.execute(update(jobs).where(jobs.c.id == job).values(due=now(conn)))
        events.append(conn, "tests", str(job), "hurried", {})

    house.database.write(HURRY, work)


def was_tried(house: House, job: int, times: int) -> bool:
    """Say whether so many attempts at a job have ended."""
    return sum(attempt.ended is not None for attempt in house.attempts(job)) == times


def test_the_receiver_is_told_in_a_signed_post(
    new_house: Callable[[Policy], House], receiver: Receiver, tmp_path: Path
) -> None:
    house = new_house(Policy(private=True))
    (job,) = house.submit(
        "add", {"numbers": [1, 2]}, name="sums", webhook=Webhook(f"{receiver.url}/told?x=1")
    )
    assert delivery_of(house, job).state is State.SUCCEEDED
    (told_,), (headers,), (body,) = receiver.told, receiver.headers, receiver.bodies
    assert (told_["id"], told_["state"], told_["name"], told_["error"]) == (job, "succeeded", "sums", "")
    key = (tmp_path / "webhook.key").read_bytes().strip()
    assert headers["X-Shoal-Signature"] == "sha256=" + hmac.new(key, body, "sha256").hexdigest()
    assert headers["Host"] == receiver.url.removeprefix("http://")
    assert receiver.paths == ["/told?x=1"]


def test_a_receiver_in_trouble_is_told_again_with_the_same_name_of_the_delivery(
    new_house: Callable[[Policy], House], receiver: Receiver
) -> None:
    receiver.answers += [(503, {}), (429, {})]
    house = new_house(Policy(private=True))
    (job,) = house.submit("add", {"numbers": [1]}, webhook=Webhook(receiver.url))
    delivery = delivery_of(house, job)
    assert (delivery.state, delivery.error and delivery.error["type"]) == (State.RETRYING, "DeliveryFailed")
    for n, state in ((2, State.RETRYING), (3, State.SUCCEEDED)):
        hurry(house, delivery.id)
        wait_until(partial(was_tried, house, delivery.id, n))
        assert (house.state(delivery.id), len(receiver.bodies)) == (state, n)
    assert len({headers["X-Shoal-Delivery"] for headers in receiver.headers}) == 1


def test_a_redirect_or_a_no_is_final(new_house: Callable[[Policy], House], receiver: Receiver) -> None:
    answers: list[tuple[int, dict[str, str]]] = [(302, {"Location": "/elsewhere"}), (404, {}), (410, {})]
    house = new_house(Policy(private=True))
    for answer in answers:
        receiver.answers.append(answer)
        (job,) = house.submit("add", {"numbers": [1]}, webhook=Webhook(receiver.url))
        delivery = delivery_of(house, job)
        assert delivery.state is State.FAILED
        assert delivery.error is not None
        assert str(answer[0]) in delivery.error["message"]
    assert receiver.paths == ["/"] * 3


def test_a_house_that_others_reach_delivers_nothing_to_this_machine(
    new_house: Callable[[Policy], House], receiver: Receiver
) -> None:
    house = new_house(Policy())
    (job,) = house.submit("add", {"numbers": [1]}, webhook=Webhook(receiver.url))
    delivery = delivery_of(house, job)
    assert (delivery.state, delivery.error and delivery.error["type"]) == (State.FAILED, "DeliveryRefused")
    assert receiver.bodies == []
    assert house.state(job) is State.SUCCEEDED
