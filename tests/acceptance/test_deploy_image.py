"""The image is built and run: alone, and by `make docker-...` with PostgreSQL, in an engine of our own."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.support.command import PENGUINS
from tests.support.engine import Engine, build_postgres, running_engine
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1800)]
POSTGRES = "postgresql-of-debian:15"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Give an engine that has built the image by `make docker-build`, under an older name of the setting."""
    with running_engine() as running:
        running.make("docker-build", {"CLUSERVE_IMAGE": "shoal:test"}, timeout=1500)
        yield running


@pytest.fixture
def container(engine: Engine) -> Iterator[str]:
    """Start a container as the guide says, but ask for its health every second."""
    published = f"127.0.0.1:{free_port()}:8002"
    flags = [
        "--name=alone",
        f"--publish={published}",
        "--volume=alone:/var/lib/shoal",
        "--health-interval=1s",
    ]
    engine.run("run", "--detach", *flags, "shoal:test")
    wait_until(lambda: health(engine, "alone") == "healthy", timeout=120, on_timeout=lambda: logs(engine))
    yield f"http://{published.rpartition(':')[0]}"
    engine.run("rm", "--force", "alone")
    engine.run("volume", "rm", "alone")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def health(engine: Engine, name: str) -> str:
    return engine.run("inspect", "--format={{.State.Health.Status}}", name, check=False).strip()


def logs(engine: Engine) -> str:
    return engine.run("logs", "alone")


def in_it(engine: Engine, *words: str) -> str:
    return engine.run("exec", "alone", *words)


def study_penguins(engine: Engine, name: str = "alone") -> str:
    words = ["exec", "--interactive", name, "sh", "-c", "cat > /tmp/penguins.csv"]
    with PENGUINS.open("rb") as file:
        subprocess.run([engine.docker, *words], env=engine.environment, stdin=file, check=True, timeout=60)
    words = ["shoal", "study", "run", "/tmp/penguins.csv", "--preset", "quick", "--out", "/tmp/study"]
    return engine.run("exec", name, *words)


def test_the_image_says_nothing_of_who_built_it(engine: Engine) -> None:
    facts = json.loads(engine.run("inspect", "shoal:test"))[0]["Config"]
    assert facts["User"] == "shoal"
    assert facts["Volumes"] == {"/var/lib/shoal": {}}
    assert not [entry for entry in facts["Env"] if entry.startswith("PIP_")]
    left = "ls /build /usr/local/share/ca-certificates"
    found = engine.run("run", "--rm", "--entrypoint=sh", "shoal:test", "-c", left, check=False)
    assert "machine.crt" not in found


def test_a_container_makes_its_token_once_and_never_shows_it(engine: Engine, container: str) -> None:
    token = in_it(engine, "cat", "/var/lib/shoal/server-token").strip()
    assert re.fullmatch(r"shoal_[\w-]{43}", token)
    assert in_it(engine, "stat", "--format=%a %U", "/var/lib/shoal/server-token").strip() == "600 shoal"
    said = logs(engine)
    assert said.count("A server token was made: /var/lib/shoal/server-token") == 1
    assert httpx.get(f"{container}/ping", trust_env=False).text == "pong"
    assert httpx.get(f"{container}/api/v1/studies", trust_env=False).status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{container}/api/v1/studies", headers=bearer, trust_env=False).status_code == 200
    engine.run("restart", "alone")
    wait_until(lambda: health(engine, "alone") == "healthy", timeout=60, on_timeout=lambda: logs(engine))
    assert in_it(engine, "cat", "/var/lib/shoal/server-token").strip() == token
    assert logs(engine).count("A server token was made") == 1
    assert token not in logs(engine)


def test_a_container_works_without_a_compiler_and_as_no_root(engine: Engine, container: str) -> None:
    assert in_it(engine, "id", "--user").strip() == "10001"
    kernels = "find /var/cache/shoal -name '*.nbc' | sort | xargs sha256sum"
    before = in_it(engine, "sh", "-c", kernels)
    ran = study_penguins(engine)
    assert "Report  /tmp/study/report.html" in ran
    assert in_it(engine, "sh", "-c", kernels) == before
    stopped = engine.run("stop", "-t", "60", "alone")
    assert stopped.strip() == "alone"
    assert engine.run("inspect", "--format={{.State.ExitCode}}", "alone").strip() == "0"


def test_a_backup_of_a_container_goes_into_a_new_volume(engine: Engine, container: str) -> None:
    study_penguins(engine)
    study = json.loads(in_it(engine, "shoal", "study", "list", "--output", "json"))[0]["id"]
    in_it(engine, "shoal", "backup", "/tmp/backup.tar.gz")
    archive = engine.folder / "backup.tar.gz"
    engine.run("cp", "alone:/tmp/backup.tar.gz", archive)
    mounts = ["--volume=second:/var/lib/shoal", f"--volume={archive}:/backup.tar.gz:ro"]
    engine.run("run", "--rm", *mounts, "shoal:test", "shoal", "restore", "/backup.tar.gz")
    listed = engine.run("run", "--rm", *mounts, "shoal:test", "shoal", "study", "list", "--output", "quiet")
    assert study in listed
    assert "backups" not in engine.run("run", "--rm", *mounts, "shoal:test", "shoal", "upgrade")
    engine.run("volume", "rm", "second")


