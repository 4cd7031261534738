"""One tree of settings, from defaults, a file, the environment and flags, in that order.

The file is `shoal.toml`: `--config FILE`, else `$SHOAL_CONFIG`, else in the home. The environment is
`SHOAL_` + the name, with `__` between levels: `SHOAL_LIMITS__UPLOAD=100000000`. A secret is never a
value: it is `@FILE` or `env:NAME`, and is read when it is needed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shoal.base.errors import InvalidSetting

Tree = dict[str, Any]
Layer = tuple[str, Tree]
_LISTS = {
    "listen",
    "hosts",
    "webhook_hosts",
    "labels",
    "scripts",
    "files",
    "mounts",
    "networks",
    "devices",
    "users",
    "origins",
}
PREFIX = "SHOAL_"
# Read elsewhere, before there are settings: not part of the tree.
NOT_SETTINGS = {"SHOAL_CONFIG", "SHOAL_SERVER", "SHOAL_FAULT", "SHOAL_FAULT_ONCE", "SHOAL_CACHE_DIR"}
# What a program that we run is told of itself: it may run Shoal.
FACTS = {f"SHOAL_{name}" for name in ("FOLDER", "JOB", "ATTEMPT", "ARRAY_INDEX", "SEED", "DATA")}


def default_home() -> Path:
    """Return the user's data folder for Shoal (XDG base directories)."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "shoal"


def default_workers() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Branch(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Branch):
    """What one request may ask for."""

    upload: int = Field(default=256 << 20, ge=1, description="bytes of one uploaded file")
    expanded: int = Field(default=4 << 30, ge=1, description="bytes a compressed file may grow to")
    max_k: int = Field(default=100, ge=1, description="largest number of clusters a study may try")
    fits: int = Field(default=100_000, ge=1, description="fits of one study")
    jobs_per_owner: int = Field(
        default=0, ge=0, description="jobs of one owner that run at once; 0: no limit"
    )


class Retention(_Branch):
    """How long what has ended is kept; `shoal gc` removes the rest."""

    logs_days: int = Field(default=30, ge=0, description="days that logs of ended jobs are kept")
    jobs_days: int = Field(default=90, ge=0, description="days that ended jobs are kept, studies excepted")
    events_days: int = Field(default=7, ge=0, description="days that events are kept")


class Execution(_Branch):
    """What jobs may run, and within which bounds."""

    scripts: tuple[str, ...] = Field(
        default=("shoal.samples",), description="packages, modules or folders whose functions may be run"
    )
    files: tuple[Path, ...] = Field(
        default=(), description="executables, or folders of them, that the runner `file` may start"
    )
    commands: bool = Field(default=True, description="whether the runners `command` and `batch` may be used")
    eval: bool = Field(default=False, description="whether admins may run Python text that they send along")
    sandbox: Literal["auto", "user", "bubblewrap", "landlock", "none"] = Field(
        default="auto", description="what keeps programs from each other and from the home"
    )
    scratch: Path | None = Field(
        default=None, description="folder for jobs' working files; empty: a temporary one"
    )
    memory: int = Field(default=4 << 30, ge=1 << 20, description="bytes of memory a job may use by default")
    output: int = Field(default=50 << 20, ge=1, description="bytes of output of an attempt that are kept")
    processes: int = Field(default=256, ge=1, description="processes a job may have at once")
    files_size: int = Field(default=4 << 30, ge=1, description="bytes a job may write into its folder")


class Containers(_Branch):
    """Which engine runs containers, and what they may be given."""

    engine: str | None = Field(
        default=None, description="unix:///path of Docker's or podman's socket; empty: the first that answers"
    )
    pull: Literal["missing", "always", "never"] = Field(
        default="missing", description="when images are fetched"
    )
    mounts: tuple[str, ...] = Field(
        default=(), description="host folders that may be mounted: PATH or PATH:ro"
    )
    networks: tuple[str, ...] = Field(
        default=(), description="networks that may be joined besides the engine's own"
    )
    devices: tuple[str, ...] = Field(default=(), description="devices that may be given, like /dev/dri")
    users: tuple[str, ...] = Field(
        default=(), description="users that a container may run as besides the image's"
    )


