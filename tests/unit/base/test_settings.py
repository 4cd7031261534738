from __future__ import annotations

from pathlib import Path

import pytest

from shoal.base.errors import InvalidSetting
from shoal.base.settings import load_settings, load_with_sources, resolve_secret


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOAL_HOME", str(tmp_path))


def test_flags_win_over_environment_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shoal.toml").write_text("workers = 3\nroot_path = '/a'\n[limits]\nmax_k = 7\nupload = 5\n")
    monkeypatch.setenv("SHOAL_WORKERS", "4")
    monkeypatch.setenv("SHOAL_LIMITS__MAX_K", "8")
    settings, sources = load_with_sources({"workers": 5, "root_path": None})
    assert (settings.workers, settings.limits.max_k, settings.limits.upload) == (5, 8, 5)
    assert settings.root_path == "/a"
    assert sources["workers"] == "flag"
    assert sources["limits.max_k"] == "environment"
    assert sources["limits.upload"] == str(tmp_path / "shoal.toml")


def test_a_wrong_value_is_named_with_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_WORKERS", "many")
    with pytest.raises(InvalidSetting, match=r"The setting workers \(environment\) cannot be used"):
        load_settings()


def test_an_unknown_setting_is_refused_and_the_known_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_WORKRES", "2")
    with pytest.raises(InvalidSetting, match=r"There is no setting workres.*workers"):
        load_settings()


def test_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "shoal.toml").write_text("workers = = 3")
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_settings()


@pytest.mark.parametrize("name", ["SHOAL_DATABASE", "SHOAL_SERVER_TOKEN"])
def test_a_secret_in_a_setting_is_refused_and_not_repeated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "postgresql://me:hunter2@localhost/db")
    with pytest.raises(InvalidSetting) as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)


def test_secrets_are_read_from_files_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text("postgresql://me:hunter2@localhost/db\n")
    monkeypatch.setenv("MY_TOKEN", "abc")
    assert resolve_secret(f"@{tmp_path}/url").endswith("/db")
    assert resolve_secret("env:MY_TOKEN") == "abc"
    with pytest.raises(InvalidSetting, match="cannot be read"):
        resolve_secret("env:NOT_THERE")


def test_lists_in_the_environment_are_split_on_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_LISTEN", "127.0.0.1:1 127.0.0.1:2,tls")
    assert load_settings().listen == ("127.0.0.1:1", "127.0.0.1:2,tls")
