"""The catalogue knows functions without importing them, and broken code takes nothing else with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.base.errors import NotFound
from shoal.base.settings import Settings
from shoal.jobs.sandbox.terms import of as terms_of
from shoal.jobs.scripts.catalogue import Catalogue
from shoal.jobs.scripts.source import code_hash, read_source
from tests.support.scripts import written

GOOD = '''
    """Some functions."""
    import json
    from math import sqrt
    from helper import helping

    def double(n: int) -> int:
        """Double a number.

        Args:
            n: The number
                to double.
        """
        return 2 * n

    def _private(): ...

    class Thing: ...
'''
OTHER = """
    def double(text: str) -> str:
        return text * 2
    def single(data): ...
"""


def test_public_functions_of_a_folder_are_found_and_broken_files_told(tmp_path: Path) -> None:
    code = written(
        tmp_path / "code", good=GOOD, helper="def helping(): ...", other=OTHER, broken="1 +", _own="x = 1 / 0"
    )
    catalogue = Catalogue([str(code)])
    assert [one.name for one in catalogue.scripts()] == ["double", "helping", "other.double", "single"]
    (error,) = catalogue.errors()
    assert (error["source"], error["module"]) == (str(code), "broken")
    assert error["message"].startswith("SyntaxError") and 'broken.py", line 1' in error["traceback"]


def test_a_script_says_all_that_is_needed_to_call_it(tmp_path: Path) -> None:
    code = written(tmp_path / "code", good=GOOD, helper="def helping(): ...", other=OTHER)
    catalogue = Catalogue([str(code)])
    script = catalogue.get("double")
    assert (script.summary, script.module, script.function) == ("Double a number.", "good", "double")
    assert script.parameters == [
        {
            "name": "n",
            "kind": "positional_or_keyword",
            "type": "int",
            "needed": True,
            "help": "The number to double.",
        }
    ]
    assert script.schema["properties"]["n"] == {"type": "integer", "description": "The number to double."}
    assert script.code_hash == code_hash([code]) == catalogue.located("double")["code_hash"]
    assert catalogue.get("other.double").parameters[0]["name"] == "text"
    assert catalogue.get("good.double").name == "double"
    assert catalogue.get("single").data_parameter == "data"
    assert catalogue.located("other.double")["function"] == "other.double"


def test_an_unknown_name_is_told_with_near_ones(tmp_path: Path) -> None:
    catalogue = Catalogue([str(written(tmp_path / "code", other=OTHER))])
    with pytest.raises(NotFound) as unknown:
        catalogue.get("singel")
    assert "single" in unknown.value.hint


def test_a_source_that_is_nowhere_or_ends_the_process_is_told(tmp_path: Path) -> None:
    code = written(tmp_path / "code", deadly="import os; os._exit(7)")
    fine = written(tmp_path / "fine", other=OTHER)
    catalogue = Catalogue([str(code), "no_such_package", str(tmp_path / "nowhere"), str(fine)])
    assert [one.name for one in catalogue.scripts()] == ["double", "single"]
    told = {one["source"]: one["message"] for one in catalogue.errors()}
    assert "ended with 7" in told[str(code)]
    assert "No module named" in told["no_such_package"]
    assert "There is no folder" in told[str(tmp_path / "nowhere")]


def test_changed_code_is_described_again(tmp_path: Path) -> None:
    code = written(tmp_path / "code", other=OTHER)
    catalogue = Catalogue([str(code)])
    old = catalogue.get("double")
    assert catalogue.get("double") == old
    written(code, other=OTHER + "\n    def third(): ...\n")
    assert catalogue.located("double")["code_hash"] != old.code_hash
    assert catalogue.get("third").code_hash != old.code_hash
    written(code, more="def fourth(): ...")
    assert catalogue.get("fourth").name == "fourth"
    (code / "more.py").unlink()
    with pytest.raises(NotFound):
        catalogue.get("fourth")


def test_the_home_folder_is_a_source_once_it_is_there(tmp_path: Path) -> None:
    catalogue = Catalogue([], tmp_path / "scripts")
    assert catalogue.scripts() == []
    written(tmp_path / "scripts", other=OTHER)
    assert [one.name for one in catalogue.scripts()] == ["double", "single"]


def test_a_package_offers_its_modules_or_what_its_all_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ = written(tmp_path / "shoal_test_open", __init__="", numbers="def one(): ...", _own="def no(): ...")
    written(open_ / "below", __init__="def two(): ...")
    closed = written(tmp_path / "shoal_test_closed", __init__="from .a import one\n__all__ = ['one']")
    written(closed, a="def one(): ...\ndef other(): ...")
    written(tmp_path, shoal_test_single="def first(): ...\ndef second(): ...")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    catalogue = Catalogue(
        ["shoal_test_open", "shoal_test_closed", "renamed=shoal_test_single:first", "shoal_test_single:none"]
    )
    names = [one.name for one in catalogue.scripts()]
    assert names == ["two", "one", "shoal_test_closed.one", "renamed"]
    assert catalogue.get("renamed").call_name == "shoal_test_single.renamed"
    assert catalogue.errors()[0]["message"] == "There is no function none in shoal_test_single."


def test_the_process_that_asks_imports_no_source(tmp_path: Path) -> None:
    program = """
