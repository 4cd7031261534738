"""What the live canvas is drawn by: modules without a page, run by the browser that runs them for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from shoal.server.pages.assets import assets
from shoal.studies.wording import MINUS
from tests.support.browser import opened_window
from tests.support.server import running_server


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Return a page of ours with the modules in `modules`."""
    names = {name: assets()[f"live_{name}.js"].path for name in ("points", "axes", "centres", "metrics")}
    with (
        running_server(tmp_path_factory.mktemp("drawing") / "home") as server,
        opened_window(browser) as window,
    ):
        window.open(f"{server.url}/app/sign-in")
        window.page.evaluate(
            "async (names) => { window.modules = {}; "
            "for (const [name, path] of Object.entries(names)) modules[name] = await import(path) }",
            names,
        )
        yield window.page
        assert window.errors == []


def run(page: Page, code: str, argument: Any = None) -> Any:
    return page.evaluate(
        f"(given) => {{ const {{ points, axes, centres, metrics }} = modules; {code} }}", argument
    )


def test_ring_keeps_the_newest_rows_and_their_numbers(page: Page) -> None:
    code = """
    const ring = new points.Points(4, 1);
    ring.add(Float32Array.of(0, 1, 2), Int32Array.of(1, 1, 1), 3);
    ring.add(Float32Array.of(3, 4, 5), Int32Array.of(2, 2, 3), 6);
    return [0, 1, 2, 3].map((place) => [ring.rows[place], ring.rowOf(place), ring.labels[place]])
      .sort((a, b) => a[0] - b[0])"""
    assert run(page, code) == [[2, 2, 1], [3, 3, 2], [4, 4, 2], [5, 5, 3]]


def test_more_rows_than_fit_leave_the_newest(page: Page) -> None:
    code = """
    const ring = new points.Points(3, 2);
    ring.add(Float32Array.from({ length: 20 }, (_, at) => at), new Int32Array(10), 10);
    return [ring.count, [...ring.rows].sort((a, b) => a - b)]"""
    assert run(page, code) == [3, [14, 15, 16, 17, 18, 19]]


def test_order_of_drawing_is_seeded_and_whole(page: Page) -> None:
    code = """
    const one = points.shuffled(1000), two = points.shuffled(1000);
    return [one.join() === two.join(), new Set(one).size, one.slice(0, 50).every((place) => place < 100)]"""
    assert run(page, code) == [True, 1000, False]


def test_a_point_is_two_by_two_pixels_of_its_clusters_colour_and_pales_with_age(page: Page) -> None:
    code = """
    const ring = new points.Points(2, 2), view = new axes.Columns(0, 1);
    ring.add(Float32Array.of(0, 1, 9, 9), Int32Array.of(7, 7), 2);
    ring.project(view);
    const frame = new axes.Frame([0, 10, 0, 10], { left: 0, top: 0, width: 20, height: 20 });
    const pixels = new Uint32Array(400);
    const palette = new points.Palette([[200, 0, 0]], [9, 9, 9], [255, 255, 255]);
    points.paint(pixels, 20, 20, ring, frame, palette, new Map([[7, 1]]));
    const at = (x, y) => pixels[y * 20 + x], red = (x, y) => at(x, y) & 255;
    return [[...pixels].filter(Boolean).length, red(18, 2), at(19, 3) === at(18, 2), red(0, 18), at(18, 4)]"""
    assert run(page, code) == [8, 200, True, 243, 0]


def test_components_are_those_of_numpy(page: Page) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(500, 4)) @ random.normal(size=(4, 4))
    scaled = (rows - rows.mean(0)) / rows.std(0)
    values, vectors = np.linalg.eigh(np.cov(scaled.T, bias=True))
    code = """
    const ring = new points.Points(500, 4);
    ring.add(Float32Array.from(given.flat()), new Int32Array(500), 500);
    const found = axes.components(ring);
    return [found.axes.map((axis) => [...axis]), found.shares]"""
    found, shares = run(page, code, rows.tolist())
    for place in (0, 1):
        assert abs(np.dot(found[place], vectors[:, -1 - place])) == pytest.approx(1, abs=1e-3)
        assert shares[place] == pytest.approx(values[-1 - place] / values.sum(), abs=1e-3)


