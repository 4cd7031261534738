"""What Cluserve's files and variables mean, and which of them goes before which."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from shoal.base.cluserve_settings import Older, read_cluserve
from shoal.base.errors import InvalidSetting
from shoal.base.settings import Settings, load_settings

SAMPLES = Path(__file__).parents[3] / "configs"
ENDINGS = ("yml", "yaml", "json", "toml")
YAML = (
    "cluserve: {endpoint: 'http://10.0.0.1:90', timeout: 7}\nclustore: {endpoint: 'http://clustore:8001'}\n"
)


def read(folder: Path, files: Mapping[str, str], **variables: str) -> Older:
    (folder / "configs").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "configs" / name).write_text(text)
    return read_cluserve(folder, variables)


def settings(older: Older) -> Settings:
    return load_settings({}, older=(older.source, older.tree))


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_sample_says_what_is_so_by_default(tmp_path: Path, ending: str) -> None:
    sample = (SAMPLES / f"config.sample.{ending}").read_text()
    older = read(tmp_path, {f"config.{ending}": sample})
    found, default = settings(older), Settings()
    older.check(found)
    assert older.files == (tmp_path / "configs" / f"config.{ending}",)
    assert (found.listen, found.graphql, found.sentry) == (default.listen, default.graphql, default.sentry)
    assert found.hosts == ("cluserve",)
    assert older.others == {"clusauth": "http://clusauth:8003", "clustore": "http://clustore:8001"}


def test_one_base_file_is_read_and_it_is_named(tmp_path: Path) -> None:
    older = read(tmp_path, {"config.toml": "[cluserve]\ntimeout = 5\n", "config.yml": YAML})
    assert older.source == str(tmp_path / "configs" / "config.yml")
    assert settings(older).graphql.timeout == 7


def test_variables_go_before_the_file_of_the_environment_and_that_before_the_base(tmp_path: Path) -> None:
    files = {
        "config.yml": YAML,
        "config.production.json": '{"cluserve": {"timeout": 8, "domains": ["https://a.example"]}}',
        "config.development.yml": "cluserve: {timeout: 9}\n",
    }
    assert settings(read(tmp_path, files)).graphql.timeout == 9
    production = settings(read(tmp_path, files, CONFIGOR_ENV="production"))
    assert (production.graphql.timeout, production.graphql.origins) == (8, ("https://a.example",))
    assert production.listen == ("10.0.0.1:90",)
    named = read(tmp_path, files, CONFIGOR_ENV="production", CLUSERVE_TIMEOUT="10")
    assert settings(named).graphql.timeout == 10
    assert named.source.endswith("config.production.json, CLUSERVE_TIMEOUT")


def test_our_own_variables_and_flags_go_before_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = read(tmp_path, {"config.yml": YAML})
    monkeypatch.setenv("SHOAL_GRAPHQL__TIMEOUT", "11")
    found = load_settings({"listen": ["127.0.0.1:1"]}, older=(older.source, older.tree))
    assert (found.graphql.timeout, found.listen) == (11, ("127.0.0.1:1",))


@pytest.mark.parametrize(
    ("endpoint", "listen", "hosts", "prefix"),
    [
        ("http://cluserve:8002", "127.0.0.1:8002", ("cluserve",), ""),
        ("https://lakelady.example/cluserve", "127.0.0.1:443", ("lakelady.example",), "/cluserve"),
        ("http://localhost:9", "localhost:9", (), ""),
        ("http://[::1]:9", "[::1]:9", (), ""),
        ("http://0.0.0.0:9", "0.0.0.0:9", (), ""),
    ],
)
def test_an_endpoint_is_an_address_to_listen_on_or_a_name_we_are_called_by(
    tmp_path: Path, endpoint: str, listen: str, hosts: tuple[str, ...], prefix: str
) -> None:
    found = settings(read(tmp_path, {}, CLUSERVE_ENDPOINT=endpoint))
    assert (found.listen, found.hosts, found.root_path) == ((listen,), hosts, prefix)


def test_a_certificate_makes_the_listener_speak_tls(tmp_path: Path) -> None:
    found = settings(read(tmp_path, {}, CLUSERVE_CERTFILE="c.pem", CLUSERVE_KEYFILE="k.pem"))
    assert found.listen == ("127.0.0.1:8002,tls",)
    assert (str(found.tls_certificate), str(found.tls_key)) == ("c.pem", "k.pem")


def test_domains_may_stand_with_and_without_a_scheme(tmp_path: Path) -> None:
    found = settings(read(tmp_path, {}, CLUSERVE_DOMAINS="https://a.example/, b.example"))
    assert found.graphql.origins == ("https://a.example", "https://b.example", "http://b.example")


def test_debug_and_sentry_have_their_settings(tmp_path: Path) -> None:
    found = settings(read(tmp_path, {}, CLUSERVE_DEBUG="1", CLUSERVE_SENTRY="http://key@127.0.0.1:9/1"))
    assert (found.debug, found.sentry) == (True, "http://key@127.0.0.1:9/1")
    assert not settings(read(tmp_path, {}, CLUSERVE_DEBUG="false")).debug


def test_a_file_of_another_project_is_left_alone(tmp_path: Path) -> None:
    older = read(tmp_path, {"config.yml": "database: {host: db}\n"})
    assert (older.tree, older.source, older.others) == ({}, "", {})


@pytest.mark.parametrize(
    ("files", "variables", "told"),
    [
        ({"config.yml": "cluserve: {endpoint: [}"}, {}, "config.yml cannot be read"),
        ({"config.json": "{"}, {}, "config.json cannot be read"),
        ({"config.toml": "x = "}, {}, "config.toml cannot be read"),
        ({"config.yml": "cluserve: {port: 3}"}, {}, "cluserve.port, which is not known"),
        ({"config.yml": "cluserve: {}\nvouch: {}\n"}, {}, "a section 'vouch'"),
        ({"config.yml": "cluserve: 3\n"}, {}, "a section 'cluserve'"),
        ({}, {"CLUSERVE_ENDPOINT": "cluserve:8002"}, "is not an endpoint"),
        ({}, {"CLUSERVE_ENDPOINT": "http://cluserve:99999"}, "is not an endpoint"),
        ({}, {"CLUSERVE_CERTFILE": "c.pem"}, "one is missing"),
        ({}, {"CLUSERVE_DOMAINS": "*"}, "every page"),
        ({}, {"CLUSERVE_DEBUG": "perhaps"}, "cluserve.debug"),
        ({}, {"CLUSERVE_TIMEOUT": "soon"}, "graphql.timeout"),
        ({}, {"CLUSERVE_TIMEOUT": "-1"}, "graphql.timeout"),
        ({}, {"CLUSERVE_DOMAINS": "https://a.example/page"}, "is no origin"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, files: dict[str, str], variables: dict[str, str], told: str
) -> None:
    with pytest.raises(InvalidSetting, match=told):
        settings(read(tmp_path, files, **variables))


@pytest.mark.parametrize("service", ["clusauth", "clustore"])
def test_other_services_are_built_in_and_not_asked_elsewhere(tmp_path: Path, service: str) -> None:
    variable = f"{service.upper()}_ENDPOINT"
    for own in ("http://127.0.0.1:8002", "http://localhost:8002", "http://cluserve:8002"):
        older = read(tmp_path, {}, **{variable: own})
        older.check(settings(older))
    for other in (
        "http://clustore:9",
        "http://example.org:8002",
        "http://127.0.0.1:9",
        "nonsense",
        "http://x:y",
    ):
        older = read(tmp_path, {}, **{variable: other})
        with pytest.raises(InvalidSetting, match=f"{service} is built in|is not an endpoint"):
            older.check(settings(older))
