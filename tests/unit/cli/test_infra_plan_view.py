"""A plan in the terminal: a sign for each change, the counts, the ports, the cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from shoal.base.clock import now
from shoal.cli.infra_plan_view import changes_of, is_empty, page, price, summary
from shoal.infra.deciding.plan import plan
from shoal.infra.describing.descriptions import described
from shoal.infra.describing.reading import read_bundle
from shoal.infra.model import Description, Infrastructure, Instance
from shoal.infra.office.planning import Made
from shoal.infra.plain import plain
from shoal.infra.states import Phase, State
from shoal.server.api.infra_views import plan_view
from shoal.studies.telling.terminal import Look
from tests.support.clusters import NODES, written

LOOK = Look()


def a_description(folder: Path, **words: Any) -> Description:
    return described(read_bundle(written(folder, **words), folder / NODES), {})


def infrastructure(description: Description, **fields: Any) -> Infrastructure:
    empty: dict[str, Any] = dict.fromkeys(Infrastructure._fields)
    facts = {"id": "i1", "owner": "local", "name": description.name, "phase": Phase.READY, "targets": {}}
    counts = {"condemned": (), "attached": True, "paused": False, "turn": 1, "done": 1}
    return Infrastructure(**empty | facts | counts | {"description": plain(description)} | fields)


def an_instance(node: str, number: int) -> Instance:
    """Return a machine that was made of an older definition."""
    return Instance(
        id=f"{node}{number}",
        infra="i1",
        node=node,
        number=number,
        state=State.READY,
        provider="simulated",
        implementation=0,
        place={},
        hash="old",
        name=f"demo-{node}-{number}",
        addresses=(f"10.0.0.{number}",),
        created=now() + number,
        since=now(),
        ready=now(),
    )


def planned(description: Description, there: list[Instance] | None = None, **fields: Any) -> dict[str, Any]:
    infra = None if there is None else infrastructure(description, **fields)
    return plan_view(Made(plan(infra, description, there or [], now()), 1, ""))


def test_what_comes_is_counted_by_node_and_level_with_ports_and_cost(tmp_path: Path) -> None:
    made = planned(a_description(tmp_path, least=3))
    assert page(made, LOOK) == (
        "demo: a new infrastructure\n"
        "\n"
        "level 1: front\n"
        "  + front  1 machine  0.25 an hour each\n"
        "\n"
        "level 2: worker\n"
        "  + worker  3 machines  0.1 an hour each\n"
        "\n"
        "ports to be reached\n"
        "  front: 8080\n"
        "\n"
        "Plan: 4 to create, 0 to replace, 0 to drop, 0 unchanged.\n"
        "Cost 0.55 an hour (now 0), as far as prices are known."
    )
    assert changes_of(made) == {"create": 4, "replace": 0, "drop": 0, "keep": 0}
    assert not is_empty(made)


def test_what_changed_is_replaced_and_says_why(tmp_path: Path) -> None:
    description = a_description(tmp_path)
    there = [an_instance("front", 1), an_instance("worker", 1), an_instance("worker", 2)]
    shown = page(planned(description, there), LOOK)
    assert "infrastructure i1" in shown
    assert re.search(r"^  ~ worker  demo-worker-1 \(10\.0\.0\.1\): .*changed", shown, re.MULTILINE)
    assert "0 to create, 3 to replace" in shown


def test_what_is_no_longer_described_goes(tmp_path: Path) -> None:
    shown = page(planned(a_description(tmp_path), [an_instance("cache", 1)]), LOOK)
    assert re.search(r"^no longer described\n  - cache  demo-cache-1", shown, re.MULTILINE)


def test_of_many_alike_only_the_first_are_listed(tmp_path: Path) -> None:
    there = [an_instance("worker", number) for number in range(1, 41)]
    shown = page(planned(a_description(tmp_path, least=40, most=50), there), LOOK)
    assert shown.count("\n  ~ worker") == 10
    assert "    and 30 more of worker" in shown


def test_nothing_to_do_says_so(tmp_path: Path) -> None:
    made = planned(a_description(tmp_path), [])
    made["steps"] = [step | {"act": "keep"} for step in made["steps"]]
    assert is_empty(made)
    assert summary(made).startswith("Nothing to do: 3 machines as wished.")


def test_a_terminal_gets_colours_and_a_pipe_none(tmp_path: Path) -> None:
    made = planned(a_description(tmp_path))
    assert "\x1b[" in page(made, Look(colour=True))
    assert "\x1b[" not in page(made, LOOK)


def test_eighty_columns_suffice(tmp_path: Path) -> None:
    there = [an_instance("worker", number) for number in range(1, 4)]
    lines = page(planned(a_description(tmp_path), there), LOOK).splitlines()
    assert max(len(line) for line in lines if not line.startswith(("Plan", "  ~"))) <= 80


def test_a_price_has_no_more_digits_than_it_needs() -> None:
    assert [price(amount) for amount in (None, 0.0, 0.1, 0.1234567, 12.0)] == [
        "-",
        "0",
        "0.1",
        "0.1235",
        "12",
    ]
