"""Numbers and names as words, the same on every face."""

from __future__ import annotations

from collections.abc import Sequence

_SHAPES = {"full": "Full", "diag": "Diagonal", "spher": "Spherical"}
MINUS = "\N{MINUS SIGN}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 row`, `1,204 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def shape(covariance: str) -> str:
    """Return the shape of a covariance mode: `Diagonal` for `diag-tied`."""
    return _SHAPES[covariance.partition("-")[0]]


def mode(covariance: str) -> str:
    """Return a covariance mode in words: `diagonal tied`."""
    return f"{shape(covariance).lower()} {covariance.partition('-')[2]}"


def percent(share: float) -> str:
    """Return a share of the whole in percent, `<1%` where rounding would say 0."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def duration(seconds: float) -> str:
    """Return a duration: `0.4 s`, `14 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{max(seconds, 0.1):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def remaining(seconds: float) -> str:
    """Return a rounded time to go: `<5 s`, steps of 10 s, then minutes."""
    if seconds < 5:
        return "<5 s"
    if seconds < 60:
        return f"about {max(10, round(seconds / 10) * 10)} s"
    return f"about {max(1, round(seconds / 60))} min"


def size(count: float) -> str:
    """Return a number of bytes: `90 MB`, `1.5 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


def signed(value: float, minus: str = "-") -> str:
    """Return a value with one decimal and always a sign: `+1.1`."""
    return f"{value:+.1f}".replace("-", minus)


def scored(value: float, minus: str = "-", comma: str = "") -> str:
    """Return a score with one decimal."""
    return f"{value:{comma}.1f}".replace("-", minus)


def printable(text: str) -> str:
    """Return text with control characters shown as `?`: names come from files, and a terminal obeys them."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def measured(value: float, minus: str = MINUS) -> str:
    """Return a measurement with about four digits: `4,202`, `43.92`, `0.01234`."""
    size = abs(value)
    if not size or 0.001 <= size < 1e7:
        places = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 4
        return f"{value:,.{places}f}".replace("-", minus)
    return f"{value:.3g}".replace("-", minus)
