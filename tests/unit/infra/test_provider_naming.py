"""Names and limits of machines: any text makes a good name, and only what is meant makes a limit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shoal.infra.providers.limits import MachineLimits, limits_of
from shoal.infra.providers.naming import host_name, plain_name

texts = st.text(max_size=300)


@given(texts)
def test_every_text_has_a_name_that_folders_and_engines_take(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", plain_name(text))


@given(texts, texts)
def test_different_texts_have_different_names(one: str, other: str) -> None:
    assert (plain_name(one) == plain_name(other)) == (one == other)


@given(texts)
@example("0" * 49 + ":0")
def test_every_text_has_a_name_that_hosts_take(text: str) -> None:
    name = host_name(text)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
    assert host_name(name) == name


@given(texts, texts)
def test_hosts_have_one_name_only_where_case_is_all_that_differs(one: str, other: str) -> None:
    if one.lower() != other.lower():
        assert host_name(one) != host_name(other)


def test_names_that_are_good_stay_as_they_are() -> None:
    assert plain_name("0f8fad5b-d9cb-469f-a165-70867728950e") == "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert host_name("shoal-slurm-1f2e3d4c-worker-9a8b7c6d") == "shoal-slurm-1f2e3d4c-worker-9a8b7c6d"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, MachineLimits()),
        ({"memory": "512M"}, MachineLimits(memory=512 << 20)),
        ({"memory": "1.5 GiB"}, MachineLimits(memory=3 << 29)),
        ({"memory": 1 << 30}, MachineLimits(memory=1 << 30)),
        ({"memory": None, "cores": "1.5"}, MachineLimits(cores=1.5)),
        ({"processes": 50, "cpu_seconds": 3600}, MachineLimits(processes=50, cpu_seconds=3600.0)),
        ({"file_size": "0"}, MachineLimits(file_size=0)),
    ],
)
def test_limits_are_read_as_they_are_written(said: dict[str, Any], meant: MachineLimits) -> None:
    assert limits_of({"limits": said}) == meant


@pytest.mark.parametrize(
    "said",
    [5, "512M", ["memory"], {"memory": "512X"}, {"memory": -1}, {"cores": 0}, {"cores": "nan"}, {"speed": 1}],
    ids=str,
)
def test_what_is_no_limit_is_said_so(said: object) -> None:
    with pytest.raises(ValueError, match=r"limit|memory|cores"):
        limits_of({"limits": said})
