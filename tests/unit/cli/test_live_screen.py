"""A live task in a terminal: dots where points are, numbers at centres, never wider than the terminal."""

from __future__ import annotations

from typing import Any

from shoal.base.clock import now
from shoal.cli.live_canvas import Box, Canvas
from shoal.cli.live_points import Point
from shoal.cli.live_screen import Screen
from shoal.studies.telling.terminal import Look

PLAIN = Look()
COLOUR = "#C9420B"
SQUARE = Box(0, 1, 0, 1)


def facts(**more: Any) -> dict[str, Any]:
    wish = {"columns": ["temp", "hum", "wind"], "variables": []}
    task = {
        "id": "a",
        "name": "sensors",
        "state": "running",
        "clusters": 1,
        "rows": 1_204_118,
        "iterations": 88,
    }
    return task | {"iterations": 88, "wish": wish} | more


def summary(*centres: list[float]) -> dict[str, Any]:
    clusters = [
        {"id": n, "centre": centre, "rows": 10.0, "share": 0.425, "born": now() - 7_500_000_000}
        for n, centre in enumerate(centres, 1)
    ]
    return {"clusters": clusters, "metrics": {"rows_per_second": 12_400.0}}


def test_a_dot_is_where_its_point_is() -> None:
    canvas = Canvas(2, 1, SQUARE)
    for x, y in ((0.01, 0.99), (0.99, 0.01)):
        canvas.dot(x, y, "#000000")
    assert canvas.lines(PLAIN) == ["\u2801\u2880"]
    assert canvas.lines(Look(unicode=False)) == [".."]


def test_what_is_outside_is_left_out() -> None:
    canvas = Canvas(3, 2, SQUARE)
    for x, y in ((-1, 0.5), (2, 0.5), (0.5, -1), (0.5, 1.01), (1.0, 1.0)):
        canvas.dot(x, y, "#000000")
    canvas.write(5, 5, "1", "#000000")
    assert canvas.lines(PLAIN) == ["", ""]


def test_a_centre_s_number_stands_over_the_dots_in_its_colour() -> None:
    canvas = Canvas(3, 1, SQUARE)
    canvas.dot(0.5, 0.5, COLOUR)
    canvas.write(0.5, 0.5, "2", COLOUR)
    assert canvas.lines(PLAIN) == [" 2"]
    assert canvas.lines(Look(colour=True)) == [" \x1b[1;38;2;201;66;11m2\x1b[0m"]


def test_a_box_holds_its_points_also_when_all_are_equal() -> None:
    box = Box.around([2.0, 2.0], [0.0, 0.0])
    assert box.left < 2 < box.right
    assert box.low < 0 < box.high
    grown = SQUARE.grown(Box(-1, 0.5, 0, 1))
    assert grown.left == -1
    assert 0.5 < grown.right < 1


def test_the_head_the_axes_the_clusters_and_what_happened_are_told() -> None:
    points = [Point((0.0, 0.0, 5.0), 1), Point((1.0, 2.0, 6.0), -1)]
    event = {"seq": 1, "run": 1, "row": 5, "kind": "birth", "detail": {"cluster": 1}, "at": now()}
    screen = Screen(PLAIN)
    found = summary([0.5, 1.0, 5.5])
    for _ in range(2):
        lines = screen.lines(facts(), found, points, [event], 20)
    assert lines[0] == "sensors  running  1 cluster  1,204,118 rows  12,400/s  iteration 88"
    assert lines[1].startswith("temp -0.0400..1.04 across, hum -0.0800..2.08 up")
    assert lines[1].endswith("? help")
    assert "1 blue" in lines[-1]
    assert "42% ████▎" in lines[-1]
    assert "2 h" in lines[-1]
    assert "Cluster 1 born" in lines[-1]
    assert any("1" in line for line in lines[2:-1])
    screen.turn()
    screen.lines(facts(), found, points, [], 20)
    assert "wind" in screen.lines(facts(), found, points, [], 20)[1]
    screen.helping = True
    assert any(line.startswith("q  quit") for line in screen.lines(facts(), found, points, [], 20))


def test_no_line_is_wider_than_the_terminal_nor_more_lines_than_it_has() -> None:
    long = facts(name="n" * 200, wish={"columns": ["c" * 90, "d" * 90], "variables": []})
    points = [Point((float(n), float(n * n)), n % 14) for n in range(50)]
    found = summary(*[[float(n), float(n)] for n in range(14)])
    for height in (3, 10, 24):
        screen = Screen(PLAIN)
        for _ in range(2):
            lines = screen.lines(long, found, points, [], height)
        assert len(lines) <= height
        assert all(len(line) <= 80 for line in lines)


def test_a_task_without_rows_says_so() -> None:
    empty = facts(rows=0, clusters=None, iterations=0)
    lines = Screen(PLAIN).lines(empty, None, [], [], 12)
    assert lines[0] == "sensors  running  nothing found yet  0 rows"
    assert lines[1].startswith("No rows yet.")
