"""The files of `deploy/` without an engine: what make passes on, the secrets, the start of a container."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# Stands for Docker's own program, and says what it was asked.
RECORDER = '#!/bin/sh\nenv | grep ^DEPLOY_ | sort\necho "asked: $*"\n'
OLDER = {
    "CLUSERVE_CONTEXT": ("DEPLOY_CONTEXT", "..", "/elsewhere"),
    "CLUSERVE_DOCKERFILE": ("DEPLOY_DOCKERFILE", "Dockerfile", "build/Dockerfile"),
    "CLUSERVE_IMAGE": ("DEPLOY_IMAGE", "shoal", "cluserve:7"),
    "CLUSERVE_CONTAINER": ("DEPLOY_CONTAINER", "shoal", "cluserve"),
    "CLUSERVE_PORT": ("DEPLOY_PORT", "8002", "9002"),
}


@pytest.fixture
def bare() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ}


def make(target: str, folder: Path, env: dict[str, str], *variables: str) -> str:
    recorder = script(folder / "compose", RECORDER)
    words = ["make", "--no-print-directory", target, f"COMPOSE={recorder}", f"DEPLOY_SECRETS={folder / 's'}"]
    done = subprocess.run([*words, *variables], cwd=ROOT, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("target", "variables", "asked"),
    [
        ("docker-build", ["ARGS=--pull"], "build --pull"),
        ("docker-up", ["ARGS=--build"], "up --detach --build"),
        ("docker-stop", [], "stop"),
        ("docker-down", ["ARGS=--volumes"], "down --volumes"),
        ("docker-logs", [], "logs"),
        ("docker-restart", [], "restart"),
        ("docker-config", [], "config"),
        ("docker-tty", [], "exec shoal sh"),
        ("docker-cmd", ["CMD=shoal study list"], "exec -T shoal shoal study list"),
    ],
)
def test_every_target_asks_compose_for_production_and_for_development(
    target: str, variables: list[str], asked: str, tmp_path: Path, bare: dict[str, str]
) -> None:
    production = make(target, tmp_path, bare, *variables)
    assert f"asked: --project-name shoal --file deploy/compose.yml {asked}\n" in production
    development = make(target.replace("docker-", "docker-dev-"), tmp_path, bare, *variables)
    both = "--file deploy/compose.yml --file deploy/compose.dev.yml"
    assert f"asked: --project-name shoal-dev {both} {asked}\n" in development
    assert "DEPLOY_IMAGE=shoal:dev\n" in development
    assert "DEPLOY_CONTAINER=shoal-dev\n" in development


@pytest.mark.parametrize("older", OLDER)
def test_an_older_name_is_taken_where_ours_is_not_set(
    older: str, tmp_path: Path, bare: dict[str, str]
) -> None:
    ours, default, value = OLDER[older]
    assert f"{ours}={default}\n" in make("docker-config", tmp_path, bare)
    assert f"{ours}={value}\n" in make("docker-config", tmp_path, bare | {older: value})
    assert f"{ours}={value}\n" in make("docker-dev-config", tmp_path, bare | {older: value})
    assert f"{ours}=ours\n" in make("docker-config", tmp_path, bare | {older: value, ours: "ours"})


def test_the_guide_lists_every_variable_with_its_older_name() -> None:
    guide = (ROOT / "docs" / "how-to" / "deploy.md").read_text()
    named = set(re.findall(r"\$\{(DEPLOY_\w+)", (DEPLOY / "compose.yml").read_text()))
    assert {ours for ours, _, _ in OLDER.values()} <= named
    assert [name for name in sorted(named) if f"`{name}`" not in guide] == []
    for older, (ours, _, _) in OLDER.items():
        assert re.search(rf"\| `{ours}` \| `{older}` \|", guide), older


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first = subprocess.run([DEPLOY / "secrets.sh", folder], capture_output=True, text=True, check=True)
    kept = {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(kept) == ["database-password", "database-url", "server-token"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert kept["database-url"] == f"postgresql://shoal:{kept['database-password'].strip()}@database/shoal\n"
    assert len(kept["server-token"].strip()) == len("shoal_") + 64
    assert not any(value.strip() in first.stderr + first.stdout for value in kept.values())
    again = subprocess.run([DEPLOY / "secrets.sh", folder], capture_output=True, text=True, check=True)
    assert again.stderr == ""
    assert {path.name: path.read_text() for path in folder.iterdir()} == kept


def test_no_secret_and_no_certificate_can_be_committed_or_built_in() -> None:
    for name in ("deploy/secrets/server-token", "deploy/certificates/own.crt"):
        done = subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT)
        assert done.returncode in (0, 128), name  # 128: this copy is no repository
    let_through = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    assert not any(fnmatch("deploy/secrets", pattern) for pattern in let_through)


def test_what_the_image_copies_is_let_through_and_there() -> None:
    let_through = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert source.rstrip("/") in let_through, source
            assert (ROOT / source).exists(), source


def start(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a container's first program, with a `shoal` that only tells where its token is."""
    script(folder / "shoal", '#!/bin/sh\necho "$1 with ${SHOAL_SERVER_TOKEN-no token}"\n')
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    given = {"PATH": path, "SHOAL_HOME": str(folder)} | env
    command = [str(DEPLOY / "entrypoint.sh"), *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=True, timeout=60)


def test_a_container_is_given_a_token_once_and_says_only_where_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "server-token"
    first = start(tmp_path, "shoal", "serve")
    token = file.read_text().strip()
    assert first.stdout == f"serve with @{file}\n"
    assert re.fullmatch(r"shoal_[\w-]{43}", token)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in first.stderr
    assert token not in first.stderr
    second = start(tmp_path, "shoal", "serve", "--reload")
    assert (second.stdout, second.stderr) == (first.stdout, "")
    assert file.read_text().strip() == token


def test_a_token_that_is_given_is_used_and_other_commands_need_none(tmp_path: Path) -> None:
    given = start(tmp_path, "shoal", "serve", SHOAL_SERVER_TOKEN="@/run/secrets/server-token")
    assert given.stdout == "serve with @/run/secrets/server-token\n"
    assert start(tmp_path, "shoal", "study").stdout == "study with no token\n"
    assert not (tmp_path / "server-token").exists()
