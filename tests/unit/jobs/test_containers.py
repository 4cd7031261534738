"""Laws of what is said to a container engine, and of what it says."""

from __future__ import annotations

import io
import os
import socket
import struct
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.base.errors import Forbidden, InvalidInput, InvalidSetting
from shoal.base.process import is_alive, process_label
from shoal.base.settings import Containers
from shoal.jobs.containers import archives, creation
from shoal.jobs.containers.engine import Engine, EngineGone
from shoal.jobs.containers.finding import find
from shoal.jobs.containers.frames import demultiplexed
from shoal.jobs.containers.permitted import check
from shoal.jobs.sandbox.artifacts import Bounds

IMAGE = {"image": "ubuntu"}
frames = st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.binary(max_size=200)), max_size=20)


def joined(pieces: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Join neighbours of one stream, and drop what is empty."""
    whole: list[tuple[str, bytes]] = []
    for stream, piece in pieces:
        if piece and whole and whole[-1][0] == stream:
            whole[-1] = (stream, whole[-1][1] + piece)
        elif piece:
            whole.append((stream, piece))
    return whole


@given(sent=frames, steps=st.lists(st.integers(1, 50), min_size=1))
def test_streams_are_told_apart_in_order_however_they_arrive(
    sent: list[tuple[int, bytes]], steps: list[int]
) -> None:
    wire = b"".join(struct.pack(">BxxxI", stream, len(content)) + content for stream, content in sent)
    source, turn = io.BytesIO(wire), iter(steps * (len(wire) + 1))
    got = list(demultiplexed(lambda n: source.read(min(n, next(turn)))))
    assert joined(got) == joined([("e" if stream == 2 else "o", content) for stream, content in sent])


@given(cut=st.integers(0, 20))
def test_a_stream_that_is_cut_ends(cut: int) -> None:
    source = io.BytesIO((struct.pack(">BxxxI", 1, 12) + b"hello engine")[:cut])
    assert b"hello engine".startswith(b"".join(piece for _, piece in demultiplexed(source.read)))


def test_what_is_not_made_of_frames_is_an_error() -> None:
    with pytest.raises(ValueError, match="stream 72"):
        list(demultiplexed(io.BytesIO(b"HTTP/1.1 500 oops").read))


def test_by_default_nothing_of_the_machine_is_given() -> None:
    made = check(IMAGE, Containers())
    assert made == {
        "image": "ubuntu",
        "container_name": "",
        "pull": "missing",
        "network": "",
        "user": "",
        "mounts": [],
        "devices": [],
    }
    host = creation.document(made, {}, 10)["HostConfig"]
    assert (host["Mounts"], host["Devices"], host["NetworkMode"]) == ([], [], "default")
    assert "Privileged" not in host


@pytest.mark.parametrize(
    "wanted",
    [
        {"network": "host"},
        {"network": "container:abc"},
        {"user": "root"},
        {"mounts": ["/:/host"]},
        {"mounts": ["/srv/data/../secret:/x:ro"]},
        {"mounts": ["/srv/data2:/x:ro"]},
        {"mounts": ["/srv/data:/x"]},
        {"mounts": ["/srv/data:/x:rw"]},
        {"devices": ["/dev/sda"]},
        {"devices": ["/dev/dri/../sda"]},
    ],
)
def test_what_is_on_no_list_is_refused_and_the_setting_named(wanted: dict[str, Any]) -> None:
    allowed = Containers(mounts=("/srv/data:ro",), networks=("lab",), devices=("/dev/dri",), users=("1000",))
    with pytest.raises(Forbidden, match=r"may not be given") as refused:
        check(IMAGE | wanted, allowed)
    assert f"containers.{next(iter(wanted)).removesuffix('s')}s" in refused.value.hint


def test_what_is_on_a_list_is_given(tmp_path: Path) -> None:
    lent = tmp_path / "lent"
    (lent / "deep").mkdir(parents=True)
    allowed = Containers(mounts=(str(lent),), networks=("lab",), devices=("/dev/dri",), users=("1000",))
    wanted = {"mounts": [f"{lent}/deep:/x"], "network": "lab", "user": "1000", "devices": ["/dev/dri/card0"]}
    host = creation.document(check(IMAGE | wanted, allowed), {}, 10)["HostConfig"]
    assert host["Mounts"] == [
        {"Type": "bind", "Source": f"{lent.resolve()}/deep", "Target": "/x", "ReadOnly": False}
    ]
    assert host["Devices"][0]["PathInContainer"] == "/dev/dri/card0"
    assert host["NetworkMode"] == "lab"


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"image": ""},
        {"image": "-v"},
        {"image": "a b"},
        {"image": 7},
        IMAGE | {"container_name": "a/b"},
        IMAGE | {"container_name": "a"},
        IMAGE | {"pull": "often"},
        IMAGE | {"mounts": ["relative:/x"]},
        IMAGE | {"mounts": ["/a:relative"]},
        IMAGE | {"mounts": ["/a:/b:ro:z"]},
        IMAGE | {"mounts": ["/a\0:/b"]},
        IMAGE | {"mounts": [7]},
        IMAGE | {"devices": ["sda"]},
    ],
)
def test_what_cannot_be_is_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        check(wanted, Containers(mounts=("/",), devices=("/",)))


def test_a_folder_goes_in_and_the_same_files_come_out(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    files = {"a.csv": b"1,2\n", "deep/b.bin": bytes(1000), "deep/empty": b""}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    archive = io.BytesIO(b"".join(archives.packed(tmp_path)))
    with tarfile.open(fileobj=archive) as tar:
        assert tar.getmember("shoal/out").mode == 0o777
        names = {f"shoal/in/{name}" for name in files}
        assert {member.name for member in tar if member.isfile()} == names
        read = {name: tar.extractfile(f"shoal/in/{name}") for name in files}
        assert {name: file.read() for name, file in read.items() if file} == files


@pytest.mark.parametrize("name", ["out/../../etc/passwd", "out/.hidden", "out//a", "out/a\nb"])
def test_a_name_that_leads_elsewhere_is_not_taken_from_an_archive(name: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    archive.seek(0)
    with pytest.raises(InvalidInput):
        list(archives.members(archive, Bounds(10, 100)))


def test_a_living_process_keeps_its_containers_and_a_dead_one_does_not() -> None:
    mine = process_label()
    assert is_alive(mine)
    assert not is_alive(f"{mine}0"), "another process with the same id"
    assert not is_alive("")
    printed = "from shoal.base.process import process_label as p; print(p())"
    done = subprocess.run([sys.executable, "-c", printed], capture_output=True, text=True, check=True)
    assert done.stdout.strip().rpartition("/")[0].rpartition("/")[0] == mine.rsplit("/", 2)[0]
    assert not is_alive(done.stdout.strip())


def test_the_first_engine_that_answers_is_taken(tmp_path: Path) -> None:
    podman = tmp_path / "podman"
    podman.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(podman / "podman.sock"))
        listening.listen()
        rootless = {"XDG_RUNTIME_DIR": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/gone.sock"}
        if not os.path.exists("/var/run/docker.sock"):  # noqa: PTH110
            assert find(environ=rootless).path == str(podman / "podman.sock")
        first = rootless | {"DOCKER_HOST": f"unix://{podman}/podman.sock"}
        assert find(environ=first).path == str(podman / "podman.sock")
    assert find("unix:///set/by/hand.sock", rootless).path == "/set/by/hand.sock"


def test_no_engine_is_a_sentence_that_says_where_was_looked(tmp_path: Path) -> None:
    if os.path.exists("/var/run/docker.sock") or os.path.exists("/run/podman/podman.sock"):  # noqa: PTH110
        pytest.skip("there is an engine on this machine")
    with pytest.raises(EngineGone) as gone:
        find(environ={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert "/var/run/docker.sock" in gone.value.hint


def test_a_place_where_no_engine_ever_was_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EngineGone) as gone:
        Engine(str(tmp_path / "docker.sock")).get("/version")
    assert "Install Docker or podman" in gone.value.hint


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:2375", "docker.sock", "https://engine"])
def test_an_engine_is_only_reached_by_a_unix_socket(address: str) -> None:
    with pytest.raises(InvalidSetting, match="no Unix socket"):
        find(address)
    with pytest.raises(InvalidSetting, match="DOCKER_HOST"):
        find(environ={"DOCKER_HOST": address})
