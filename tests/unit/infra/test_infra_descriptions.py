"""What a description means once it is valid, and what it may leave out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from time import process_time
from typing import Any

import orjson
import pytest

from shoal.base.settings import Infra
from shoal.infra.deciding.origin import candidates
from shoal.infra.describing.attributes import BUILT, EITHER, INSIDE, RESOURCES
from shoal.infra.describing.buildable import check_buildable
from shoal.infra.describing.bundle import bundle_of
from shoal.infra.describing.descriptions import definitions_of, described
from shoal.infra.describing.reading import text_bundle
from shoal.infra.errors import BadDescription, TooManyMachines
from shoal.infra.model import Database, Description, Edge, Health, Node, Policy
from shoal.infra.office.planning import described_by
from shoal.infra.plain import description_of, plain

HEAD = "infra_name: try\nuser_id: me\n"
TYPES = "'node_def:m':\n  - resource: {type: simulated}\n'node_def:w':\n  - resource: {type: simulated}\n"
NODES = "nodes:\n  - &M {name: master, type: m}\n  - &W {name: worker, type: w}\n"


def made(text: str, known: Mapping[str, Any] | None = None) -> Description:
    return described(text_bundle(text, "it"), known or {})


def faults(text: str) -> list[str]:
    with pytest.raises(BadDescription) as raised:
        check_buildable(made(text), text_bundle(text, "it"))
    return [f"{fault['line']}: {fault['message']}" for fault in raised.value.details["faults"]]


def defined(section: str) -> Any:
    text = f"{HEAD}nodes: [{{name: master, type: m}}]\n'node_def:m':\n  - {section}\n"
    return made(text).definitions["m"][0]


def test_a_bare_simulated_resource_is_enough() -> None:
    found = defined("resource: {type: simulated}")
    assert found.resource == {"type": "simulated"}
    assert found.contextualisation == {"type": "basic"}
    assert found.health == Health(ping=True, ports=(), urls=(), mysqldbs=(), timeout=600.0)
    assert (found.config_management, found.drain, found.publish) == (None, "", ())


def test_dependencies_name_nodes_by_alias_or_by_name() -> None:
    for edge in ("[*W, *M]", "[worker, master]", "{connection: [*W, master]}"):
        assert made(f"{HEAD}{NODES}dependencies: [{edge}]\n{TYPES}").edges == (Edge("worker", "master"),)


def test_mappings_are_kept_and_waiting_for_one_comes_later() -> None:
    text = f"""{HEAD}{NODES}dependencies:
  - connection: [*W, *M]
    mappings:
      - [ip.address, master.ip]
      - {{attributes: [a, b], synch: yes, other: 1}}
    more: kept
{TYPES}"""
    [edge] = made(text).edges
    assert edge.mappings == (
        {"attributes": ["ip.address", "master.ip"], "synch": False},
        {"attributes": ["a", "b"], "synch": True, "other": 1},
    )
    assert ["10" not in told and "`synch`" in told for told in faults(text)] == [True]


@pytest.mark.parametrize(
    ("scaling", "least", "most"),
    [("", 1, 1), ("{min: 2}", 2, 2), ("{min: 0}", 1, 1), ("{max: 4}", 1, 4), ("{min: 2, max: 10}", 2, 10)],
)
def test_scaling_has_the_known_defaults(scaling: str, least: int, most: int) -> None:
    node = made(f"{HEAD}nodes: [{{name: master, type: m, scaling: {scaling or '~'}}}]\n{TYPES}").nodes[0]
    assert (node.least, node.most) == (least, most)


def test_a_nodes_variables_go_before_those_of_the_infrastructure() -> None:
    text = f"""{HEAD}variables: {{a: 1, deep: {{x: 1, y: 1}}, list: [1]}}
nodes:
  - {{name: master, type: m, variables: {{b: 2, deep: {{y: 2, z: 2}}, list: [2]}}}}
{TYPES}"""
    node = made(text).nodes[0]
    assert node.variables == {"a": 1, "b": 2, "deep": {"x": 1, "y": 2, "z": 2}, "list": [2]}


def test_variables_pass_through_unchanged() -> None:
    version = "5:20.10.2~3-0~ubuntu-$(lsb_release -cs)"
    text = f"{HEAD}variables: {{DOCKER_VERSION: '{version}', raw: '{{{{ no template here }}}}'}}\n"
    variables = made(f"{text}{NODES}{TYPES}").nodes[0].variables
    assert variables == {"DOCKER_VERSION": version, "raw": "{{ no template here }}"}


def test_empty_values_count_as_left_out() -> None:
    text = (
        f"{HEAD}variables:\ndependencies:\npolicy:\n{NODES}    scaling:\n    filter:\n    variables:\n{TYPES}"
    )
    text = text.replace("  - &W {name: worker, type: w}\n", "  - name: worker\n    type: w\n")
    found = made(text)
    assert found.edges == () and found.policy == Policy() and found.nodes[1] == Node("worker", "w")
    section = (
        "resource: {type: simulated, network_id: , key_name: ~}\n    health_check:\n    contextualisation:"
    )
    assert defined(section).resource == {"type": "simulated"}


def test_a_filter_narrows_the_implementations() -> None:
    text = f"""{HEAD}nodes:
  - {{name: one, type: m, filter: {{regionname: b}}}}
  - {{name: two, type: m, filter: {{tag: 18.04}}}}
  - {{name: all, type: m}}
