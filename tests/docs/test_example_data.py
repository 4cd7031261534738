"""The shipped example is the published data, whole and with its gaps."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins.csv"
MEASURES = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")


def read_penguins() -> list[dict[str, str]]:
    with PENGUINS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_those_of_the_collection_without_the_year() -> None:
    assert list(read_penguins()[0]) == ["species", "island", *MEASURES, "sex"]


def test_every_bird_of_every_species_is_there() -> None:
    birds = read_penguins()
    assert Counter(bird["species"] for bird in birds) == {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}
    assert Counter(bird["island"] for bird in birds) == {"Biscoe": 168, "Dream": 124, "Torgersen": 52}


def test_missing_values_are_kept() -> None:
    birds = read_penguins()
    assert sum(all(bird[name] == "NA" for name in MEASURES) for bird in birds) == 2
    assert sum(any(bird[name] == "NA" for name in MEASURES) for bird in birds) == 2
    assert Counter(bird["sex"] for bird in birds) == {"male": 168, "female": 165, "NA": 11}


def test_the_means_are_the_published_ones() -> None:
    birds = [bird for bird in read_penguins() if bird["body_mass_g"] != "NA"]
    means = [sum(float(bird[name]) for bird in birds) / len(birds) for name in MEASURES]
    assert [round(mean, 4) for mean in means] == [43.9219, 17.1512, 200.9152, 4201.7544]
