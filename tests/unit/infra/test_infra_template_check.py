"""What is wrong with templates is found before anything is touched."""

from __future__ import annotations

from time import process_time

import pytest

from shoal.infra.templating.check import Scope, wrong_in

SCOPE = Scope(
    node="worker",
    variables={"color": "green", "deep": {"er": 1}, "several": [1]},
    nodes=frozenset({"worker", "master", "slurm-master", "database"}),
    before=frozenset({"master", "slurm-master"}),
    keys={"scaling": {"min": 1, "max": 2}},
    commands=False,
)


@pytest.mark.parametrize(
    "text",
    [
        "{{ variables.color }} {{ variables['deep'].er }} {{ variables.several[0].x }} {{ scaling.max }}",
        "{{ getip(master) }} {{ getip('slurm-master') }} {{ getipall('worker') }} {{ infra_id }}",
        "{{ variables.a | default('') }} {% if variables.b is defined %}{{ variables.b }}{% endif %}",
        "{% for each in variables.several %}{{ each }} {{ loop.index }}{% endfor %}",
        "{% set x = 1 %}{{ x }}{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) }}",
        "{% raw %}{{.Names}} ${#a[@]}{% endraw %} {{ secret('x', kind='munge') | b64encode }}",
        "{{ variables.deep.items() }} {{ resource.anything.at.all }}",
        "{# a comment #}plain",
    ],
)
def test_what_is_right_is_not_complained_of(text: str) -> None:
    assert wrong_in({"a": [text]}, SCOPE) == []


@pytest.mark.parametrize(
    ("text", "line", "said", "advised"),
    [
        ("x\n{{ color }}", 2, "no name `color`", "`variables.color`"),
        ("{{ ip }}", 1, "no name `ip`", "getip"),
        ("{{ infra_nam }}", 1, "no name `infra_nam`", "`infra_name`"),
        ("{{ variables.colr }}", 1, "no `variables.colr`", "`color`"),
        ("{{ variables.deep.err }}", 1, "no `variables.deep.err`", "`er`"),
        ("{{ scaling.mx }}", 1, "no `scaling.mx`", "`max`"),
        ("{{ getipp('master') }}", 1, "no function `getipp`", "`getip`"),
        ("{{ getip('mastr') }}", 1, "no node 'mastr'", "`master`"),
        ("{{ getip() }}", 1, "does not say which node", "getip('NODE')"),
        ("\n\n{{ getip(database) }}", 3, "uses database, but does not wait", "[worker, database]"),
        ("{{ secret('a', 'dsa') }}", 1, "no kind of secret 'dsa'", "ed25519"),
        ("{{ cmd('id') }}", 1, "not allowed", "infra.commands"),
        ("{{ ibget('x') }}", 1, "not supported", "getip"),
        ("docker ps --format '{{.Names}}'", 1, "Go template", "{% raw %}"),
        ("a\n${#list[@]} b #}", 2, "`${#` begins a comment", "{% raw %}"),
        ("{{ name | uper }}", 1, "'uper'", "`upper`"),
        ("{% include 'x' %}", 1, "take in another", "!text_import"),
        ("{% for i in variables.several %}", 1, "Unexpected end", "{% raw %}"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_to_write(
    text: str, line: int, said: str, advised: str
) -> None:
    (wrong,) = wrong_in({"write_files": [{"content": text}]}, SCOPE)
    assert wrong.path == ("write_files", 0, "content")
    assert wrong.line == line
    assert said.lower() in wrong.message.lower()
    assert advised in wrong.advice


def test_a_subtraction_of_names_is_told_as_the_name_that_was_meant() -> None:
    wrong = wrong_in("{{ getip(slurm-master) }}", SCOPE)
    assert any("getip('slurm-master')" in each.advice for each in wrong)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 10 ** 11 }}",
        "{% if 'a' * 10 ** 11 %}{% endif %}",
        "{{ 10 ** (10 ** 10) }}",
        "{% set x = ['a'] * 10 ** 11 %}",
        "{% macro m(a='x' * 10 ** 11) %}{% endmacro %}",
        "{% for i in 'x' * 10 ** 11 %}{% endfor %}",
        "{{ 'x' | center(10 ** 11) }}",
        "{{ '%099999999999d' % 1 }}",
        "{{ ('x' * 10 ** 11) is string }}",
    ],
)
def test_nothing_is_worked_out_by_looking(text: str) -> None:
    begun = process_time()
    assert wrong_in(text, SCOPE) == []
    assert process_time() - begun < 1


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 200_000,
        "{{ a }}" * 200_000,
        "{{ " + "a." * 100_000 + "b }}",
        "{{ " + "a" * 400_000 + " }}",
        "{{ " + "a" * 400_000,
        "{# " * 100_000,
        "{% raw %}" * 50_000,
        "{{ " + "-" * 10_000 + "1 }}",
        "{{ a }}" * 9_000,
    ],
    ids=range(9),
)
def test_templates_made_to_take_long_take_not_long(text: str) -> None:
    begun = process_time()
    assert wrong_in([text] * 2, SCOPE) != []
    assert process_time() - begun < 10


def test_a_template_nested_without_end_is_refused_not_followed() -> None:
    (wrong,) = wrong_in("{{ " + "(" * 20000 + "1" + ")" * 20000 + " }}", SCOPE)
    assert "nested" in wrong.message
