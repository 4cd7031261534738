from __future__ import annotations

import io
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pytest

from shoal.base.errors import NotFound
from shoal.studies.figures.album import album
from shoal.studies.figures.catalogue import CATALOGUE, NAMES
from shoal.studies.figures.drawn import DESCRIBED, data_of, describe
from shoal.studies.figures.exporting import as_csv, whole
from shoal.studies.figures.material import Material
from shoal.studies.figures.rendering import Renderer
from shoal.studies.figures.request import FigureRequest
from shoal.studies.figures.theme import THEMES
from tests.unit.studies.figures import materials

MADE: dict[str, Callable[[], Material]] = {
    name: getattr(materials, name) for name in ("hostile", "placed", "many", "single", "empty")
}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as opened:
        yield opened


@cache
def specs(material: Material) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name in NAMES:
        if name != "fit" and (figure := DESCRIBED[name](material, FigureRequest(name))) is not None:
            found.append((name, whole(figure, data_of(material, set(figure.data)), "light")))
    return found


@pytest.mark.parametrize("made", MADE)
def test_every_figure_obeys_the_schema_and_is_drawn(made: str, renderer: Renderer) -> None:
    drawn = set()
    for name, spec in specs(MADE[made]()):
        alt.Chart.from_dict(spec | {"datasets": {}}, validate=True)
        picture = renderer.draw(spec, "svg").decode()
        assert picture.startswith("<svg"), name
        assert "NaN" not in picture, name
        assert "undefined" not in picture, name
        drawn.add(name)
    assert {"scores", "wins", "counts"} <= drawn


def test_a_study_has_the_figures_that_its_data_allow() -> None:
    everything = set(NAMES) - {"fit"}
    assert {name for name, _ in specs(materials.hostile())} == everything - {"places"}
    assert {name for name, _ in specs(materials.placed())} == everything
    assert {name for name, _ in specs(materials.single())} == everything - {
        "components",
        "places",
        "correlation",
    }


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text in a description with the key it stands under."""
    pairs = value.items() if isinstance(value, dict) else (("", one) for one in value)
    for key, one in pairs:
        if isinstance(one, str):
            yield key, one
        elif isinstance(one, dict | list):
            yield from texts(one) if isinstance(one, dict) else texts({f"{key}": part for part in one[:1]})
            if isinstance(one, list):
                for part in one:
                    yield from texts({key: part})


def test_names_are_titles_and_values_and_never_fields() -> None:
    safe = re.compile(r"[a-z][a-z_]*\d?|c\d+")
    for name, spec in specs(materials.hostile()):
        described = {key: value for key, value in spec.items() if key not in ("datasets", "config")}
        for key, text in texts(described):
            if key in ("field", "as", "groupby", "x2", "y2"):
                assert safe.fullmatch(text), (name, text)
            if key in ("calculate", "filter", "test", "expr"):
                assert not any(hostile in text for hostile in materials.HOSTILE[:4]), (name, text)
        for rows in spec["datasets"].values():
            assert all(safe.fullmatch(field) for row in rows[:1] for field in row), name


def test_hostile_names_are_shown_as_they_are(renderer: Renderer) -> None:
    wish = FigureRequest("cluster", x=materials.HOSTILE[3], y=materials.HOSTILE[0])
    figure = describe(materials.hostile(), wish)
    spec = whole(figure, data_of(materials.hostile(), set(figure.data)), "light")
    picture = renderer.draw(spec, "svg").decode()
    assert "&lt;a href=" in picture
    assert "<a " not in picture
    assert ">a.b</text>" in picture


def test_only_the_theme_names_colours() -> None:
    hexadecimal = re.compile(r"#[0-9A-Fa-f]{3,8}\b")
    for made in MADE.values():
        for name, spec in specs(made()):
            described = {key: value for key, value in spec.items() if key not in ("datasets", "config")}
            assert not hexadecimal.search(json.dumps(described)), name


def test_a_dark_picture_differs_from_a_light_one_only_in_its_config() -> None:
    material = materials.placed()
    figure = describe(material, FigureRequest("cluster"))
    data = data_of(material, set(figure.data))
    light, dark = (whole(figure, data, theme) for theme in THEMES)
    assert light["config"] != dark["config"]
    assert light | {"config": 0} == dark | {"config": 0}


def test_scores_say_the_good_direction_and_axes_have_titles() -> None:
    for name, spec in specs(materials.placed()):
        titles = set(re.findall(r'"title": "([^"]+)"', json.dumps(spec)))
        if name == "scores":
            assert {"BIC, higher is better", "Number of clusters"} <= titles
        if name in ("clusters", "cluster"):
            assert {"x", "y"} <= titles
    both = describe(materials.placed(), FigureRequest("scores", criterion="both"))
    assert "BIC and AIC (dashed)" in json.dumps(both.spec)


def test_markers_differ_from_four_clusters_on_and_are_open_after_twelve(renderer: Renderer) -> None:
    few = json.dumps(describe(materials.hostile(), FigureRequest("cluster")).spec)
    assert '"shape"' not in few
    material = materials.many()
    assert material.best is not None
    assert material.best["k"] > 12
    spec = json.dumps(describe(material, FigureRequest("cluster")).spec)
    assert '"shape"' in spec
    assert "datum.m0 <= 12" in spec
    told = describe(material, FigureRequest("cluster")).caption
    assert told == "More than 12 clusters: numbers tell them apart."
    assert '"transparent"' in spec


def test_a_single_column_is_spread_out_and_this_is_said() -> None:
    figure = describe(materials.single(), FigureRequest("cluster"))
    assert figure.axes == {"x": "c0", "y": "j"}
    assert "(spread out by chance)" in json.dumps(figure.spec)


def test_a_figure_that_cannot_be_says_why() -> None:
    with pytest.raises(NotFound, match="longitude and latitude"):
        describe(materials.hostile(), FigureRequest("places"))
    with pytest.raises(NotFound, match="No fit is recommended"):
        describe(materials.empty(), FigureRequest("profiles"))


def test_a_study_of_an_earlier_version_has_the_figures_it_knows() -> None:
    found = materials.placed()
    summary: Any = {
        name: value
        for name, value in found.summary.items()
        if name not in ("quality", "correlation", "distributions", "components")
    }
    older = Material(
        found.name, found.plan, summary, found.table, found.rows, found.labels, found.certainty, found.numbers
    )
    left = set(NAMES) - {"fit"} - {name for name, _ in specs(older)}
    assert left == {"components", "distributions", "correlation"}
    with pytest.raises(NotFound, match="earlier version"):
        describe(older, FigureRequest("components"))


def png_size_and_colours(content: bytes) -> tuple[int, int, int]:
    """Return width, height and the number of different rows of bytes of an 8-bit PNG, decoded here."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    file, packed, size = io.BytesIO(content[8:]), b"", (0, 0)
    while head := file.read(8):
        length, kind = struct.unpack(">I4s", head)
        body = file.read(length)
        file.read(4)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        packed += body if kind == b"IDAT" else b""
    lines = zlib.decompress(packed)
    stride = len(lines) // size[1]
    return *size, len({lines[at : at + stride] for at in range(0, len(lines), stride)})


