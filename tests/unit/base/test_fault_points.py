"""No durable write without a registered fault point: what can be armed is all that can be torn."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.base.faults import fault_point, registered

SOURCES = Path(__file__).parents[3] / "src" / "shoal"

ALLOWED = {
    "base/files.py": "the one place that writes files durably; every call names a point",
    "base/sqlite.py": "opens the database; every write names a point",
    "base/sqlite_writer.py": "the writer's own transactions, which reach their points",
    "base/postgres.py": "opens the database; every write names a point",
    "base/dumping.py": "drafts of a backup, which becomes durable at its own point",
    "base/home.py": "the lock file says who is there now; it holds nothing to lose",
    "base/faults.py": "the mark that a fault has happened, made while it happens",
    "cli/main.py": "the null device, for the answer to a reader that has left",
    "cli/occopus/program.py": "the null device, for the answer to a reader that has left",
    "clustering/kernels/cache.py": "compiled code and its lock; made anew when torn",
    "clustering/warm.py": "a lock beside compiled code",
    "live/office/door.py": "a short way to a socket, in a temporary folder",
    "infra/blueprints/catalogue.py": "a copy of what we ship: made again when torn",
    "infra/configuring/playbook.py": "a working folder of Ansible's, gone with its run",
    "infra/configuring/plugins/shoal.py": "files that Ansible asks for, in its working folder",
    "infra/contexts/cloud_config.py": "YAML as a text",
    "infra/templating/child.py": "answers into a pipe",
    "infra/passes/records.py": "log lines are appended as they come; what is published goes by a point",
    "infra/providers/containers/shell.py": "an archive in memory",
    "infra/providers/processes/capped_log.py": "what a machine's process writes is appended as it comes",
    "infra/providers/processes/scripts.py": "a script in a file that has no name",
    "infra/providers/processes/supervisor.py": "the null device, when it has told that it is ready",
    "jobs/nodes/log_pieces.py": "pieces of a log, sent again when they were torn",
    "jobs/workers/memory.py": "asks the kernel to start counting anew, below /proc",
    "jobs/runners/hosts.py": "a copy of compiled code in a working folder, gone with its host",
    "jobs/runners/items.py": "a batch's working folder; its records count once they are stored",
    "jobs/runners/process.py": "a copy of the data in a working folder, gone with its attempt",
    "jobs/schedules/ticking.py": "a savepoint in the transaction that records a tick",
    "jobs/scripts/conversion.py": "data as a file in a call's working folder, gone with it",
    "jobs/scripts/describing.py": "an answer into a pipe",
    "jobs/scripts/materials.py": "copies of data and code in a working folder, gone with its attempt",
    "jobs/scripts/results.py": "files in a call's working folder, until the worker has stored them",
    "jobs/webhooks/signing.py": "gives its name to a key that was kept at a point",
    "live/sources/query.py": "opens a database that others write; it is only read",
    "jobs/logs.py": "log lines are appended as they come; a torn last line is a log's nature",
    "storage/uploads.py": "parts that count only when their record, written at a point of its own, says so",
    "live/host/journal.py": "notes by which a killed host is followed; what is torn is done anew",
    "studies/bundle.py": "a script of other people's, made anew when it is not there",
    "server/serve.py": "begins to drain, which is no transaction",
}
ALWAYS = {
    *("write_text", "write_bytes", "touch", "rename", "renames", "link", "symlink_to", "hardlink_to"),
    *("NamedTemporaryFile", "mkstemp", "copyfile", "copytree", "ftruncate"),
    *("create_engine", "begin", "begin_nested", "pwrite", "savetxt", "tofile", "dump"),
}


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and name of every call that may write to a disk or a database."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ALWAYS or _opens_for_writing(node, name) or _replaces_a_file(node, name):
                yield node.lineno, name


def _opens_for_writing(node: ast.Call, name: str) -> bool:
    words = {part.attr for arg in node.args for part in ast.walk(arg) if isinstance(part, ast.Attribute)}
    modes = [arg for arg in (*node.args, *(k.value for k in node.keywords)) if isinstance(arg, ast.Constant)]
    texts = [
        mode.value for mode in modes if isinstance(mode.value, str) and set(mode.value) <= set("rwaxbt+")
    ]
    flagged = bool(words & {"O_CREAT", "O_WRONLY", "O_RDWR", "O_APPEND", "O_TRUNC"})
    return name in ("open", "fdopen") and (flagged or any(set(text) & set("wax+") for text in texts))


def _replaces_a_file(node: ast.Call, name: str) -> bool:
    owner = getattr(getattr(node.func, "value", None), "id", "")
    if name in ("move", "copy", "copy2"):
        return owner == "shutil"
    return name == "replace" and not node.keywords and (owner == "os" or len(node.args) == 1)


def found() -> dict[str, list[tuple[int, str]]]:
    by_file = {
        str(path.relative_to(SOURCES)): list(writes(ast.parse(path.read_text())))
        for path in sorted(SOURCES.rglob("*.py"))
    }
    return {name: lines for name, lines in by_file.items() if lines}


def test_nothing_is_written_but_through_registered_points() -> None:
    assert {name: lines for name, lines in found().items() if name not in ALLOWED} == {}


def test_no_exception_is_kept_longer_than_it_is_needed() -> None:
    assert set(ALLOWED) - set(found()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "open('x', 'w')",
        "path.open('ab')",
        "open(path, mode='r+')",
        "Path('x').write_text('y')",
        "os.replace(a, b)",
        "draft.replace(path)",
        "os.open(path, os.O_WRONLY | os.O_CREAT)",
        "engine.begin()",
        "create_engine(url)",
    ],
)
def test_the_scan_sees_every_way_to_write(source: str) -> None:
    assert list(writes(ast.parse(source)))


@pytest.mark.parametrize(
    "source", ["open('data.csv')", "path.open('rb')", "text.replace('a', 'b')", "replace(x, y=1)"]
)
def test_the_scan_lets_reading_be(source: str) -> None:
    assert not list(writes(ast.parse(source)))


def test_a_point_is_registered_once() -> None:
    point = fault_point("tests.points", "A test registers a point.")
    assert registered()["tests.points"] is point
    with pytest.raises(ValueError, match="twice"):
        fault_point("tests.points", "again")
