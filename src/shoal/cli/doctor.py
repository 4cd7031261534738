"""`shoal doctor`: each setting and its source, what works here, and what to install."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoal.base.errors import ShoalError
from shoal.base.home import holder
from shoal.cli.options import Config, Database, Format, Home, Output
from shoal.cli.output import print_json, table

if TYPE_CHECKING:
    from shoal.base.settings import Settings

EXTRAS = {
    "psycopg": ("postgres", "PostgreSQL"),
    "python_calamine": ("xlsx", "Excel files"),
    "pandas": ("pandas", "data frames"),
    "river": ("river", "river's pipelines"),
    "paho": ("mqtt", "rows that come by MQTT"),
    "aiokafka": ("kafka", "rows that come by Kafka"),
    "pymongo": ("mongodb", "data of jobs in a MongoDB"),
    "sentry_sdk": ("sentry", "errors told to Sentry"),
    "asyncssh": ("ssh", "machines of your own, over SSH"),
    "boto3": ("ec2", "machines at EC2"),
    "ansible": ("ansible", "playbooks of machines"),
    "pymysql": ("mysql", "health checks that ask MySQL"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `remedy` is empty when it works or is not needed."""

    what: str
    works: bool
    found: str
    remedy: str = ""


def doctor(
    home: Home = None, config: Config = None, database: Database = None, output: Output = Format.TABLE
) -> int:
    """Show settings, what works here, and what to install."""
    from shoal.base.settings import load_with_sources

    flags = {"home": home, "database": database}
    settings, sources = load_with_sources(flags, config)
    values = [(name, shown, sources.get(name, "default")) for name, shown in _leaves(settings)]
    checks = list(_checks(settings))
    if output is Format.JSON:
        print_json(
            {
                "settings": {name: {"value": shown, "source": source} for name, shown, source in values},
                "checks": [asdict(check) for check in checks],
            }
        )
    elif output is Format.TABLE:
        print(table(["SETTING", "VALUE", "FROM"], values))
        print()
        print(table(["CHECK", "", "FOUND"], [(c.what, _mark(c), c.found) for c in checks]))
        for check in checks:
            if check.remedy:
                print(f"\n{check.what}: {check.remedy}")
    return 1 if any(check.remedy and not check.works for check in checks) else 0


def _mark(check: Check) -> str:
    return "ok" if check.works else ("mend" if check.remedy else "no")


def _leaves(branch: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name in type(branch).model_fields:
        value = getattr(branch, name)
        if hasattr(type(value), "model_fields"):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(value) or "-"
    return "-" if value in (None, "") else str(value)


def _checks(settings: Settings) -> Iterator[Check]:
    yield Check("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    looks: list[Callable[[Settings], Check]] = [
        _home,
        _disk,
        _memory,
        _kernels,
        _database,
        _workers,
        _sandbox,
        _engine,
        _live,
        _infra,
    ]
    yield from (look(settings) for look in looks)
    for module, (extra, purpose) in EXTRAS.items():
        there = find_spec(module) is not None
        hint = "" if there else f"not installed; for {purpose}: pip install 'shoal[{extra}]'"
        yield Check(f"extra {extra}", there, hint or f"installed, for {purpose}")


def _home(settings: Settings) -> Check:
    if (found := holder(settings.home)) is not None:
        return Check("home", True, f"held by {found}" + (f" at {found.url}" if found.url else ""))
    at = _existing(settings.home)
    if _writable(at):
        return Check("home", True, "free" if settings.home.exists() else "will be made")
    return Check("home", False, f"{at} cannot be written", "Choose another folder with --home DIR.")


def _writable(folder: Path) -> bool:
    import os

    return os.access(folder, os.W_OK | os.X_OK)


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(_existing(settings.home)).free
    remedy = "" if free > 1 << 30 else "Less than 1 GB is free; Shoal refuses writes when nothing is left."
    return Check("disk", not remedy, f"{free / 1e9:.1f} GB free", remedy)


def _memory(_: Settings) -> Check:
    import psutil

    memory = psutil.virtual_memory()
    return Check("memory", True, f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free")


def _kernels(_: Settings) -> Check:
    from shoal.clustering.kernels.cache import cache_folder

    folder = cache_folder()
    ready = any(folder.rglob("*.nbi")) if folder.is_dir() else False
    return Check(
        "kernels", True, f"compiled in {folder}" if ready else "the first study will compile them, once"
    )


def _workers(settings: Settings) -> Check:
    if settings.workers:
        return Check("workers", True, f"{settings.workers} on this machine")
    return Check("workers", True, "0: nodes do the jobs; see `shoal node token NAME` and `shoal worker`")


def _database(settings: Settings) -> Check:
    if settings.database is None:
        return Check("database", True, "SQLite in the home")
    from shoal.base.settings import is_reference, resolve_secret

    try:
        url = resolve_secret(settings.database)
        return Check("database", True, _reached(url))
    except ShoalError as error:
        name = settings.database if is_reference(settings.database) else "the database"
        return Check("database", False, f"{name}: {error.message}", error.hint or "Check --database.")


def _sandbox(settings: Settings) -> Check:
    from shoal.jobs.sandbox import choosing, modes
    from shoal.jobs.sandbox.terms import of

    mode, tried = choosing.described(of(settings.execution, settings.home))
    reasons = "".join(f"; not {other}: {why}" for other, why in tried.items())
    if mode and mode != modes.NONE:
        return Check("sandbox", True, f"{mode}: {modes.MEANS[mode]}{reasons}")
    remedy = "Install bubblewrap, use a kernel with Landlock, or set execution.sandbox to auto."
    return Check("sandbox", False, f"none: {modes.MEANS[modes.NONE]}{reasons}", remedy)


def _engine(settings: Settings) -> Check:
    from shoal.jobs.containers.finding import find

    configured = settings.containers.engine
    try:
        engine = find(configured)
        told = engine.get("/version")
    except ShoalError as error:
        # Nobody needs an engine who runs no containers; one that was named is wanted.
        return Check("containers", False, error.message, error.hint if configured else "")
    name = "podman" if "podman" in str(told.get("Components", "")).lower() else "Docker"
    return Check("containers", True, f"{name} {told['Version']} at {engine.path}")


def _live(settings: Settings) -> Check:
    folder = settings.home / "live"
    logs = [path.stat().st_size for path in folder.glob("*/log/*.rows")] if folder.is_dir() else []
    tasks = sum(1 for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else 0
    hosts = f"{settings.live.hosts} processes follow them"
    kept = f"{tasks} keep {sum(logs) / 1e6:.1f} MB of rows; {hosts}" if tasks else "none"
    return Check("live tasks", True, kept)


def _infra(settings: Settings) -> Check:
    from shoal.infra.credentials import credentials_for

    folder = settings.home / "infra"
    kept = sum(1 for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else 0
    try:
        credentials_for({"type": "simulated"}, settings.infra.credentials)  # Reads all that is in the file.
    except ShoalError as error:
        return Check("infrastructures", False, error.message, error.hint)
    return Check("infrastructures", True, f"{kept} have secrets or logs in {folder}" if kept else "none")


def _reached(url: str) -> str:
    from sqlalchemy import text

    from shoal.base.database import open_database

    database = open_database(url)
    try:
        database.read(lambda connection: connection.execute(text("select 1")).scalar_one())
        return f"{database.dialect}, reached"
    finally:
        database.close()


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
