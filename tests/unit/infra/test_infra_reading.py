"""What is read from files is what was written there, and nothing else is touched."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shoal.infra.describing.bundle import Bundle, bundle_of
from shoal.infra.describing.reading import read_bundle, text_bundle
from shoal.infra.errors import BadDescription

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(name: str, text: str | bytes) -> Path:
        path = tmp_path / "cluster" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def variables(text: str) -> Any:
    bundle = text_bundle(f"variables:\n{text}\n", "it")
    assert bundle.description is not None
    return bundle.description["variables"]


def told(read: Callable[[], object]) -> str:
    with pytest.raises(BadDescription) as raised:
        read()
    return raised.value.message


def with_template(tag: str) -> str:
    return f"'node_def:a':\n  - contextualisation:\n      context_template: {tag}\n"


def template(bundle: Bundle) -> Any:
    return bundle.definitions["a"][0]["contextualisation"]["context_template"]


@pytest.mark.parametrize(
    "written",
    [
        *(
            "5:20.10.2~3-0~ubuntu-$(lsb_release -cs)",
            "0.5.13-2build1",
            "1.20.5-00",
            "v0.13.0",
            "1.20",
            "3.10",
        ),
        *("0644", "12:30", "2026-01-01", "1e3", "0x1F", "1_000", "+1", "yes", "off", ".5", ".inf", ".nan"),
        *("123456789012345678901", "=", "2026-01-01 10:00:00"),
    ],
)
def test_what_is_no_plain_number_stays_the_text_that_it_is(written: str) -> None:
    assert variables(f"  a: {written}") == {"a": written}
    assert variables(f'  a: "{written}"') == {"a": written}


@pytest.mark.parametrize(
    ("written", "value"),
    [("1", 1), ("-7", -7), ("0", 0), ("1.5", 1.5), ("true", True), ("False", False), ("~", None), ("", None)],
)
def test_numbers_truth_values_and_nothing_are_what_they_are(written: str, value: object) -> None:
    found = variables(f"  a: {written}")["a"]
    assert found == value and type(found) is type(value)


def test_explicit_tags_of_yaml_count() -> None:
    assert variables("  a: !!str 5\n  b: !!int 5\n  c: !!bool yes") == {
        "a": "5",
        "b": 5,
        "c": True,
    }


def test_keys_are_texts_as_they_are_written() -> None:
    assert variables("  1: a\n  on: b\n  2.0: c") == {"1": "a", "on": "b", "2.0": "c"}


def test_a_name_may_have_an_anchor_and_be_an_alias() -> None:
    assert variables("  &a one: &b two\n  x: *a\n  *b : 3") == {"one": "two", "x": "one", "two": 3}
    assert variables("  m: &m '<<'\n  *m : 1\n  deep: {'<<': 2}") == {"m": "<<", "<<": 1, "deep": {"<<": 2}}


def test_texts_of_blocks_keep_every_byte() -> None:
    text = variables("  a: |+\n    one  \n\n      two\\n\t\n    ${x} 'y' \"z\"\n\n")["a"]
    assert text == "one  \n\n  two\\n\t\n${x} 'y' \"z\"\n\n\n"


def test_cloud_init_is_read_as_cloud_init_reads_it(write: Write) -> None:
    write("cloud.yaml", "#cloud-configc\nusers:\n  - {name: a, lock_passwd: no}\nzz: 1\naa: 0644\n")
    found = template(read_bundle(write("a.yaml", with_template("!yaml_import {url: file://cloud.yaml}"))))
    assert found == {"users": [{"name": "a", "lock_passwd": False}], "zz": 1, "aa": "0644"}
    assert list(found) == ["users", "zz", "aa"]


def test_merged_mappings_give_way_to_what_is_written(write: Write) -> None:
    text = "  base: &base {a: 1, b: 2}\n  more: &more {b: 3, c: 4}\n  all:\n    a: 9\n    <<: [*base, *more]"
    assert variables(text)["all"] == {"a": 9, "b": 2, "c": 4}


def test_nodes_named_by_aliases_become_names_in_dependencies() -> None:
    nodes = "nodes:\n  - &M {name: m, type: t}\n  - &W {name: w, type: t}\n"
    for edge in ("[*W, *M]", "[w, m]", "[*W, m]"):
        plain = text_bundle(f"{nodes}dependencies:\n  - {edge}\n  - connection: {edge}\n", "it").plain()
        assert plain["description"]["dependencies"] == [["w", "m"], {"connection": ["w", "m"]}]


def test_the_upload_is_the_bundle_again(write: Write) -> None:
    write("cloud.sh", "#!/bin/sh\r\necho {{ x }}\n")
    text = with_template("!text_import {url: file://cloud.sh}") + "infra_name: x\n"
    bundle = read_bundle(write("a.yaml", text))
    assert bundle_of(bundle.plain()) == bundle
    assert template(bundle) == "#!/bin/sh\r\necho {{ x }}\n"
    name, line = bundle.places["/definitions/a/0/contextualisation/context_template"]
    assert (Path(name).name, line) == ("cloud.sh", 1)


def test_several_files_make_one_bundle(write: Write) -> None:
    one = write("infra.yaml", "infra_name: x\n'node_def:a': []\n")
    two = write("nodes/definitions.yaml", "'node_def:b': []\n")
    bundle = read_bundle(one, two)
    assert (bundle.description, dict(bundle.definitions)) == ({"infra_name": "x"}, {"a": [], "b": []})
    assert "node_def:b is there twice" in told(lambda: read_bundle(one, two, two))
    assert "second description" in told(lambda: read_bundle(one, write("other.yaml", "infra_name: y\n")))


def test_a_file_of_definitions_alone_has_no_description(write: Write) -> None:
    assert read_bundle(write("a.yaml", "'node_def:b': []\n")).description is None


def test_imports_are_relative_to_the_file_that_has_them(write: Write) -> None:
    write("parts/outer.yaml", "content: !text_import {url: file://deeper/inner.txt}\n")
    write("parts/deeper/inner.txt", "inner")
    found = template(
        read_bundle(write("a.yaml", with_template("!yaml_import {url: file://parts/outer.yaml}")))
    )
    assert found == {"content": "inner"}


def test_an_import_may_go_up_as_long_as_it_stays_below_the_first_file(write: Write) -> None:
    write("parts/outer.yaml", "content: !text_import {url: file://../top.txt}\n")
    write("top.txt", "top")
    found = template(
        read_bundle(write("a.yaml", with_template("!yaml_import {url: file://parts/outer.yaml}")))
    )
    assert found == {"content": "top"}


@pytest.mark.parametrize("tag", ["!yaml_import", "!text_import"])
@pytest.mark.parametrize(
    "url", ["file://../secret.txt", "file:///etc/passwd", "file://link.txt", "file://out/x"]
)
def test_nothing_outside_of_the_folder_is_imported(write: Write, tmp_path: Path, tag: str, url: str) -> None:
    (tmp_path / "secret.txt").write_text("hush")
    file = write("a.yaml", with_template(f"{tag} {{url: '{url}'}}"))
    (file.parent / "link.txt").symlink_to(tmp_path / "secret.txt")
    (file.parent / "out").symlink_to(tmp_path)
    assert "leads out of the folder" in told(lambda: read_bundle(file))


def test_a_link_to_what_lies_in_the_folder_is_followed(write: Write) -> None:
    real = write("parts/real.txt", "real")
    (real.parent / "link.txt").symlink_to(real)
    file = write("a.yaml", with_template("!text_import {url: file://parts/link.txt}"))
    assert template(read_bundle(file)) == "real"


def test_what_is_no_file_is_not_waited_for(write: Write) -> None:
    file = write("a.yaml", with_template("!text_import {url: file://pipe}"))
    os.mkfifo(file.parent / "pipe")
    assert "is no file" in told(lambda: read_bundle(file))


@pytest.mark.parametrize("url", ["http://example.org/a", "a.txt", "ftp://x", "data:text/plain,x", "file:/a"])
def test_only_files_are_imported(write: Write, url: str) -> None:
    file = write("a.yaml", with_template(f'!text_import {{url: "{url}"}}'))
    assert "no file that can be imported" in told(lambda: read_bundle(file))


def test_a_file_that_cannot_even_be_looked_for_is_told(write: Write) -> None:
    for url in (f"file://{'a' * 300}", f"file://{'a/' * 2100}a"):
        file = write("a.yaml", with_template(f"!text_import {{url: {url}}}"))
        assert "cannot be read: File name too long" in told(partial(read_bundle, file))
    assert "cannot be read: File name too long" in told(lambda: read_bundle(Path("a" * 300)))


def test_a_server_follows_no_import() -> None:
    for tag in ("!yaml_import", "!text_import"):
        text = with_template(f"{tag} {{url: file:///etc/passwd}}")
        message = told(partial(text_bundle, text, "the body"))
        assert message == f"the body:3: {tag} cannot be followed here: the file is where you are."


def test_files_over_the_limit_are_not_read(write: Write) -> None:
    write("large.txt", "x" * ((1 << 20) + 1))
    file = write("a.yaml", with_template("!text_import {url: file://large.txt}"))
    assert "larger than 1 MiB" in told(lambda: read_bundle(file))


def test_imports_that_double_again_and_again_are_stopped(write: Write) -> None:
    write("part0.yaml", "- " + "x" * 1000 + "\n")
    for number in range(1, 30):
        again = f"- !yaml_import {{url: file://part{number - 1}.yaml}}\n"
        write(f"part{number}.yaml", again * 2)
    file = write("a.yaml", with_template("!yaml_import {url: file://part29.yaml}"))
    assert "larger than 4 MiB" in told(lambda: read_bundle(file))


def test_a_long_chain_of_imports_is_stopped(write: Write) -> None:
    for number in range(100):
        write(f"part{number}.yaml", f"- !yaml_import {{url: file://part{number + 1}.yaml}}\n")
    file = write("a.yaml", with_template("!yaml_import {url: file://part0.yaml}"))
    assert "nested deeper than 64 levels" in told(lambda: read_bundle(file))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\xfe\x00", "not text in UTF-8"), (b"", "There is nothing in it"), (b"a: \x01", "does not allow")],
)
def test_what_is_no_text_is_told(write: Write, content: bytes, message: str) -> None:
    assert message in told(lambda: read_bundle(write("a.yaml", content)))


def test_a_file_that_is_not_there_is_told_with_those_that_are(write: Write) -> None:
    file = write("infra-slurm-cluster.yaml", "infra_name: x\n")
    with pytest.raises(BadDescription, match=r"There is no .*infra-slurm\.yaml") as raised:
        read_bundle(file.parent / "infra-slurm.yaml")
    assert "infra-slurm-cluster.yaml" in raised.value.hint


def test_a_python_object_is_never_made(write: Write, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    text = f"infra_name: !!python/object/apply:os.system ['touch {trace}']\n"
    for read in (lambda: text_bundle(text, "it"), lambda: read_bundle(write("a.yaml", text))):
        assert "!!python/object/apply:os.system is not known here" in told(read)
    assert not trace.exists()


@pytest.mark.parametrize(
    "plain",
    [
        {"description": []},
        {"definitions": [1]},
        {"other": 1},
        {"places": 3},
        {"description": {"a": "x" * (5 << 20)}},
    ],
)
def test_an_upload_that_is_no_bundle_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises(BadDescription):
        bundle_of(plain)


def test_an_upload_that_is_nested_too_deeply_is_refused() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert "nested deeper" in told(lambda: bundle_of({"description": {"variables": deep}}))


def test_what_can_be_read_can_be_uploaded() -> None:
    deep = text_bundle("a: " + "[" * 62 + "1" + "]" * 62, "it")
    assert bundle_of(deep.plain()) == deep
    assert "nested deeper" in told(lambda: text_bundle("a: " + "[" * 63 + "1" + "]" * 63, "it"))
    large = text_bundle(f"a: [{', '.join(['xxxxxxxx'] * 100_000)}]", "it")
    assert bundle_of(large.plain()) == large


@pytest.mark.parametrize("value", ["\ud800", 1 << 70, float("nan"), float("inf")])
def test_what_no_database_keeps_is_refused(value: object) -> None:
    assert "cannot be kept" in told(partial(bundle_of, {"description": {"a": [value]}}))
    assert "cannot be kept" in told(partial(bundle_of, {"definitions": {"a\udc80": 1}}))


def test_places_that_somebody_made_up_do_no_harm() -> None:
    bundle = bundle_of({"description": {}, "places": {"/description": ["f", "x"], "/x": 3, "/y": ["f", 2]}})
    assert dict(bundle.places) == {"/y": ("f", 2)}
