"""Templates are filled in strictly, byte by byte, and cannot hurt anybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.infra.errors import BadTemplate
from shoal.infra.model import Description, Edge, Implementation, Instance, Node
from shoal.infra.secrets import Secrets
from shoal.infra.states import State
from shoal.infra.templating.facts import Facts, facts_for
from shoal.infra.templating.keys import mended
from shoal.infra.templating.renderer import Renderer

MASTERS: list[dict[str, Any]] = [
    {"id": "m1", "addresses": ["10.0.0.1", "172.16.0.1"], "private": "192.168.0.1", "created": 1},
    {"id": "m2", "addresses": ["10.0.0.2"], "private": None, "created": 2},
]
FACTS = Facts(
    constants={"infra_name": "mine", "infra_id": "i", "name": "worker", "node_id": "n", "user_id": "me"},
    variables={"color": "green", "items": "a word", "nothing": None, "deep": {"er": [1, 2]}},
    keys={"scaling": {"min": 2, "max": 5}, "type": "worker_node"},
    nodes={"master": MASTERS, "slurm-master": MASTERS[1:], "worker": []},
)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as made:
        yield made


def faults_of(renderer: Renderer, value: Any, facts: Facts = FACTS) -> list[dict[str, Any]]:
    with pytest.raises(BadTemplate) as caught:
        renderer.render(value, facts, "contextualisation")
    faults: list[dict[str, Any]] = caught.value.details["faults"]
    return faults


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ infra_name }}-{{name}}", "mine-worker"),
        (
            "{{ variables.color }} {{ variables.deep.er[1] }} {{ scaling.min }} {{ type }}",
            "green 2 2 worker_node",
        ),
        ("{{ variables.items }}", "a word"),
        ("{{ getip('master') }} {{ getip(master) }} {{ master }}", "10.0.0.1 10.0.0.1 master"),
        ("{{ getprivip('master') }} {{ getprivip('slurm-master') }}", "192.168.0.1 10.0.0.2"),
        ("{{ getipall('master') }}", "['10.0.0.1', '10.0.0.2']"),
        ("{% for ip in getipall(master) %}{{ ip }};{% endfor %}", "10.0.0.1;10.0.0.2;"),
        ("{{ find_node_id('master').id }}", "m1"),
        ("{{ cut('abcdef', 1, 3) }}", "bc"),
        ("{{ 'ü' | b64encode }} {{ 'w7w=' | b64decode }} {{ \"a b\" | quote }}", "w7w= ü 'a b'"),
        ("{{ variables.none | default('x') }}{% if variables.no is defined %}y{% endif %}", "x"),
        ("{% raw %}{{.Names}} ${#list[@]}{% endraw %}", "{{.Names}} ${#list[@]}"),
    ],
)
def test_templates_give_what_they_say(renderer: Renderer, template: str, expected: str) -> None:
    assert renderer.render(template, FACTS) == expected


@pytest.mark.parametrize(
    ("template", "said", "advised"),
    [
        ("{{ color }}", "no `color` in `{{ color }}`", "`variables.color`"),
        ("{{ variables.colour }}", "no `colour` there in `{{ variables.colour }}`", "`color`"),
        ("{{ getip(slurm-master) }}", "no `slurm`", "'slurm-master'"),
        ("{{ getip('mastr') }}", "no node 'mastr'", "'master'"),
        ("{{ getip('worker') }}", "no instance of 'worker' is ready", "dependency"),
        ("one\n{{.Names}}", "Go template in `{{.Names}}` (line 2)", "{% raw %}"),
        ("a\nb ${#x}\n", "begins a comment", "{% raw %}"),
        ("{{ variables.color | uper }}", "'uper'", "`upper`"),
        ("{{ variables.nothing }}", "empty (null)", "or ''"),
        ("{{ cmd('id') }}", "not allowed", "infra.commands"),
        ("{{ ibget('node.find') }}", "not supported", "getip"),
        ("{{ ''.__class__ }}", "not allowed", "plain values"),
        ("{{ secret('x') }}", "no secrets", "variable"),
        ("{{ 'x' * 10 ** 10 }}", "memory", "shorter"),
        ("{{ 1 / 0 }}", "ZeroDivisionError", "Mend"),
        ("{{ [variables.colour] }}", "no `colour` there", "`color`"),
        ("{{ getip }}", "`getip` is a function", "parentheses"),
        ("{{ '\\0' }}", "holds a NUL", "base64"),
        ("{{ '\\ud800' }}", "cannot be filled in", "Mend"),
        ("{{ secret('x' * 201) }}", "1 to 200 characters", "secret('NAME')"),
        ("{{ {}['a' * 10 ** 6] }}", "there is no `aaaa", "default"),
    ],
)
def test_a_wrong_template_is_told_with_its_place_and_what_to_write(
    renderer: Renderer, template: str, said: str, advised: str
) -> None:
    (fault,) = faults_of(renderer, {"write_files": [{"content": template}]})
    assert said.lower() in fault["message"].lower()
    assert advised in fault["advice"]
    assert fault["pointer"] == "contextualisation/write_files/0/content"
    assert len(fault["message"]) < 1000


def test_all_that_is_wrong_is_told_at_once(renderer: Renderer) -> None:
    assert len(faults_of(renderer, ["{{ a }}", "fine {{ name }}", {"{{ b }}": "{{ c }}"}])) == 3


def test_what_takes_for_ever_ends_and_the_rest_goes_on(renderer: Renderer) -> None:
    endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    (fault,) = faults_of(renderer, ["{{ name }}", endless, "{{ name }}"])
    assert "processor time" in fault["message"]
    assert fault["pointer"] == "contextualisation/1"
    assert renderer.render("{{ name }}", FACTS) == "worker"


def test_texts_that_become_large_together_are_refused(renderer: Renderer) -> None:
    faults = faults_of(renderer, ["{{ 'x' * 4 * 10 ** 6 }}"] * 5)
    assert [fault["message"] for fault in faults] == ["All texts together are larger than 16 MiB, filled in."]
    (fault,) = faults_of(renderer, "{{ 'x' * 5 * 10 ** 6 }}")
    assert fault["message"] == "It is larger than 4 MiB, filled in."


def test_keys_that_become_one_are_refused_not_lost(renderer: Renderer) -> None:
    (fault,) = faults_of(renderer, {"a": {"{{ name }}": 1, "worker": 2}})
    assert fault["message"] == "Two keys become 'worker', filled in."
    assert renderer.render({"a": {"(key)": "{{ name }}"}}, FACTS) == {"a": {"(key)": "worker"}}


def test_what_fills_in_templates_may_die_between_two_of_them(renderer: Renderer) -> None:
    def fillers() -> list[psutil.Process]:
        children = psutil.Process().children()
        return [each for each in children if "shoal.infra.templating.child" in each.cmdline()]

    assert renderer.render(["{{ name }}"] * 2, FACTS) == ["worker"] * 2
    there = fillers()
    assert renderer.render("{{ name }}", FACTS) == "worker" and fillers() == there
    for each in there:
        each.kill()
        each.wait()
    assert renderer.render("{{ name }}", FACTS) == "worker"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="{\0"), max_size=40)
ENDS = st.lists(st.sampled_from(["\n", "\r\n", "\r", "\n\n", ""]), max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    before=TEXTS, after=TEXTS, ends=st.lists(st.sampled_from(["\n", "\r\n", "\r", "\n\n", ""]), max_size=4)
)
def test_everything_around_a_template_stays_as_it_is(
    renderer: Renderer, before: str, after: str, ends: list[str]
) -> None:
    around = before + "".join(f"{end}x" for end in ends)
    tail = after + "".join(ends)
    assert renderer.render(around + "{{ name }}" + tail, FACTS) == f"{around}worker{tail}"


def test_what_is_no_text_stays_what_it_is(renderer: Renderer) -> None:
    tree = {"a": [1, 2.5, None, True, "{{ name }}"], "{{ name }}": {"b": "plain\n"}}
    filled = {"a": [1, 2.5, None, True, "worker"], "worker": {"b": "plain\n"}}
    assert renderer.render(tree, FACTS) == filled


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ variables.deep.er }}", [1, 2]),
        ("{{- scaling.max -}}", 5),
        ("{{ variables.deep }}", {"er": [1, 2]}),
        ("{{ scaling.max > 3 }}", True),
        ("{{ scaling.max }}G", "5G"),
        ("{{ variables.color }}", "green"),
        ("{{ scaling.max }}{{ scaling.min }}", "52"),
        ("{# a comment #}{{ scaling.max }}", "5"),
    ],
)
def test_an_expression_alone_keeps_its_kind_where_that_is_wanted(
    renderer: Renderer, template: str, expected: object
) -> None:
    assert renderer.rendered([template], FACTS, values=True).value == [expected]
    assert renderer.rendered([template], FACTS).value == [str(expected)]
    (fault,) = faults_of(renderer, "{{ variables.deep.none }}")
    assert "no `none` there" in fault["message"]


def test_instances_that_were_used_are_remembered(renderer: Renderer) -> None:
    assert renderer.rendered("{{ getip('master') }}", FACTS).saw == {"master": ["m1"]}
    assert renderer.rendered("{{ getipall('master') }}", FACTS).saw == {"master": ["m1", "m2"]}
    assert renderer.rendered("{{ name }} plain", FACTS).saw == {}


def test_commands_run_without_a_shell_when_they_may() -> None:
    with Renderer(commands=True) as renderer:
        assert renderer.render("<{{ cmd('printf %s\\n $HOME;x') }}>", FACTS) == "<$HOME;x>"
        (fault,) = faults_of(renderer, "{{ cmd('false') }}")
    assert "exit code 1" in fault["message"]


def test_secrets_are_the_same_in_every_template(tmp_path: Path) -> None:
    with Renderer(Secrets(tmp_path)) as renderer:
        one, other = renderer.render(["{{ secret('a') }}", "{{ secret('a') }} {{ secret('b') }}"], FACTS)
    with Renderer(Secrets(tmp_path)) as renderer:
        again = renderer.render("{{ secret('a') }}", FACTS)
    assert one == again
    assert len(one) == 32
    assert other.split()[0] == one != other.split()[1]


def instance(name: str, number: int, created: int, state: State = State.READY) -> Instance:
    return Instance(
        id=f"{name}-{number}",
        infra="i",
        node=name,
        number=number,
        state=state,
        provider="simulated",
        implementation=0,
        place={},
        hash="",
        name=f"machine-{number}",
        addresses=(f"10.0.{number}.1",),
        created=created,
    )


def test_the_oldest_ready_instance_comes_first() -> None:
    nodes = (Node("master", "m"), Node("worker", "w", 1, 4, variables={"a": 1}))
    description = Description("mine", "me", nodes, (Edge("worker", "master"),))
    rows = [
        instance("master", 1, 5, State.FAILED),
        instance("master", 2, 9),
        instance("master", 3, 7),
        instance("master", 4, 2, State.AILING),
        instance("worker", 1, 1, State.CREATING),
    ]
    facts = facts_for("i", description, Implementation({"type": "simulated"}), rows[4], rows)
    assert [each["id"] for each in facts.nodes["master"]] == ["master-3", "master-2", "master-4"]
    assert facts.names()["ip"] == "10.0.1.1"
    assert facts.names()["machine_name"] == "machine-1"
    assert facts.nodes["worker"] == []


def test_blank_lines_inside_keys_are_left_out() -> None:
    doubled = "-----BEGIN RSA PRIVATE KEY-----\n\nAAAA\n\nBBBB\n\n-----END RSA PRIVATE KEY-----\n"
    clean = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\nBBBB\n-----END RSA PRIVATE KEY-----\n"
    assert mended({"key": [doubled], "other": "a\n\nb"}) == {"key": [clean], "other": "a\n\nb"}


def test_many_keys_without_an_end_take_not_long() -> None:
    text = "-----BEGIN A-----\n" * 100_000
    begun = process_time()
    assert mended(text) == text
    assert process_time() - begun < 5


def test_headers_of_old_keys_keep_the_blank_line_after_them() -> None:
    begin, end = "-----BEGIN RSA PRIVATE KEY-----\n", "-----END RSA PRIVATE KEY-----"
    key = f"{begin}Proc-Type: 4,ENCRYPTED\nDEK-Info: X\n\nAA\n{end}"
    assert mended(key) == key
