"""How pages write numbers and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from shoal.base import clock
from shoal.server.pages.job_words import kind_words, waits_words
from shoal.storage.words import sized
from shoal.studies.wording import MINUS, counted, duration, measured, mode, percent, printable, scored, size

STEPS = ((60, "s", 1), (3600, "min", 60), (86_400, "h", 3600), (float("inf"), "d", 86_400))


def ago(microseconds: int) -> Markup:
    """Return `3 min ago` as a time element with the full stamp."""
    seconds = (clock.now() - microseconds) / clock.SECOND
    words = "now" if seconds < 2 else f"{since(seconds)} ago"
    stamp, full = clock.isoformat(microseconds), clock.to_datetime(microseconds)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        stamp, full.strftime("%Y-%m-%d %H:%M:%S UTC"), words
    )


def since(seconds: float) -> str:
    """Return how long something has lasted, in whole units: `3 min`, `2 h`."""
    unit, step = next((unit, step) for below, unit, step in STEPS if seconds < below)
    return f"{int(seconds // step)} {unit}"


def stamp(microseconds: int) -> str:
    """Return the time of day, as a log has it."""
    return clock.to_datetime(microseconds).strftime("%H:%M:%S")


def utc(microseconds: int) -> str:
    """Return a time to the minute: `2030-01-31 06:30 UTC`."""
    return clock.to_datetime(microseconds).strftime("%Y-%m-%d %H:%M UTC")


def spent(seconds: float) -> str:
    """Return a short time as tables have it: `4 ms`, `0.4 s`."""
    return f"{max(1, round(seconds * 1000)):,} ms" if seconds < 0.0995 else duration(seconds)


def price(amount: float) -> str:
    """Return what something costs an hour: `0.12`; as the command line writes it."""
    return f"{amount:.4f}".rstrip("0").rstrip(".")


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "since": since,
    "iso": clock.isoformat,
    "counted": counted,
    "duration": duration,
    "spent": spent,
    "stamp": stamp,
    "utc": utc,
    "kind_words": kind_words,
    "waits_words": waits_words,
    "measured": measured,
    "percent": percent,
    "shape": mode,
    "bytes": size,
    "filesize": sized,
    "price": price,
    "printable": printable,
    "score": lambda value: scored(value, MINUS, ","),
    "number": lambda value: f"{value:,}".replace("-", MINUS),
}