class Live(_Branch):
    """How live tasks are run, and how much one may hold."""

    hosts: int = Field(default=2, ge=1, le=64, description="processes that live tasks are spread over")
    tasks_per_owner: int = Field(default=200, ge=1, description="live tasks that one owner may have")
    task_size: int = Field(
        default=1 << 30, ge=1 << 16, description="bytes of rows that one live task may keep on disk"
    )
    waiting_rows: int = Field(
        default=200_000, ge=1, description="rows of a task that may wait before senders are told to slow down"
    )
    checkpoint: float = Field(default=10.0, gt=0, description="seconds between two checkpoints of a task")
    refresh: float = Field(
        default=1.2, gt=0, description="seconds between two messages of a subscription over GraphQL"
    )


class Infra(_Branch):
    """How clusters of machines are built and kept."""

    passes: int = Field(
        default=8, ge=1, le=64, description="infrastructures that are worked on at once, each by a process"
    )
    parallel: int = Field(
        default=32, ge=1, le=512, description="calls to providers at once, of one infrastructure"
    )
    interval: float = Field(default=10.0, gt=0, description="seconds between two looks at what is kept")
    missing: float = Field(
        default=15.0, gt=0, description="seconds until a machine that its provider no longer shows is gone"
    )
    credentials: Path | None = Field(
        default=None, description="YAML file with what providers ask for; empty: where Occopus looked for it"
    )
    machines: int = Field(default=2000, ge=1, description="machines that one infrastructure may have")
    per_owner: int = Field(default=100, ge=1, description="infrastructures that one owner may have")
    bundle: int = Field(
        default=4 << 20, ge=1 << 10, le=16 << 20, description="bytes of a description with its definitions"
    )
    commands: bool = Field(
        default=False, description="whether templates may run commands on this machine with cmd()"
    )


