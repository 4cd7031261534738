"""`shoal serve` with Cluserve's configuration: what it reads, what it refuses, and what that does."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from shoal.access.tokens import generate
from tests.support.certificates import self_signed
from tests.support.command import SHOAL, environment, shoal
from tests.support.graphql import PATH, Asker
from tests.support.nginx import free_port
from tests.support.receiver import running_receiver
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

PAGE = "https://app.example.org"
QUERY = {"query": "{ tasks { id } }"}
FREE = ("--port", "0")
ENTRYPOINT = Path(__file__).parents[2] / "deploy" / "entrypoint.sh"
TELLING = """
import logging, sys
from shoal.base.settings import Settings
from shoal.server.reporting import report
report(Settings(sentry=sys.argv[1]))
logging.getLogger("shoal.server").warning("not told")
logging.getLogger("shoal.server").error("%s failed", "req_1")
import sentry_sdk
sentry_sdk.flush(20)
"""


@contextmanager
def serving(
    folder: Path,
    flags: Sequence[str] = FREE,
    program: Sequence[str] = (SHOAL,),
    verify: ssl.SSLContext | bool = True,
    /,
    **variables: str,
) -> Iterator[tuple[httpx.Client, Path]]:
    """Run `shoal serve` in a folder; gives a client and the file with what it says."""
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*program, "serve", "--workers", "1", *flags],
            cwd=folder,
            env=environment(folder / "home") | variables,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        line = wait_until(lambda: _line(output), timeout=90, on_timeout=output.read_text)
        with httpx.Client(base_url=line.split()[3], trust_env=False, timeout=60, verify=verify) as http:
            yield http, output
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _line(output: Path) -> str:
    lines = output.read_text().splitlines()
    return next((line for line in lines if line.startswith("Shoal serves at")), "")


def test_the_one_file_that_is_read_is_named_and_the_others_are_built_in(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    text = f"cluserve: {{timeout: 7, domains: ['{PAGE}']}}\nclustore: {{endpoint: 'http://clustore:8001'}}\n"
    (tmp_path / "configs" / "config.yml").write_text(text)
    (tmp_path / "configs" / "config.toml").write_text("[cluserve]\ntimeout = 8\n")
    with serving(tmp_path, CLUSERVE_DEBUG="true") as (http, output):
        said = output.read_text()
        assert f"is read: {tmp_path / 'configs' / 'config.yml'}, CLUSERVE_DEBUG." in said
        assert "Clustore is built in." in said
        assert http.post(PATH, json=QUERY, headers={"Origin": PAGE}).status_code == 200
        assert http.post(PATH, json=QUERY, headers={"Origin": "https://evil.example"}).status_code == 403
        wait_until(lambda: "shoal.access" in output.read_text())


def test_a_file_that_is_mounted_into_the_container_is_read(tmp_path: Path) -> None:
    """What the image runs first, with the folder that the composition mounts at /etc/shoal."""
    mounted = tmp_path / "etc"
    (mounted / "configs").mkdir(parents=True)
    (mounted / "configs" / "config.yml").write_text(f"cluserve: {{domains: ['{PAGE}']}}\n")
    (mounted / "configs" / "config.production.toml").write_text("[cluserve]\ntimeout = 9\n")
    path = os.pathsep.join([str(Path(SHOAL).parent), os.environ["PATH"]])
    inside = {"CLUSERVE_MOUNT": str(mounted), "SHOAL_HOME": str(tmp_path / "home"), "PATH": path}
    inside["CONFIGOR_ENV"] = "production"
    (tmp_path / "home").mkdir(mode=0o700)
    with serving(tmp_path, FREE, (str(ENTRYPOINT), "shoal"), **inside) as (http, output):
        for name in ("config.yml", "config.production.toml"):
            assert str(mounted / "configs" / name) in output.read_text()
        assert http.post(PATH, json=QUERY, headers={"Origin": PAGE}).status_code == 200
        assert http.post(PATH, json=QUERY, headers={"Origin": "https://evil.example"}).status_code == 403


def test_the_composition_mounts_the_folder_of_configurations_where_it_is_looked_for() -> None:
    composed = yaml.safe_load((ENTRYPOINT.parent / "compose.yml").read_text())
    assert "${DEPLOY_CONFIGS:-../configs}:/etc/shoal/configs:ro" in composed["services"]["shoal"]["volumes"]
    assert "${CLUSERVE_MOUNT:-/etc/shoal}" in ENTRYPOINT.read_text()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CLUSTORE_ENDPOINT": "http://elsewhere:8001"}, "clustore is built in"),
        ({"CLUSAUTH_ENDPOINT": "http://elsewhere:8003"}, "clusauth is built in"),
        ({"CLUSERVE_DOMAINS": "*"}, "every page"),
        (
            {"CLUSERVE_CERTFILE": "missing.pem", "CLUSERVE_KEYFILE": "missing.key"},
            "missing.pem cannot be read",
        ),
        ({"CLUSERVE_ENDPOINT": "cluserve:8002"}, "not an endpoint"),
        ({"CLUSERVE_SENTRY": "no dsn"}, "not a DSN"),
    ],
)
def test_what_cannot_be_is_refused_at_the_start(tmp_path: Path, variables: dict[str, str], told: str) -> None:
    done = shoal("serve", home=tmp_path / "home", cwd=tmp_path, timeout=120, **variables)
    assert done.code == 1
    assert told in done.err


def test_a_certificate_and_its_key_make_the_server_speak_tls(tmp_path: Path) -> None:
    certificate, key, port = tmp_path / "cluserve.pem", tmp_path / "cluserve.key", free_port()
    self_signed(certificate, key, "localhost")
    endpoint = f"https://127.0.0.1:{port}"
    variables = {"CLUSERVE_CERTFILE": str(certificate), "CLUSERVE_KEYFILE": str(key)}
    with serving(tmp_path, (), CLUSERVE_ENDPOINT=endpoint, **variables) as (http, _):
        assert str(http.base_url) == endpoint
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            http.post(PATH, json=QUERY)
        trusted = ssl.create_default_context(cafile=str(certificate))
        answer = httpx.post(f"https://localhost:{port}{PATH}", json=QUERY, verify=trusted, trust_env=False)
        assert answer.json() == {"data": {"tasks": []}}


def test_a_port_of_ones_own_speaks_tls_too_and_a_certificate_that_nobody_uses_is_told(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cluserve.pem", tmp_path / "cluserve.key"
    self_signed(certificate, key, "localhost")
    variables = {"CLUSERVE_CERTFILE": str(certificate), "CLUSERVE_KEYFILE": str(key)}
    trusted = ssl.create_default_context(cafile=str(certificate))
    trusted.check_hostname = False
    with serving(tmp_path, FREE, (SHOAL,), trusted, **variables) as (http, output):
        assert http.base_url.scheme == "https"
        assert http.post(PATH, json=QUERY).json() == {"data": {"tasks": []}}
        assert "not encrypted" not in output.read_text()
    with serving(tmp_path, ("--listen", "127.0.0.1:0"), **variables) as (http, output):
        assert http.base_url.scheme == "http"
        assert "not encrypted: no address is marked tls" in output.read_text()


def test_sentry_is_refused_clearly_without_its_package(tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sentry_sdk.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'sentry_sdk'\", name='sentry_sdk')\n"
    )
    variables = {"CLUSERVE_SENTRY": "http://key@127.0.0.1:9/1", "PYTHONPATH": str(tmp_path / "without")}
    done = shoal("serve", home=tmp_path / "home", cwd=tmp_path, timeout=120, **variables)
    assert done.code == 1
    assert "pip install 'shoal[sentry]'" in done.err


def test_errors_of_ours_are_told_to_sentry_and_nothing_else() -> None:
    with running_receiver() as receiver:
        dsn = receiver.url.replace("http://", "http://key@").rstrip("/") + "/1"
        python = Path(SHOAL).with_name("python")
        subprocess.run([python, "-c", TELLING, dsn], check=True, timeout=60)
        told = b"".join(receiver.bodies)
    assert len(receiver.bodies) >= 1
    assert b"not told" not in told


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """Give a server on every address of the machine, which wants its token, and one page that may call it."""
    home = tmp_path_factory.mktemp("known") / "home"
    token = generate(home)
    with running_server(home, listen=["0.0.0.0:0"], graphql={"origins": [PAGE], "timeout": 30}) as served:
        yield served, token


def test_the_older_header_shows_the_token_where_one_is_wanted(known: tuple[Served, str]) -> None:
    served, token = known
    with served.http() as http:
        assert http.post(PATH, json=QUERY).status_code == 401
        assert http.post(PATH, json=QUERY).json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert http.post(PATH, json=QUERY, headers={"X-Clusauth-Token": "wrong"}).status_code == 401
        right = {"X-Clusauth-Token": token}
        assert http.post(PATH, json=QUERY, headers=right).json() == {"data": {"tasks": []}}
        assert http.get("/api/v1/studies", headers=right).status_code == 401


def test_a_page_that_was_named_may_call_and_others_may_not(known: tuple[Served, str]) -> None:
    served, token = known
    asked: dict[str, Any] = {"Access-Control-Request-Method": "POST"}
    with served.http() as http:
        preflight = http.options(PATH, headers={"Origin": PAGE} | asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == PAGE
        assert "x-clusauth-token" in preflight.headers["access-control-allow-headers"].lower()
        shown = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site", "X-Clusauth-Token": token}
        answer = http.post(PATH, json=QUERY, headers=shown)
        assert answer.json() == {"data": {"tasks": []}}
        assert answer.headers["access-control-allow-origin"] == PAGE
        evil = http.post(PATH, json=QUERY, headers=shown | {"Origin": "https://evil.example"})
        assert evil.status_code == 403
        assert "access-control-allow-origin" not in evil.headers
        elsewhere = http.post("/api/v1/studies/nothing/cancel", headers=shown)
        assert elsewhere.status_code in (401, 403)


def test_on_loopback_a_token_of_another_service_does_no_harm(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as served, served.http() as http:
        answer = http.post(PATH, json=QUERY, headers={"X-Clusauth-Token": "a token of Clusauth"})
        assert answer.json() == {"data": {"tasks": []}}


def test_a_request_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", graphql={"timeout": 1}) as served, served.http() as http:
        ask = Asker(http)
        ask.code("{ nothing }")
        id_ = ask.play(dataset=None, variables=["x", "y"], algorithm={"name": "kmeans", "iter": 5})
        assert ask.code("query ($id: String!) { wait(id: $id) { id } }", id=id_) == "REQUEST_TIMEOUT"


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", "graphql-ws"])
@pytest.mark.parametrize("name", ["X-Clusauth-Token", "Authorization"])
def test_a_socket_may_bring_the_token_with_its_greeting(
    known: tuple[Served, str], protocol: str, name: str
) -> None:
    served, token = known
    written = token if name == "X-Clusauth-Token" else f"Bearer {token}"
    for payload in ({name: written}, {"headers": {name: written}}):
        with socket_of(served, protocol) as socket:
            socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(socket.recv(30)) == {"type": "connection_ack"}
            begin = "subscribe" if protocol == "graphql-transport-ws" else "start"
            socket.send(json.dumps({"type": begin, "id": "1", "payload": QUERY}))
            assert json.loads(socket.recv(30))["payload"] == {"data": {"tasks": []}}


@pytest.mark.parametrize(
    "greeting",
    [
        {"type": "connection_init"},
        {"type": "connection_init", "payload": {"X-Clusauth-Token": "wrong"}},
        {"type": "connection_init", "payload": {"X-Clusauth-Token": 7, "headers": []}},
        {"type": "subscribe", "id": "1", "payload": QUERY},
        ["nothing"],
    ],
)
def test_a_greeting_without_the_token_ends_the_socket(known: tuple[Served, str], greeting: Any) -> None:
    with socket_of(known[0], "graphql-transport-ws") as socket:
        socket.send(json.dumps(greeting))
        with pytest.raises(ConnectionClosed) as gone:
            socket.recv(30)
    assert gone.value.rcvd is not None
    assert gone.value.rcvd.code == 4401


def test_a_page_that_was_not_named_may_not_talk_even_with_the_token(known: tuple[Served, str]) -> None:
    served, token = known
    greeting = {"type": "connection_init", "payload": {"X-Clusauth-Token": token}}
    with socket_of(served, "graphql-ws", Origin="https://evil.example") as socket:
        socket.send(json.dumps(greeting))
        with pytest.raises(ConnectionClosed):
            socket.recv(30)
    with socket_of(served, "graphql-ws", Origin=PAGE) as socket:
        socket.send(json.dumps(greeting))
        assert json.loads(socket.recv(30)) == {"type": "connection_ack"}


def socket_of(served: Served, protocol: str, **headers: str) -> ClientConnection:
    address = f"{served.url.replace('http', 'ws')}{PATH}"
    spoken = [Subprotocol(protocol)]
    return connect(address, subprotocols=spoken, proxy=None, open_timeout=60, additional_headers=headers)
