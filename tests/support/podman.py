"""podman's service in a folder of the tests' own, spoken to by the same API as Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shoal.jobs.containers.finding import answers
from tests.support.components import find_program, require_component
from tests.support.containers import IMAGES, image_of
from tests.support.waiting import wait_until

INSTALL = "make services ARGS=--long"
# What podman of Debian 12 needs where control groups are of the first version.
SETTINGS = """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
init_path = "{init}"
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
"""


@contextmanager
def running_podman() -> Iterator[str]:
    """Start podman's service with an image of busybox, and give its address; stop it by its process id."""
    if os.geteuid() != 0:
        pytest.skip("podman with a storage of one's own needs root here")
    podman, _ = _found("podman"), _found("runc")
    init, busybox = _found("tini-static"), _found("busybox")
    folder = Path(tempfile.mkdtemp(prefix="shoal-podman-"))
    socket = folder / "podman.sock"
    (folder / "containers.conf").write_text(SETTINGS.format(init=init))
    env = os.environ | {"CONTAINERS_CONF": str(folder / "containers.conf")}
    command = [str(podman), f"--root={folder / 'data'}", f"--runroot={folder / 'run'}"]
    try:
        archive = image_of(busybox, folder)
        importing = [*command, "import", str(archive), f"docker.io/library/{IMAGES[0]}:latest"]
        subprocess.run(importing, env=env, check=True, capture_output=True, timeout=60)
        with (folder / "log").open("wb") as log:
            service = [*command, "system", "service", "--time=0", f"unix://{socket}"]
            process = subprocess.Popen(service, env=env, stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(str(socket)), on_timeout=(folder / "log").read_text)
            yield f"unix://{socket}"
        finally:
            subprocess.run([*command, "rm", "--all", "--force"], env=env, capture_output=True, timeout=60)
            process.terminate()
            process.wait(30)
    finally:
        subprocess.run(["umount", folder / "data" / "overlay"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _found(name: str) -> Path:
    return require_component(name, find_program(name, "/usr/bin", "/usr/sbin"), INSTALL)