class GraphQL(_Branch):
    """How GraphQL at /v1/graphql is answered."""

    timeout: float = Field(default=180.0, gt=0, description="seconds that a query or mutation may take")
    origins: tuple[str, ...] = Field(
        default=(), description="web pages that may call it besides our own, like https://app.example.org"
    )

    @field_validator("origins")
    @classmethod
    def _each_named(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or origin.count("/") != 2:
                raise ValueError(f"{origin} is no origin: write it like https://app.example.org")
        return tuple(origin.lower() for origin in origins)


class Settings(_Branch):
    """Every setting of Shoal."""

    home: Path = Field(default_factory=default_home, description="the folder that holds everything")
    home_wait: float = Field(default=600.0, ge=0, description="seconds to wait for another command to end")
    database: str | None = Field(
        default=None, description="URL, @FILE or env:NAME; empty: SQLite in the home"
    )
    workers: int = Field(
        default_factory=default_workers,
        ge=0,
        le=1024,
        description="worker processes on this machine; 0: other machines do the jobs (`shoal worker`)",
    )
    listen: tuple[str, ...] = Field(
        default=("127.0.0.1:8002",), description="HOST:PORT[,tls][,open=CIDR] to answer on"
    )
    webhook_hosts: tuple[str, ...] = Field(
        default=(), description="hosts at private addresses that webhooks may be told at"
    )
    root_path: str = Field(default="", description="prefix behind a proxy")
    hosts: tuple[str, ...] = Field(default=(), description="names that requests may use for this server")
    server_token: str | None = Field(default=None, description="@FILE or env:NAME; needed beyond loopback")
    server_ca: Path | None = Field(
        default=None, description="PEM file with the certificates that a server elsewhere is known by"
    )
    tls_certificate: Path | None = Field(default=None, description="PEM file for listeners marked tls")
    tls_key: Path | None = Field(default=None, description="PEM file with the certificate's key")
    labels: tuple[str, ...] = Field(default=(), description="labels that this machine's workers offer")
    mongodb: str | None = Field(
        default=None, description="@FILE or env:NAME with the address of a MongoDB that all jobs may read"
    )
    limits: Limits = Limits()
    execution: Execution = Execution()
    containers: Containers = Containers()
    live: Live = Live()
    infra: Infra = Infra()
    graphql: GraphQL = GraphQL()
    debug: bool = Field(default=False, description="whether the server logs each request")
    sentry: str | None = Field(
        default=None, description="DSN, @FILE or env:NAME: where errors of ours are told; needs the extra"
    )
    retention: Retention = Retention()

    @field_validator("home")
    @classmethod
    def _expand(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("database")
    @classmethod
    def _no_password(cls, database: str | None) -> str | None:
        if database and not is_reference(database) and urlsplit(database).password:
            raise ValueError("a password does not belong in a setting: put the URL into a file and say @FILE")
        return database or None

    @field_validator("server_token", "mongodb")
    @classmethod
    def _only_reference(cls, secret: str | None) -> str | None:
        if secret and not is_reference(secret):
            raise ValueError("a secret does not belong in a setting: say @FILE or env:NAME")
        return secret or None


def is_reference(value: str) -> bool:
    """Say whether a value points at a secret instead of being one."""
    return value.startswith(("@", "env:"))


def resolve_secret(reference: str) -> str:
    """Read the secret that `@FILE` or `env:NAME` points at; anything else is returned as it is.

    Raises:
        InvalidSetting: the file or variable is not there.
    """
    try:
        if reference.startswith("@"):
            return Path(reference[1:]).expanduser().read_text().strip()
        if reference.startswith("env:"):
            return os.environ[reference[4:]]
    except (OSError, KeyError) as error:
        raise InvalidSetting(f"The secret {reference} cannot be read.", hint=str(error)) from error
    return reference


def load_settings(
    flags: Mapping[str, Any] | None = None, config: Path | None = None, *, older: Layer | None = None
) -> Settings:
    """Return the settings of this process; raises InvalidSetting."""
    return load_with_sources(flags, config, older=older)[0]


def load_with_sources(
    flags: Mapping[str, Any] | None = None, config: Path | None = None, *, older: Layer | None = None
) -> tuple[Settings, dict[str, str]]:
    """Return the settings and, for each dotted name that was set, where its value comes from.

    What an `older` system's configuration says goes before the file, and our own environment before it.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    environment = dict(_from_environment())
    home = Path(given.get("home") or environment.get("home") or default_home()).expanduser()
    file = _config_file(config, home)
    lower: list[Layer] = [(str(file), _read_file(file)), *([older] if older else [])]
    layers: list[Layer] = [*lower, ("environment", environment), ("flag", given)]
    sources = {name: layer for layer, tree in layers for name in _leaves(tree)}
    try:
        return Settings.model_validate(reduce(_merge, (tree for _, tree in layers), Tree())), sources
    except ValidationError as error:
        raise _explained(error, sources) from error


def _config_file(config: Path | None, home: Path) -> Path | None:
    chosen = config or (Path(os.environ["SHOAL_CONFIG"]) if "SHOAL_CONFIG" in os.environ else None)
    if chosen is not None and not chosen.is_file():
        raise InvalidSetting(f"The settings file {chosen} is not there.")
    default = home / "shoal.toml"
    return chosen or (default if default.is_file() else None)


def _read_file(file: Path | None) -> Tree:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise InvalidSetting(f"The settings file {file} cannot be read.", hint=str(error)) from error


def _from_environment() -> Iterator[tuple[str, Any]]:
    tree: Tree = {}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in NOT_SETTINGS | FACTS:
            *branches, leaf = name.removeprefix(PREFIX).lower().split("__")
            branch = reduce(lambda at, level: at.setdefault(level, {}), branches, tree)
            branch[leaf] = _value(leaf, os.environ[name])
    yield from tree.items()


def _value(leaf: str, text: str) -> Any:
    return tuple(text.split()) if leaf in _LISTS else text


def _merge(below: Tree, above: Tree) -> Tree:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _leaves(tree: Tree, prefix: str = "") -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _explained(error: ValidationError, sources: Mapping[str, str]) -> InvalidSetting:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return InvalidSetting(
            f"There is no setting {name} ({_source(name, sources)}).", hint=f"There are: {known}."
        )
    reason = first["msg"].removeprefix("Value error, ")
    return InvalidSetting(f"The setting {name} ({_source(name, sources)}) cannot be used: {reason}.")


def _source(name: str, sources: Mapping[str, str]) -> str:
    return next(
        (source for leaf, source in sources.items() if leaf == name or leaf.startswith(name)), "default"
    )