import sys
from shoal.jobs.scripts.catalogue import Catalogue
names = [one.name for one in Catalogue(["shoal.samples"]).scripts()]
assert names == ["cluster", "describe_by_group", "summary"], names
heavy = {"shoal.samples", "numba", "pandas", "sklearn", "numpy", "pyarrow"} & sys.modules.keys()
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)


def test_the_child_knows_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_SERVER_TOKEN", "secret")
    text = f"""
        import os
        assert "SHOAL_SERVER_TOKEN" not in os.environ
        assert os.environ["HOME"] != {os.environ["HOME"]!r}
        print("noise")
        def fine(): ...
    """
    catalogue = Catalogue([str(written(tmp_path / "code", looking=text))])
    assert [one.name for one in catalogue.scripts()] == ["fine"], catalogue.errors()


def test_code_that_is_read_in_the_sandbox_cannot_look_into_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    text = f"""
        def fine(): ...
        try:
            open({str(tmp_path / "home" / "shoal.db")!r}).read()
        except OSError:
            def kept_out(): ...
    """
    written(home / "scripts", looking=text, broken="1 / 0")
    (home / "shoal.db").write_text("secret")
    catalogue = Catalogue(["shoal.samples"], home / "scripts", terms_of(Settings().execution, home))
    names = [one.name for one in catalogue.scripts()]
    assert names == ["cluster", "describe_by_group", "summary", "fine", "kept_out"]
    script = catalogue.get("fine")
    assert (script.source, script.code_hash) == (str(home / "scripts"), code_hash([home / "scripts"]))
    (error,) = catalogue.errors()
    assert f'File "{home}/scripts/broken.py", line 1' in error["traceback"]
    written(home / "scripts", more="def later(): ...")
    assert catalogue.get("later").module == "more"


@pytest.mark.parametrize(
    ("text", "module", "attribute", "name"),
    [
        ("a.b", "a.b", "", ""),
        ("a.b:c", "a.b", "c", "c"),
        ("d=a.b:c", "a.b", "c", "d"),
        ("d = a.b:c [extra]", "a.b", "c", "d"),
    ],
)
def test_a_source_is_taken_apart(text: str, module: str, attribute: str, name: str) -> None:
    source = read_source(text)
    assert (source.module, source.attribute, source.name) == (module, attribute, name)


def test_installed_packages_offer_functions_by_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, shoal_test_offered="def first(): ...\ndef second(): ...")
    offer = tmp_path / "offered-1.2.dist-info"
    offer.mkdir()
    (offer / "METADATA").write_text("Metadata-Version: 2.1\nName: offered\nVersion: 1.2\n")
    (offer / "top_level.txt").write_text("shoal_test_offered\n")
    (offer / "entry_points.txt").write_text(
        "[shoal.scripts]\nall = shoal_test_offered\nmine = shoal_test_offered:second\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    catalogue = Catalogue([])
    assert [one.name for one in catalogue.scripts()] == ["first", "second", "mine"]
    assert catalogue.get("first").version == "1.2"
