"""What machines cost an hour, roughly: to tell a large bill from a small one before there is one.

On-demand prices of Linux machines in us-east-1 in US dollars, as published in 2025. Other regions differ,
some by a fifth and more; volumes and traffic come on top. `price:` in the section says it better.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Of the smallest size of a family, and which that is; each next size costs twice as much.
_FAMILIES: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "t2": ("nano", 0.0058),
        "t3": ("nano", 0.0052),
        "t3a": ("nano", 0.0047),
        "t4g": ("nano", 0.0042),
        "m5": ("large", 0.096),
        "m5a": ("large", 0.086),
        "m6a": ("large", 0.0864),
        "m6g": ("medium", 0.0385),
        "m6i": ("large", 0.096),
        "m7g": ("medium", 0.0408),
        "m7i": ("large", 0.1008),
        "c5": ("large", 0.085),
        "c5a": ("large", 0.077),
        "c6a": ("large", 0.0765),
        "c6g": ("medium", 0.034),
        "c6i": ("large", 0.085),
        "c7g": ("medium", 0.0363),
        "c7i": ("large", 0.08925),
        "r5": ("large", 0.126),
        "r6g": ("medium", 0.0504),
        "r6i": ("large", 0.126),
        "r7i": ("large", 0.1323),
    }
)
# Of a `small`, whose size is 1: a `large` is four times that, an `xlarge` eight.
_SIZES: Mapping[str, float] = MappingProxyType(
    {"nano": 0.25, "micro": 0.5, "small": 1, "medium": 2, "large": 4, "xlarge": 8}
)


def price(instance_type: str) -> float | None:
    """Return about what a type of machine costs an hour, None when that is not known here."""
    family, _, size = instance_type.partition(".")
    if family not in _FAMILIES or (units := _units(size)) is None:
        return None
    smallest, cost = _FAMILIES[family]
    return round(cost * units / _SIZES[smallest], 4)


def _units(size: str) -> float | None:
    """Return how large a size is: `2xlarge` is two of `xlarge`."""
    times = size.removesuffix("xlarge")
    if size.endswith("xlarge") and times.isdecimal():
        return int(times) * _SIZES["xlarge"]
    return _SIZES.get(size)