@pytest.mark.parametrize(
    ("low", "high", "about", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (-0.3, 0.31, 6, [-0.2, 0, 0.2]),
        (1e6, 1.5e6, 5, [1e6, 1.1e6, 1.2e6, 1.3e6, 1.4e6, 1.5e6]),
        (5, 5, 5, []),
        (0, float("inf"), 5, []),
    ],
)
def test_ticks_are_round_numbers_within(
    page: Page, low: float, high: float, about: float, expected: list[float]
) -> None:
    assert run(page, "return axes.ticks(...given)", [low, high, about]) == expected


def test_numbers_are_written_with_a_real_minus(page: Page) -> None:
    wanted = {
        "-1234.5": f"{MINUS}1,235",
        "0": "0",
        "0.00001": f"1e{MINUS}5",
        "25000000": "2.5e7",
        "3.14159": "3.142",
    }
    written = run(page, "return given.map((one) => axes.written(Number(one)))", list(wanted))
    assert written == [*wanted.values()]


def test_square_root_axes_go_there_and_back(page: Page) -> None:
    code = """
    const frame = new axes.Frame([-4, 100, 0, 9], { left: 10, top: 5, width: 240, height: 60 }, true);
    return [frame.x(-4), frame.x(0), frame.x(100), frame.dataX(frame.x(25)), frame.dataY(frame.y(4))]"""
    assert run(page, code) == pytest.approx([10, 50, 250, 25, 4])


def test_bubbles_are_pushed_apart_and_keep_their_true_places(page: Page) -> None:
    code = """
    const inner = { left: 0, top: 0, width: 600, height: 400 };
    const one = (_, at) => ({ x: 300 + at % 3, y: 200, cluster: { rows: 1 + at * at } });
    const placed = Array.from({ length: 20 }, one), found = centres.bubbles(placed, inner);
    const over = (one, two) => one.r + two.r - Math.hypot(one.x - two.x, one.y - two.y);
    const overlaps = found.flatMap((one, at) => found.slice(at + 1).map((two) => over(one, two)));
    const inside = (one) => one.x - one.r >= -1e-9 && one.x + one.r <= 600.0001;
    const big = found.at(-1), half = found.find((one) => one.cluster.rows === 101);
    return [Math.max(...overlaps) < 1, found.every(inside),
      found.every((one, at) => one.x0 === placed[at].x), (big.r / half.r) ** 2 / (big.cluster.rows / 101)]"""
    apart, inside, true_places, area = run(page, code)
    assert (apart, inside, true_places) == (True, True, True)
    assert area == pytest.approx(1)


def test_centres_glide_and_leave_a_trail_unless_motion_is_not_wanted(page: Page) -> None:
    code = """
    const one = new centres.Centres(given), at = (now) => one.at(one.known.get(5), now)[0];
    const step = (turn) => ({ id: 5, slot: 1, rows: 1, centre: [turn * 10], row: turn });
    for (let turn = 0; turn < 40; turn++) one.update([step(turn)], turn * 500);
    const end = 39 * 500;
    return [at(end), at(end + 100), at(end + 200), one.known.get(5).trail.length, one.moving(end + 50)]"""
    assert run(page, code, False) == [380, 385, 390, 20, True]
    assert run(page, code, True) == [390, 390, 390, 1, False]


def test_metrics_keep_the_least_and_the_most_of_every_step(page: Page) -> None:
    code = """
    const one = new metrics.Metric();
    for (let at = 0; at < 7200; at++) one.add(at * 1000, at === 5000 ? 999 : at === 5001 ? -999 : 1);
    one.add(7200000, NaN);
    const seen = one.tracks.get(3600).seen(7200000), of = (at) => seen.map((step) => step[at]);
    return [seen.length, Math.min(...of(1)), Math.max(...of(2)), one.last]"""
    assert run(page, code) == [599, -999, 999, 1]


def test_range_lets_in_what_is_new_at_once_and_gives_up_what_is_empty_slowly(page: Page) -> None:
    grown = run(page, "return axes.eased([0, 10, 0, 10], [0, 20, 2, 8])")
    assert grown[1] > 20
    assert 0 < grown[2] < 2 and 8 < grown[3] < 10