@pytest.mark.parametrize("name", ["scores", "clusters", "correlation"])
def test_pictures_are_real(name: str, renderer: Renderer) -> None:
    material = materials.placed()
    figure = describe(material, FigureRequest(name))
    spec = whole(figure, data_of(material, set(figure.data)), "light")
    width, height, lines = png_size_and_colours(renderer.draw(spec, "png", 1.0))
    double = png_size_and_colours(renderer.draw(spec, "png", 2.0))
    assert width > 300
    assert height > 200
    assert lines > 50
    assert abs(double[0] - 2 * width) <= 2
    assert renderer.draw(spec, "pdf").startswith(b"%PDF-")


def test_tables_are_harmless_in_a_spreadsheet() -> None:
    values = materials.rows(60)
    figure = describe(
        materials.material({"=1+1": values[:, 0], "y": values[:, 1]}), FigureRequest("profiles")
    )
    lines = as_csv(figure).decode().splitlines()
    assert lines[0] == "cluster,rows,column,mean,sd,gap"
    assert lines[1].split(",")[2] == "'=1+1"


def test_an_album_has_every_figure_with_a_static_picture_and_a_table(renderer: Renderer) -> None:
    material = materials.placed()
    found = json.loads(album(material, renderer))
    assert [figure["name"] for figure in found["figures"]] == [name for name, _ in specs(material)]
    for figure in found["figures"]:
        assert figure["heading"] == CATALOGUE[figure["name"]].heading
        assert figure["sentence"]
        assert figure["svg"].startswith("<svg") or figure["name"] == "counts"
        assert all(len(row) == len(figure["table"]["columns"]) for row in figure["table"]["rows"])
        named = set(re.findall(r'"data": \{"name": "(\w+)"\}', json.dumps(figure["spec"])))
        assert named <= set(found["data"])
    assert len({len(column) for column in found["data"]["rows"].values()}) == 1
    assert found["columns"][:2] == [
        {"field": "c0", "name": "x", "used": True},
        {"field": "c1", "name": "y", "used": True},
    ]
    assert sum(mode["best"] for mode in found["modes"]) == 1
    assert (found["rows"], found["drawn"], found["sampled"]) == (135, 135, "")


def test_an_album_of_a_study_without_a_recommendation_still_has_its_scores(renderer: Renderer) -> None:
    found = json.loads(album(materials.empty(), renderer))
    assert [figure["name"] for figure in found["figures"]] == ["scores", "wins", "counts", "correlation"]
    assert found["modes"] == []


def test_drawn_values_are_those_of_the_file() -> None:
    material = materials.placed()
    data = data_of(material, {"rows"})["rows"]
    table = np.asarray(material.table.column("x"))
    for row, value in zip(data["row"], data["c0"], strict=True):
        assert abs(table[row - 1] - value) < 1e-3


def test_a_renderer_whose_child_ends_says_so() -> None:
    from shoal.base.errors import Unavailable

    with Renderer() as renderer:
        with pytest.raises(Unavailable, match="could not be drawn"):
            renderer.draw({"mark": "nothing of this name"}, "svg")
        renderer.draw({"mark": "point", "data": {"values": [{"a": 1}]}}, "svg")
    with pytest.raises(Unavailable, match="its program ended"):
        renderer.draw({}, "svg")
