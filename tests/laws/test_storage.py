"""The laws that every storage backend obeys. A new backend is one more entry in BACKENDS."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.base import clock
from shoal.base.errors import InvalidInput, NotFound
from shoal.storage.backend import Storage
from shoal.storage.files import FileStorage
from shoal.storage.keys import checked_key

BACKENDS: dict[str, Callable[[Path], Storage]] = {"files": lambda folder: FileStorage(folder / "root")}
OUTSIDE = [
    "",
    "/etc/passwd",
    "../outside",
    "a/../../outside",
    "a/..",
    "./a",
    "a//b",
    "a/",
    ".hidden",
    "a/.hidden/b",
    "a\0b",
    "a\nb",
    "..\\outside",
    "x" * 300,
    "a/" * 600 + "a",
]


@pytest.fixture(params=BACKENDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    backend: Storage = BACKENDS[request.param](tmp_path)
    return backend


def test_what_is_put_is_read_back(storage: Storage) -> None:
    stored = storage.put("a/b/c.bin", [b"one", b"", b"two"])
    assert (stored.size, stored.sha256) == (6, hashlib.sha256(b"onetwo").hexdigest())
    with storage.open("a/b/c.bin") as file:
        assert file.read() == b"onetwo"
        file.seek(3)
        assert file.read() == b"two"
    assert storage.size("a/b/c.bin") == 6
    assert storage.exists("a/b/c.bin")


def test_an_empty_file_is_a_file(storage: Storage) -> None:
    assert storage.put("empty", []).size == 0
    assert storage.exists("empty")
    assert storage.size("empty") == 0


def test_a_later_put_replaces(storage: Storage) -> None:
    storage.put("a", [b"long before"])
    storage.put("a", [b"now"])
    with storage.open("a") as file:
        assert file.read() == b"now"


def test_a_file_being_read_stays_whole_while_it_is_replaced(storage: Storage) -> None:
    storage.put("a", [b"before"])
    with storage.open("a") as file:
        storage.put("a", [b"after"])
        assert file.read() == b"before"


def test_a_put_that_fails_leaves_what_was_there(storage: Storage) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("the sender is gone")

    storage.put("a/b", [b"before"])
    with pytest.raises(ValueError, match="the sender is gone"):
        storage.put("a/b", chunks())
    with pytest.raises(ValueError, match="the sender is gone"):
        storage.put("a/c", chunks())
    assert [entry.key for entry in storage.list()] == ["a/b"]
    assert storage.size("a/b") == 6


def test_a_write_is_not_there_before_its_block_ends(storage: Storage) -> None:
    with storage.write("a") as writer:
        writer.write(b"half")
        assert not storage.exists("a")
        assert list(storage.list()) == []
        assert writer.stored().size == 4
    assert storage.exists("a")


@pytest.mark.parametrize("key", OUTSIDE)
def test_no_key_leaves_the_root(storage: Storage, key: str) -> None:
    for act in (storage.open, storage.exists, storage.size, storage.path, storage.delete):
        with pytest.raises(InvalidInput):
            act(key)
    with pytest.raises(InvalidInput):
        storage.put(key, [b"x"])
    assert list(storage.list()) == []


@given(st.text(st.sampled_from("./\\a\0~ é"), max_size=8))
def test_a_checked_key_stays_below_any_root(key: str) -> None:
    root = Path("/root/of/it")
    try:
        path = root / checked_key(key)
    except InvalidInput:
        return
    assert path.is_relative_to(root)
    assert path != root
    assert ".." not in path.parts


def test_what_is_not_there_is_not_found(storage: Storage) -> None:
    storage.put("a/b", [b"x"])
    for key in ("missing", "a", "a/b/c"):
        for act in (storage.open, storage.size, storage.path):
            with pytest.raises(NotFound):
                act(key)
        assert not storage.exists(key)
        assert not storage.delete(key)


def test_deleting_removes_one_file(storage: Storage) -> None:
    storage.put("a/b", [b"x"])
    storage.put("a/c", [b"x"])
    assert storage.delete("a/b")
    assert not storage.delete("a/b")
    assert [entry.key for entry in storage.list()] == ["a/c"]


def test_listing_gives_what_starts_with_a_prefix_in_order(storage: Storage) -> None:
    before = clock.now()
    for key in ("b/2", "a", "b/1", "ba"):
        storage.put(key, [key.encode()])
    assert [entry.key for entry in storage.list()] == ["a", "b/1", "b/2", "ba"]
    assert [entry.key for entry in storage.list("b/")] == ["b/1", "b/2"]
    assert [entry.size for entry in storage.list("b")] == [3, 3, 2]
    # File systems keep times as coarse as their clock's tick.
    assert all(before - clock.SECOND <= entry.modified <= clock.now() for entry in storage.list())


def test_a_local_path_holds_the_bytes(storage: Storage) -> None:
    storage.put("a", [b"bytes"])
    path = storage.path("a")
    assert path is None or path.read_bytes() == b"bytes"


def test_writers_at_once_each_leave_a_whole_file(storage: Storage) -> None:
    def write(letter: bytes) -> None:
        for _ in range(10):
            storage.put("shared/x", [letter * 1000] * 5)
            storage.put(f"own/{letter.decode()}", [letter])

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with storage.open("shared/x") as file:
        content = file.read()
    assert content in (b"a" * 5000, b"b" * 5000, b"c" * 5000)
    assert [entry.key for entry in storage.list("own/")] == ["own/a", "own/b", "own/c"]


def test_writers_at_once_may_need_the_same_new_folder(storage: Storage) -> None:
    with ThreadPoolExecutor(3) as pool:
        for number in range(200):
            keys = [f"new{number}/{letter}" for letter in "abc"]
            stored = list(pool.map(storage.put, keys, [[b"x"]] * 3))
            assert len(stored) == 3


def test_sweeping_leaves_whole_files(storage: Storage) -> None:
    storage.put("a", [b"x"])
    storage.sweep(clock.now() + clock.SECOND)
    assert storage.exists("a")
