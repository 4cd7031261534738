"""A Docker engine of the tests' own, with a small image made of Debian's busybox: no registry is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.support.components import find_program, require_component
from tests.support.waiting import wait_until

IMAGES = ("ubuntu", "busybox")
FOLDERS = ("bin", "etc", "proc", "sys", "dev", "tmp", "root")


@dataclass
class Containers:
    """An engine that runs containers; `socket` is its address as settings have it."""

    folder: Path
    docker: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> str:
        return f"unix://{self.folder / 'engine.sock'}"

    @property
    def within(self) -> tuple[str, ...]:
        """Return words before a program's that run it in this engine's network, where containers answer."""
        assert self.process is not None
        return ("nsenter", f"--target={self.process.pid}", "--net", "--")

    def run(self, *words: object, check: bool = True, timeout: float = 120) -> str:
        """Run `docker WORDS` and return what it printed on standard output."""
        done = subprocess.run(
            [self.docker, "--host", self.socket, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def labelled(self, label: str) -> list[str]:
        """Return the ids of all containers with a label, those that have ended too."""
        return self.run("ps", "--all", "--quiet", "--no-trunc", f"--filter=label={label}").split()

    def of_job(self, job: int) -> list[str]:
        """Return the ids of the containers of a job."""
        return self.labelled(f"shoal.job={job}")

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(_daemon(self.folder), stdout=output, stderr=output)
        wait_until(
            lambda: self.run("info", "--format={{.ServerVersion}}", check=False),
            timeout=60,
            on_timeout=log.read_text,
        )

    def stop(self) -> None:
        """Stop the daemon, and with it all containers."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)

    def kill(self) -> None:
        """Kill the daemon and its containerd at once; what runs in containers runs on."""
        if self.process is not None:
            below = psutil.Process(self.process.pid).children()
            self.process.kill()
            for process in below:
                process.kill()
            psutil.wait_procs(below, 10)
            self.process.wait(10)


@contextmanager
def running_containers() -> Iterator[Containers]:
    """Start an engine in a temporary folder, with busybox as its images, and stop it by its process id."""
    if os.geteuid() != 0:
        pytest.skip("a container engine of one's own needs root")
    docker, busybox = _found("docker"), _found("busybox")
    engine = Containers(Path(tempfile.mkdtemp(prefix="shoal-containers-")), docker)
    try:
        engine.start()
        try:
            _import_images(engine, busybox)
            yield engine
        finally:
            if left := engine.run("ps", "--all", "--quiet", check=False).split():
                engine.run("rm", "--force", "--volumes", *left, check=False)
            engine.stop()
    finally:
        _kill_what_is_left(engine.folder)
        _unmount(engine.folder)
        shutil.rmtree(engine.folder, ignore_errors=True)


def _found(name: str) -> Path:
    return require_component(name, find_program(name, "/usr/bin", "/usr/sbin"))


def _daemon(folder: Path) -> list[str]:
    places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    options = [f"--{option}={folder / name}" for option, name in places.items()]
    # In a network of its own: two engines in one would take each other's bridge away.
    begun = f'{_found("busybox")} ip link set lo up && exec "$@"'
    apart = ["unshare", "--net", "--", "sh", "-c", begun, "sh", str(_found("dockerd"))]
    apart += ["--iptables=false", "--mtu=1400"]
    limits = ["--log-opt=max-size=10m", "--log-opt=max-file=2"]
    return [*apart, *options, f"--host=unix://{folder / 'engine.sock'}", *limits]


def image_of(busybox: Path, folder: Path) -> Path:
    """Return an archive of a tree with busybox under all its names."""
    archive = folder / "image.tar"
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tarfile.open(archive, "w") as tar:
        for name in FOLDERS:
            made = tarfile.TarInfo(name)
            made.type, made.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(made)
        tar.add(busybox.resolve(), "bin/busybox")
        for name in applets:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            if name != "busybox":
                tar.addfile(link)
    return archive


def _import_images(engine: Containers, busybox: Path) -> None:
    first, *others = IMAGES
    engine.run("import", image_of(busybox, engine.folder), first)
    for name in others:
        engine.run("tag", first, name)


def _kill_what_is_left(folder: Path) -> None:
    """End containers that outlived an engine that could not be started again."""
    for shim in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            if any(str(folder) in word for word in shim.cmdline()):
                for process in [*shim.children(recursive=True), shim]:
                    process.kill()


def _unmount(folder: Path) -> None:
    """Take off what an engine that was killed has left mounted."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((place for place in mounted if place.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", place], check=False)
