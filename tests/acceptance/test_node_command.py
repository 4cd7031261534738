"""`shoal node token`: shown once, kept as a hash, and what it opens."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx

from tests.support.certificates import self_signed
from tests.support.command import shoal
from tests.support.server import running_server


def test_the_server_token_is_shown_once_and_opens_a_listener_beyond_loopback(tmp_path: Path) -> None:
    home = tmp_path / "home"
    refused = shoal("serve", "--listen", "0.0.0.0:0", home=home, cwd=tmp_path)
    assert refused.code == 1
    assert "shoal node token server" in refused.err
    made = shoal("node", "token", "server", home=home, cwd=tmp_path)
    token = made.out.strip()
    assert (made.code, made.out.count("\n"), len(token) > 40) == (0, 1, True)
    assert token not in made.err
    with running_server(home, listen=["0.0.0.0:0", "127.0.0.1:0"]) as served:
        port = served.urls[0].rpartition(":")[2]
        url = f"http://127.0.0.1:{port}/api/v1/studies"
        assert httpx.get(url, trust_env=False).status_code == 401
        for given, status in ((token, 200), (token[:-1], 401)):
            answer = httpx.get(url, headers={"Authorization": f"Bearer {given}"}, trust_env=False)
            assert answer.status_code == status
        assert token not in served.log()
    holders = [path for path in home.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert holders == []
    kept = (home / "server-token.sha256").read_text().strip()
    assert kept == hashlib.sha256(token.encode()).hexdigest()
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_new_token_replaces_the_one_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first, second = (shoal("node", "token", "server", home=home, cwd=tmp_path).out.strip() for _ in range(2))
    assert first != second
    with running_server(home) as served, served.http() as http:
        statuses = [
            http.get("/api/v1/jobs", headers={"Authorization": f"Bearer {token}"}).status_code
            for token in (first, second)
        ]
    assert statuses == [401, 200]


def test_the_token_of_a_node_is_shown_once_and_not_for_every_name(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_server(home):
        for name in ("Server", "a/b"):
            ran = shoal("node", "token", name, home=home, cwd=tmp_path)
            assert (ran.code, ran.out) == (1, ""), name
        made = shoal("node", "token", "worker-1", home=home, cwd=tmp_path)
        token = made.out.strip()
        assert (made.code, made.out.count("\n")) == (0, 1), made.err
        assert token.startswith("shoal_node_worker-1.")
        listed = shoal("node", "list", "--output", "json", home=home, cwd=tmp_path).json
        (node,) = [one for one in listed if one["node"]]
        assert (node["name"], node["state"], node["joined"]) == ("worker-1", "gone", None)
        assert shoal("node", "rm", "worker-1", home=home, cwd=tmp_path).code == 0
        gone = shoal("node", "rm", "worker-1", home=home, cwd=tmp_path)
        assert (gone.code, gone.out) == (1, "")
        assert "error: There is no node worker-1." in gone.err
    holders = [path for path in tmp_path.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert holders == []


def test_a_worker_says_what_is_wrong_with_its_words(tmp_path: Path) -> None:
    file = tmp_path / "token"
    words = ("worker", "--token-file", file, "--server")

    def said(url: str) -> str:
        ran = shoal(*words, url, home=tmp_path / "home", cwd=tmp_path)
        assert (ran.code, ran.out) == (1, "")
        return ran.err

    assert f"error: The token file {file} cannot be read." in said("http://127.0.0.1:1")
    file.write_text("shoal_something")
    assert f"error: {file} does not hold the token of a node." in said("http://127.0.0.1:1")
    file.write_text(f"shoal_node_one.{'a' * 43}")
    assert "error: http://10.0.0.1:8002 would send tokens and data for everybody to read." in said(
        "http://10.0.0.1:8002"
    )
    assert "is not the address of a server." in said("ftp://example.org")


def test_a_command_with_a_server_of_its_own_needs_no_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a-token-that-is-long-enough")
    ran = shoal("study", "list", home=tmp_path / "home", cwd=tmp_path, SHOAL_SERVER_TOKEN=f"@{file}")
    assert ran.code == 0, ran.err


def test_a_server_that_vouches_for_itself_is_trusted_by_its_certificate_alone(tmp_path: Path) -> None:
    certificate, key, token = (tmp_path / name for name in ("certificate.pem", "key.pem", "token"))
    self_signed(certificate, key, "localhost")
    token.write_text("a-token-that-is-long-enough")
    tls = {"tls_certificate": str(certificate), "tls_key": str(key), "server_token": f"@{token}"}
    listen = ["127.0.0.1:0,tls"]
    with running_server(tmp_path / "served", env=None, within=(), listen=listen, **tls) as served:
        url = f"https://localhost:{served.port}"

        def asked(**more: str) -> tuple[int, str]:
            words = ("node", "token", "one", "--server", url)
            ran = shoal(
                *words,
                home=tmp_path / "home",
                cwd=tmp_path,
                timeout=120,
                within=(),
                SHOAL_SERVER_TOKEN=f"@{token}",
                **more,
            )
            return ran.code, ran.out or ran.err

        assert asked()[0] == 1
        code, made = asked(SHOAL_SERVER_CA=str(certificate))
        assert (code, made.startswith("shoal_node_one.")) == (0, True), made
        code, said = asked(SHOAL_SERVER_CA=str(tmp_path / "nothing.pem"))
        assert (code, "nothing.pem cannot be read" in said) == (1, True), said
