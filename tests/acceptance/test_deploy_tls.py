"""`shoal serve` with several addresses and a certificate, and what it says when they cannot be used."""

from __future__ import annotations

import re
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.certificates import self_signed
from tests.support.command import SHOAL, environment, shoal
from tests.support.nginx import free_port
from tests.support.waiting import wait_until


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[list[str]]:
    """Run `shoal serve WORDS` and give the addresses that it says it serves at."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [SHOAL, "serve", "--workers", "1", *words],
            env=environment(folder / "home"),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        line = wait_until(lambda: said(log, process), timeout=60, on_timeout=log.read_text)
        yield re.findall(r"https?://[^\s,]+", line)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()


def said(log: Path, process: subprocess.Popen[bytes]) -> str:
    assert process.poll() is None, log.read_text()
    return next((line for line in log.read_text().splitlines() if line.startswith("Shoal serves at ")), "")


def pair(folder: Path, name: str = "one") -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    self_signed(certificate, key, "localhost")
    return certificate, key


def flags(certificate: Path, key: Path) -> list[str]:
    return ["--tls-certificate", str(certificate), "--tls-key", str(key)]


def test_addresses_with_and_without_tls_are_given_as_flags(tmp_path: Path) -> None:
    certificate, key = pair(tmp_path)
    words = ["--listen", "127.0.0.1:0,tls", "--listen", "127.0.0.1:0", "--listen", "[::1]:0"]
    with serving(tmp_path, *words, *flags(certificate, key)) as urls:
        assert [url.partition(":")[0] for url in urls] == ["https", "http", "http"]
        trusted = ssl.create_default_context(cafile=str(certificate))
        by_name = urls[0].replace("127.0.0.1", "localhost")
        answers = [httpx.get(f"{url}/ping", verify=trusted, trust_env=False) for url in (by_name, *urls[1:])]
        assert [answer.text for answer in answers] == ["pong"] * 3
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{by_name}/ping", trust_env=False)
        wait_until(lambda: shoal("ready", home=tmp_path / "home", cwd=tmp_path).code == 0, timeout=120)


def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    certificate, key = pair(tmp_path)
    with serving(tmp_path, "--listen", "127.0.0.1:0,tls", *flags(certificate, key)) as urls:
        port = urls[0].rpartition(":")[2]
        for version, works in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version]
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
            assert (done.returncode == 0) is works, version


def test_every_address_of_both_kinds_may_have_one_port(tmp_path: Path) -> None:
    made = shoal("node", "token", "server", home=tmp_path / "home", cwd=tmp_path)
    port = free_port()
    with serving(tmp_path, "--listen", f"0.0.0.0:{port}", "--listen", f"[::]:{port}"):
        for host in ("127.0.0.1", "[::1]"):
            url = f"http://{host}:{port}/api/v1/jobs"
            assert httpx.get(url, trust_env=False).status_code == 401
            bearer = {"Authorization": f"Bearer {made.out.strip()}"}
            assert httpx.get(url, headers=bearer, trust_env=False).status_code == 200


def test_a_certificate_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    certificate, key = pair(tmp_path)
    _, other = pair(tmp_path, "two")
    locked = tmp_path / "locked.key"
    lock = [
        "openssl",
        "pkcs8",
        "-topk8",
        "-v2",
        "aes128",
        "-passout",
        "pass:secret",
        "-in",
        key,
        "-out",
        locked,
    ]
    subprocess.run([str(word) for word in lock], check=True, capture_output=True)
    words = tmp_path / "words.pem"
    words.write_text("no certificate")
    for given, fact in (
        ([], "A listener is marked tls, but there is no certificate."),
        (flags(certificate, other), f"{other} is not the key of {certificate}."),
        (flags(certificate, tmp_path / "gone"), f"{tmp_path / 'gone'} cannot be read: No such file"),
        (flags(certificate, locked), f"{locked} is locked by a passphrase."),
        (flags(words, key), f"{words} and {key} are not a certificate and a key in PEM form."),
    ):
        ran = shoal("serve", "--listen", "127.0.0.1:0,tls", *given, home=tmp_path / "home", cwd=tmp_path)
        assert ran.code == 1
        assert f"error: {fact}" in ran.err
