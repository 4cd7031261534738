"""The worker protocol spoken by hand: what it refuses, and what asking twice does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from shoal import __version__
from shoal.base.database import open_database
from shoal.client import Client
from shoal.jobs import kinds
from shoal.jobs.states import State
from tests.support.house import register_kinds
from tests.support.nodes import ELSEWHERE, Beside
from tests.support.server import Served, running_server

PREFIX = "/api/v1/worker"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("protocol") / "home"
    with running_server(home, program="tests.support.serve_jobs") as running:
        yield running


@pytest.fixture
def beside(served: Served) -> Iterator[Beside]:
    database = open_database(f"sqlite:///{served.home / 'shoal.db'}")
    yield Beside(database)
    database.close()


class Hand:
    """A node whose every word is said by a test."""

    def __init__(self, url: str, token: str, version: str = __version__) -> None:
        self.http = httpx.Client(base_url=url + PREFIX, trust_env=False, timeout=30)
        self.http.headers.update({"Authorization": f"Bearer {token}", "Shoal-Version": version})
        self.turn = 0

    def ask(self, what: str, **given: Any) -> httpx.Response:
        return self.http.post(f"/{what}", json=given)

    def join(self, **other: Any) -> httpx.Response:
        register_kinds()
        offer = {"host": "far", "version": __version__, "workers": 2, "labels": [ELSEWHERE]}
        resources, known = {"cpu": 2.0}, list(kinds.registered())
        return self.ask("join", **(offer | {"resources": resources, "kinds": known} | other))

    def joined(self, **other: Any) -> Hand:
        self.http.headers["Authorization"] = f"Bearer {self.join(**other).json()['session']}"
        return self

    def lease(self, n: int = 1, have: list[str] | None = None, seconds: float = 60) -> list[dict[str, Any]]:
        self.turn += 1
        asked = {"n": n, "in_use": {}, "seconds": seconds, "turn": self.turn, "have": have or []}
        found: list[dict[str, Any]] = self.ask("lease", **asked).json()["leases"]
        return found

    def lease_one(self) -> dict[str, Any]:
        (one,) = self.lease()
        found: dict[str, Any] = one["lease"]
        return found

    def finish(self, token: str, state: str = "succeeded", **outcome: Any) -> httpx.Response:
        return self.ask("finish", reports=[{"token": token, "outcome": {"state": state, **outcome}}])

    def put(self, token: str, name: str, content: bytes, sha256: str | None = None) -> httpx.Response:
        params = {"name": name, "sha256": sha256 or hashlib.sha256(content).hexdigest()}
        return self.http.put("/artifacts", params=params, content=content, headers={"Shoal-Attempt": token})


NewHand = Callable[..., Hand]


@pytest.fixture
def shake(served: Served) -> Iterator[NewHand]:
    """Make hands with a token; afterwards no node is left."""
    made: list[Hand] = []

    def make(token: str, **other: str) -> Hand:
        made.append(Hand(served.url, token, **other))
        return made[-1]

    yield make
    for hand in made:
        hand.http.close()
    with Client(served.url) as client:
        for one in client.workers.list():
            if one["node"]:
                client.workers.remove(one["name"])


@pytest.fixture
def new_hand(shake: NewHand, beside: Beside) -> NewHand:
    """Make hands that have joined."""
    return lambda name="one": shake(beside.invite(name)).joined()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_only_a_node_that_joined_may_work(served: Served, beside: Beside, shake: NewHand) -> None:
    token = beside.invite("guest")
    lease = {"n": 1, "in_use": {}, "seconds": 60, "turn": 1, "have": []}
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert code(shake(wrong).join()) == (401, "unauthenticated")
    assert code(shake("shoal_node_nobody." + token.rpartition(".")[2]).join()) == (
        401,
        "unauthenticated",
    )
    assert code(shake("no token at all").join()) == (401, "unauthenticated")
    assert code(shake(token).ask("lease", **lease)) == (403, "forbidden")
    # The server's owner is an admin, but no node.
    owner = httpx.post(f"{served.url}{PREFIX}/join", json={}, trust_env=False)
    assert code(owner) == (403, "forbidden")
    # A node may work, and nothing else.
    hand = shake(token).joined()
    for path in ("/api/v1/jobs", "/api/v1/workers", "/api/v1/datasets"):
        answer = httpx.get(served.url + path, headers=hand.http.headers, trust_env=False)
        assert code(answer) == (403, "forbidden")
    assert beside.database.read(
        lambda conn: token not in str(conn.exec_driver_sql("SELECT * FROM job_nodes").all())
    )


def test_a_token_that_was_taken_back_opens_nothing_and_its_jobs_are_done_by_others(
    served: Served, beside: Beside, new_hand: NewHand, shake: NewHand
) -> None:
    (job,) = beside.submit("nothing")
    token = beside.invite("leaver")
    hand = shake(token).joined()
    lease = hand.lease_one()
    with Client(served.url) as client:
        client.workers.remove("leaver")
    assert code(hand.finish(lease["token"])) == (401, "unauthenticated")
    assert code(shake(token).join()) == (401, "unauthenticated")
    other = new_hand()
    assert other.finish(other.lease_one()["token"]).status_code == 200
    assert beside.job(job).state == State.SUCCEEDED


def test_who_joins_again_replaces_who_was_in_before(beside: Beside, shake: NewHand) -> None:
    (job,) = beside.submit("nothing")
    token = beside.invite("twice")
    first = shake(token).joined()
    lease = first.lease_one()
    second = shake(token).joined()
    assert code(first.ask("renew", tokens=[lease["token"]], seconds=60)) == (409, "node_replaced")
    again = second.lease_one()
    assert (again["job_id"], again["attempt"]) == (job, 2)
    # What the first one brings late is refused under its own token, and changes nothing under the other's.
    second.finish(lease["token"], result={"late": True})
    assert beside.job(job).state == State.LEASED
    second.finish(again["token"], result={"late": False})
    assert beside.job(job).result == {"late": False}


def test_another_version_is_refused_in_words(beside: Beside, shake: NewHand) -> None:
    token = beside.invite("old")
    answer = shake(token, version="0.0.1").join(version="0.0.1")
    assert code(answer) == (409, "node_version")
    assert f"This server is Shoal {__version__}, and node old runs 0.0.1." in answer.json()["title"]


def test_labels_of_the_house_cannot_be_offered(beside: Beside, shake: NewHand) -> None:
    token = beside.invite("proud")
    for label in ("house", "host:here", " "):
        assert code(shake(token).join(labels=[label])) == (422, "invalid_input")


def test_the_token_of_anothers_attempt_is_nobody_elses(beside: Beside, new_hand: NewHand) -> None:
    (job,) = beside.submit("nothing")
    mine, theirs = new_hand("mine"), new_hand("theirs")
    token = mine.lease_one()["token"]
    assert theirs.ask("start", tokens=[token]).json() == {"held": [False]}
    assert theirs.ask("renew", tokens=[token], seconds=60).json()["orders"] == [
        {"token": token, "reason": "stale"}
    ]
    assert theirs.finish(token).status_code == 200
    assert theirs.ask("return", tokens=[token]).json() == {"held": [False]}
    theirs.ask("progress", reports=[{"token": token, "done": 1, "total": 1}])
    assert code(theirs.put(token, "a", b"a")) == (409, "stale_attempt")
    log = theirs.http.put(
        "/log", params={"offset": 0, "size": 1}, content=b"x", headers={"Shoal-Attempt": token}
    )
    assert code(log) == (409, "stale_attempt")
    assert (beside.job(job).state, beside.job(job).progress) == (State.LEASED, None)
    assert mine.finish(token).status_code == 200
    assert beside.job(job).state == State.SUCCEEDED


def test_a_node_reads_only_what_its_job_reads(served: Served, beside: Beside, new_hand: NewHand) -> None:
    (served.home / "files" / "mine").mkdir(exist_ok=True)
    (served.home / "files" / "mine" / "data").write_bytes(b"0123456789")
    (served.home / "files" / "mine" / "other").write_bytes(b"secret")
    beside.submit("read", {"key": "mine/data"})
    hand = new_hand()
    (told,) = hand.lease()
    headers = {"Shoal-Attempt": told["lease"]["token"]}
    assert [one["key"] for one in told["inputs"]] == ["mine/data"]

    def get(key: str, **more: str) -> httpx.Response:
        return hand.http.get("/inputs", params={"key": key}, headers=headers | more)

    assert get("mine/data").content == b"0123456789"
    part = get("mine/data", Range="bytes=4-")
    assert (part.status_code, part.content) == (206, b"456789")
    foreign = ("mine/other", "../shoal.db", "/etc/passwd", "mine/../mine/data", "mine/data\0", "shoal.db")
    for key in foreign:
        assert code(get(key)) == (404, "not_found"), key
    hand.finish(told["lease"]["token"])
    assert code(get("mine/data")) == (409, "stale_attempt")


def test_an_artifact_lands_below_its_own_attempt_or_nowhere(
    served: Served, beside: Beside, new_hand: NewHand
) -> None:
    (job,) = beside.submit("nothing")
    hand = new_hand()
    token = hand.lease_one()["token"]
    assert hand.put(token, "out/a.txt", b"good").json()["key"] == f"jobs/{job}/1/1/out/a.txt"
    kept = served.home / "files" / "jobs" / str(job) / "1" / "1" / "out" / "a.txt"
    assert kept.read_bytes() == b"good"
    for name in ("../../evil", "/etc/evil", "a/../../b", "a\0b", ".hidden", "a//b"):
        assert hand.put(token, name, b"evil").status_code == 422, name
    assert code(hand.put(token, "torn", b"half", sha256="0" * 64)) == (422, "damaged")
    assert not [path for path in served.home.rglob("*") if path.name in ("evil", "torn", "b", ".hidden")]
    hand.finish(token)


def test_pieces_of_a_log_that_come_twice_or_late_change_nothing(
    served: Served, beside: Beside, new_hand: NewHand
) -> None:
    (job,) = beside.submit("nothing")
    hand = new_hand()
    token = hand.lease_one()["token"]

    def put(offset: int, content: bytes) -> httpx.Response:
        params: dict[str, Any] = {"offset": offset, "size": len(content)}
        return hand.http.put("/log", params=params, content=content, headers={"Shoal-Attempt": token})

    assert put(0, b"one\n").json() == {"size": 4}
    assert put(4, b"two\n").json() == {"size": 8}
    assert put(0, b"one\n").json() == {"size": 8}
    assert code(put(100, b"gap")) == (409, "log_gap")
    assert code(put(1 << 35, b"far")) == (413, "too_large")
    hand.finish(token, log="../../../etc/passwd")
    with Client(served.url) as client:
        assert client.jobs.get(job).log() == "one\ntwo\n"


def test_jobs_whose_answer_got_lost_are_found_again_and_late_requests_refused(
    beside: Beside, new_hand: NewHand
) -> None:
    ids = beside.submit("nothing", n=3)
    hand = new_hand()
    lost = [one["lease"]["token"] for one in hand.lease(2)]
    again = hand.lease(3)  # It does not have them: the answer never came.
    assert sorted(one["lease"]["job_id"] for one in again) == ids
    assert {one["lease"]["attempt"] for one in again} == {1}
    asked = {"n": 1, "in_use": {}, "seconds": 60, "turn": 1, "have": []}
    assert code(hand.ask("lease", **asked)) == (409, "late_request")
    for token in lost:
        hand.finish(token, "failed")
    assert {beside.job(id_).state for id_ in ids} == {State.LEASED}
    for _ in range(2):  # Said twice, it counts once.
        for one in again:
            assert hand.finish(one["lease"]["token"]).status_code == 200
    assert {beside.job(id_).state for id_ in ids} == {State.SUCCEEDED}
    assert {len(beside.attempts(id_)) for id_ in ids} <= {1, 2}


def test_a_result_that_its_kind_refuses_is_said_to_be_so(beside: Beside, new_hand: NewHand) -> None:
    (job,) = beside.submit("recorded")
    hand = new_hand()
    token = hand.lease_one()["token"]
    assert code(hand.finish(token, result={"sum": -1})) == (409, "not_recorded")
    assert code(hand.finish(token, "nonsense")) == (422, "invalid_input")
    assert beside.job(job).state == State.LEASED
    hand.finish(token, result={"sum": 1})
    assert beside.job(job).state == State.SUCCEEDED


def test_a_silent_node_loses_its_jobs(served: Served, beside: Beside, new_hand: NewHand) -> None:
    (job,) = beside.submit("nothing")
    hand = new_hand()
    (told,) = hand.lease(seconds=1)
    beside.until(job, State.RETRYING, State.QUEUED)
    hand.finish(told["lease"]["token"], result={"late": True})
    assert beside.job(job).result is None
    again = hand.lease_one()
    assert again["attempt"] == 2
    hand.finish(again["token"])