'node_def:m':
  - resource: {{type: simulated, regionname: a, tag: 18.04}}
  - resource: {{type: simulated, regionname: b}}
"""
    found = made(text)
    assert [candidates(found, node) for node in found.nodes] == [[1], [0], [0, 1]]


def test_placeholders_only_matter_in_what_may_be_used() -> None:
    text = f"""{HEAD}nodes:
  - {{name: one, type: m, filter: {{type: simulated}}}}
'node_def:m':
  - resource: {{type: hosts, hosts: [replace_with_an_address]}}
  - resource: {{type: simulated}}
"""
    assert candidates(made(text), made(text).nodes[0]) == [1]
    with pytest.raises(BadDescription, match="replace_with_an_address is still there"):
        made(text.replace(", filter: {type: simulated}", ""))
    assert definitions_of(text_bundle(text, "it")).keys() == {"m"}


def test_types_are_found_in_the_bundle_before_those_that_are_known() -> None:
    known = definitions_of(text_bundle(TYPES.replace("simulated", "process"), "it"))
    assert made(f"{HEAD}{NODES}", known).definitions["m"][0].resource["type"] == "process"
    assert made(f"{HEAD}{NODES}{TYPES}", known).definitions["m"][0].resource["type"] == "simulated"
    assert made(f"{HEAD}nodes: [{{name: a, type: m}}]\n{TYPES}").definitions.keys() == {"m"}


def test_what_is_wrong_with_a_known_definition_is_told_by_its_name() -> None:
    with pytest.raises(BadDescription) as raised:
        made(
            f"{HEAD}{NODES}",
            {"m": [{"resource": {"type": "ec2"}}], "w": [{"resource": {"type": "simulated"}}]},
        )
    fault = raised.value.details["faults"][0]
    assert (fault["file"], fault["line"], fault["pointer"]) == (
        "node_def:m",
        None,
        "/definitions/m/0/resource",
    )


def test_health_is_read() -> None:
    found = defined("""resource: {type: simulated}
    health_check:
      ping: no
      ports: [22, 2375]
      urls: ["http://{{ip}}:{{variables.port | default(80)}}"]
      mysqldbs: [{name: d, user: u, pass: p}]
      timeout: 1200
      type: basic""")
    database = Database("d", "u", "p")
    assert found.health == Health(
        False, (22, 2375), ("http://{{ip}}:{{variables.port | default(80)}}",), (database,), 1200
    )


def test_our_additions_are_read() -> None:
    policy = "{unavailable: 2, brake: 0.3, start_timeout: 60, drain_timeout: 5, attempts: 1, budget: 2.5}"
    text = f"""{HEAD}{NODES}policy: {policy}
{TYPES}    drain: |
      leave
    publish: [/etc/a]
    contextualisation: {{type: cloudinit, context_template: {{runcmd: [a]}}, attributes: {{key: value}}}}
