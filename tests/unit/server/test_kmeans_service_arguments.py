from __future__ import annotations

import pytest

from shoal.base.errors import InvalidInput
from shoal.base.settings import Settings
from shoal.server.faces import JSON_LIMIT, Faces
from shoal.server.kmeans_service.arguments import Arguments, whole
from shoal.server.kmeans_service.axes import default_axes
from shoal.server.kmeans_service.rerunning import task_ids
from shoal.server.kmeans_service.roster import kmeans_service_faces


@pytest.mark.parametrize(
    ("used", "numbers", "axes"),
    [
        (["a", "b", "c"], ["a", "b", "c"], ("a", "b")),
        (["Longitude", " latitude ", "b", "c"], ["Longitude", " latitude ", "b", "c"], ("b", "c")),
        (["longitude", "latitude", "b"], ["longitude", "latitude", "b"], ("longitude", "latitude")),
        (["b"], ["longitude", "latitude", "b"], ("b", "longitude")),
        (["b"], ["b"], ("b", "")),
        ([], [], ("", "")),
    ],
)
def test_axes_are_two_columns_that_are_no_places_if_there_are_two(
    used: list[str], numbers: list[str], axes: tuple[str, str]
) -> None:
    assert default_axes(used, numbers) == axes


def test_of_a_repeated_argument_the_first_counts() -> None:
    given = Arguments({"k": [" 3 ", "4"], "yes": ["True"], "none": [""]})
    assert given.number("k", 1, 5) == 3
    assert given.flag("yes") and not given.flag("absent") and given.flag("none", default=True)
    assert given.number("none", 1, 5) is None
    with pytest.raises(InvalidInput, match="k is '3'; it can be 4 to 5"):
        given.number("k", 4, 5)
    with pytest.raises(InvalidInput, match="True or False"):
        given.flag("k")


@pytest.mark.parametrize("text", ["", "x", "1.5", "--1", "٣", "1_0", "9" * 5000, "+1"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="k is"):
        whole("k", text, 0, 10**12)


def test_tasks_are_named_in_lists_and_one_by_one() -> None:
    assert task_ids(["3,4, 3", "", "1,"]) == [1, 3, 4]


def test_a_submitted_file_may_be_as_large_as_any_other() -> None:
    settings = Settings()
    registry = Faces(kmeans_service_faces(settings))
    for path in ("/submit", "/submit/"):
        assert registry.limit_of("POST", path) >= settings.limits.upload
    assert registry.limit_of("POST", "/rerun/") == JSON_LIMIT