def test_make_runs_the_composition_with_postgresql(engine: Engine) -> None:
    build_postgres(engine, POSTGRES)
    port = str(free_port())
    given = {"CLUSERVE_IMAGE": "shoal:test", "CLUSERVE_PORT": port, "CLUSERVE_CONTAINER": "composed"}
    given["DEPLOY_POSTGRES_IMAGE"] = POSTGRES
    config = engine.make("docker-config", given)
    assert f":{port}:8002" in config.replace("published: ", "")
    assert "image: shoal:test" in config
    assert "container_name: composed" in config
    engine.make("docker-up", given)
    try:
        ready = wait_until(
            lambda: composed(engine, given), timeout=120, on_timeout=lambda: said(engine, given)
        )
        assert "database ok" in ready
        doctor = engine.make("docker-cmd", {**given, "CMD": "shoal doctor"})
        assert re.search(r"database +ok +postgresql, reached", doctor)
        secrets = engine.tree / "deploy" / "secrets"
        assert secrets.stat().st_mode & 0o777 == 0o700
        token = (secrets / "server-token").read_text().strip()
        for headers, status in (({}, 401), ({"Authorization": f"Bearer {token}"}, 200)):
            url = f"http://127.0.0.1:{port}/api/v1/studies"
            assert httpx.get(url, headers=headers, trust_env=False).status_code == status
        engine.make("docker-restart", given)
        until_composed(engine, given)
        printed = said(engine, given)
        assert "Shoal serves at" in printed
        for name in ("server-token", "database-password"):
            assert (secrets / name).read_text().strip() not in printed
        restored_elsewhere(engine, given)
        engine.make("docker-stop", given)
        assert not engine.run("ps", "--quiet", "--filter=name=composed").strip()
    finally:
        engine.make("docker-down", {**given, "ARGS": "--volumes"})


def restored_elsewhere(engine: Engine, given: dict[str, str]) -> None:
    """Put a backup of the composition into one of another name, as the guide says."""
    study_penguins(engine, "composed")
    engine.make("docker-cmd", {**given, "CMD": "shoal backup /tmp/backup.tar.gz"})
    archive = engine.folder / "composed.tar.gz"
    engine.run("cp", "composed:/tmp/backup.tar.gz", archive)
    compose = ["docker-compose", "--project-name=restored", "--file=deploy/compose.yml"]
    variables = [f"{name}={value}" for name, value in given.items()]
    variables.append("DEPLOY_IMAGE=shoal:test")
    once = ["run", "--rm", "-T", f"--volume={archive}:/backup.tar.gz:ro", "shoal"]
    try:
        engine.command(
            ["env", *variables, *compose, *once, "shoal", "restore", "/backup.tar.gz"], timeout=300
        )
        listed = engine.command(["env", *variables, *compose, *once, "shoal", "study", "list"], timeout=300)
        assert "penguins.csv" in listed
    finally:
        engine.command(["env", *variables, *compose, "down", "--volumes"])


def until_composed(engine: Engine, given: dict[str, str]) -> str:
    return wait_until(lambda: composed(engine, given), timeout=120, on_timeout=lambda: said(engine, given))


def composed(engine: Engine, given: dict[str, str]) -> str:
    try:
        return engine.make("docker-cmd", {**given, "CMD": "shoal ready"})
    except AssertionError:
        return ""


def said(engine: Engine, given: dict[str, str]) -> str:
    return engine.make("docker-logs", given)


def test_the_composition_for_development_reloads_a_changed_source(engine: Engine) -> None:
    if "postgresql-of-debian" not in engine.run("images"):
        build_postgres(engine, POSTGRES)
    given = {"DEPLOY_IMAGE": "shoal:test", "DEPLOY_PORT": str(free_port()), "DEPLOY_POSTGRES_IMAGE": POSTGRES}
    target = {"up": "docker-dev-up", "logs": "docker-dev-logs", "down": "docker-dev-down"}
    engine.make(target["up"], given)
    try:
        wait_until(lambda: "Shoal serves at" in engine.make(target["logs"], given), timeout=120)
        source = engine.tree / "src" / "shoal" / "__init__.py"
        source.write_text(source.read_text() + "# changed\n")
        wait_until(
            lambda: engine.make(target["logs"], given).count("Shoal serves at") == 2,
            timeout=120,
            on_timeout=lambda: engine.make(target["logs"], given),
        )
        assert "A source file changed. Starting anew." in engine.make(target["logs"], given)
    finally:
        engine.make(target["down"], {**given, "ARGS": "--volumes"})