"""
    found = made(text)
    assert found.definitions["w"][0].contextualisation["attributes"] == {"key": "value"}
    assert found.policy == Policy(2, 0.3, 60, 5, 1, 2.5)
    assert (found.definitions["w"][0].drain, found.definitions["w"][0].publish) == ("leave\n", ("/etc/a",))


def test_resources_are_templates_so_a_template_fits_any_kind() -> None:
    found = defined(
        "resource: {type: nova, endpoint: e, project_id: p, image_id: '{{ name }}', flavor_name: f,"
        " volume_size: '{{ number }}', volume_persist: '{{ name }}'}"
    )
    assert found.resource["volume_size"] == "{{ number }}"


def test_numbers_and_words_become_what_their_key_wants() -> None:
    found = defined(
        "resource: {type: nova, endpoint: e, project_id: 12, image_id: 1.5, flavor_name: f,"
        " volume_persist: yes}"
    )
    assert (found.resource["project_id"], found.resource["image_id"]) == ("12", "1.5")
    assert found.resource["volume_persist"] is True


def example(kind: str) -> dict[str, Any]:
    """Return a resource with every key that its provider knows."""
    values: dict[str, Any] = {"whole": 1, "number": 1.5, "switch": True, "texts": ["a"], "list": ["a"]}
    return {"type": kind} | {
        key.name: key.choices[0]
        if key.choices
        else {one.name: values.get(one.kind, "a") for one in INSIDE.get((kind, key.name), ())}
        if key.kind == "mapping"
        else values.get(key.kind, "a")
        for key in RESOURCES[kind]
    }


@pytest.mark.parametrize("kind", RESOURCES)
def test_each_provider_takes_all_of_its_keys_and_needs_those_that_are_needed(kind: str) -> None:
    whole = example(kind)
    bundle = bundle_of({"definitions": {"a": [{"resource": whole}]}})
    assert definitions_of(bundle) == {"a": [{"resource": whole}]}
    needed = {key.name for key in RESOURCES[kind] if key.required} | {*EITHER.get(kind, ())[:1]}
    with pytest.raises(BadDescription) as raised:
        bare = {"type": kind} if needed else {"type": kind, "unheard_of": 1}
        definitions_of(bundle_of({"definitions": {"a": [{"resource": bare}]}}))
    told = " ".join(fault["message"] for fault in raised.value.details["faults"])
    assert all(f"`{name}`" in told for name in needed or {"unheard_of"})


@pytest.mark.parametrize("kind", sorted(RESOURCES.keys() - BUILT))
def test_what_comes_later_is_valid_and_can_be_planned_but_is_named_when_somebody_builds(kind: str) -> None:
    resource = orjson.dumps(example(kind)).decode()
    text = f"{HEAD}nodes: [{{name: master, type: m}}]\n'node_def:m':\n  - resource: {resource}\n"
    assert faults(text) == [
        f"5: {kind} is planned here and built later: node_def:m cannot be built with it yet."
    ]


def test_the_office_plans_what_it_would_not_build_yet() -> None:
    resource = orjson.dumps(example("nova")).decode()
    text = f"{HEAD}nodes: [{{name: master, type: m}}]\n'node_def:m':\n  - resource: {resource}\n"
    bundle, settings = text_bundle(text, "it").plain(), Infra()
    assert described_by(bundle, {}, settings).name == "try"
    with pytest.raises(BadDescription, match="nova is planned here and built later"):
        described_by(bundle, {}, settings, building=True)


def test_no_plan_is_made_of_more_machines_than_there_may_be() -> None:
    nodes = "nodes: [{name: a, type: m, scaling: {min: 999999999999}}]\n"
    with pytest.raises(TooManyMachines, match=r"It would have 999,999,999,999 machines"):
        described_by(text_bundle(HEAD + nodes + TYPES, "it").plain(), {}, Infra())


def test_commands_in_templates_are_refused_where_they_are_off() -> None:
    text = f"{HEAD}nodes: [{{name: master, type: m}}]\n'node_def:m':\n  - resource: {{type: simulated}}\n"
    bundle = text_bundle(text + "    drain: \"echo {{ cmd('date') }}\"\n", "it").plain()
    with pytest.raises(BadDescription, match=r"it:6: .*`cmd` runs programs on the server"):
        described_by(bundle, {}, Infra())
    assert described_by(bundle, {}, Infra(commands=True)).name == "try"


@pytest.mark.parametrize("kind", sorted(BUILT))
def test_what_is_there_can_be_built(kind: str) -> None:
    resource = orjson.dumps(example(kind)).decode()
    check_buildable(made(f"{HEAD}nodes: [{{name: a, type: m}}]\n'node_def:m':\n  - resource: {resource}\n"))


@pytest.mark.parametrize(
    "section",
    [
        "{type: chef, endpoint: e, run_list: ['recipe[a]']}",
        "{type: puppet_solo, manifests: [u], modules: [m], attributes: [{a: b}]}",
    ],
)
def test_managers_that_come_later_are_named(section: str) -> None:
    text = f"""{HEAD}nodes: [{{name: a, type: m}}]
'node_def:m':
  - resource: {{type: simulated}}
    config_management: {section}
"""
    [told] = faults(text)
    assert "is planned here and built later" in told and told.startswith("6:")


def test_a_thousand_nodes_in_a_row_are_no_problem() -> None:
    names = [f"n{number}" for number in range(1000)]
    nodes = "".join(f"  - {{name: {name}, type: m}}\n" for name in names)
    pairs = "".join(f"  - [{later}, {former}]\n" for former, later in pairwise(names))
    found = made(f"{HEAD}nodes:\n{nodes}dependencies:\n{pairs}{TYPES}")
    assert len(found.nodes) == 1000 and len(found.edges) == 999


def test_a_description_is_its_plain_form_again() -> None:
    text = f"""{HEAD}{NODES}dependencies:
  - {{connection: [*W, *M], mappings: [[a, b]]}}
policy: {{budget: 1.5}}
{TYPES}    health_check: {{ports: [22], mysqldbs: [{{name: d, user: u, pass: p}}]}}
    publish: [/a]
"""
    found = made(text)
    assert description_of(orjson.loads(orjson.dumps(plain(found)))) == found


def test_expressions_that_take_long_to_read_are_refused_before_they_are_read() -> None:
    head = f"{HEAD}variables: {{a: 1}}\nnodes: [{{name: n, type: m}}, {{name: o, type: m}}]\n"
    text = head + "'node_def:m':\n  - resource: {type: simulated}\n    drain: '"
    begun = process_time()
    for template in ("{{ [" + "a," * 300_000 + "] }}", "{{" * 300_000, "{% raw %}" + "{{" * 300_000):
        with pytest.raises(BadDescription, match="too long to be checked"):
            made(f"{text}{template}'\n")
    assert len(made(f"{text}echo {'x' * 900_000} {{{{ variables.a }}}}'\n").nodes) == 2
    assert process_time() - begun < 10
