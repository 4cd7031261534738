"""Numbers as people and programs write them: `39.1`, `39,1`, `1,234.5`, `45%`, `1e-3`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from shoal.storage.arrow_values import null, strings

Decimal = Literal[".", ","]
_SIGNS = ("", "?", "-", "-nan", "+nan")
_WORDS = ("na", "n/a", "nan", "null", "none", "#n/a")
MISSING = (*_SIGNS, *_WORDS)
MISSING_VALUES = strings(MISSING)
# As programs spell them; other spellings are met when a column is read more slowly.
MISSING_SPELT = (
    *_SIGNS,
    "NaN",
    "-NaN",
    *(spelt(w) for w in _WORDS for spelt in (str, str.upper, str.capitalize)),
)

INTEGER = r"^[+-]?\d+$"
_EXPONENT = r"([eE][+-]?\d+)?$"
_ENDLESS = r"^[+-]?[iI]nf(inity)?$"
_PLAIN: dict[Decimal, str] = {
    ".": r"^[+-]?(\d+\.?\d*|\.\d+)" + _EXPONENT,
    ",": r"^[+-]?(\d+,?\d*|,\d+)" + _EXPONENT,
}
_SPACES = "'\u2019 \u00a0\u202f"
_GROUPED: dict[Decimal, str] = {
    ".": rf"^[+-]?\d{{1,3}}([,{_SPACES}]\d{{3}})+(\.\d*)?$",
    ",": rf"^[+-]?\d{{1,3}}([.{_SPACES}]\d{{3}})+(,\d*)?$",
}
_SEPARATORS: dict[Decimal, str] = {".": f"[,{_SPACES}]", ",": f"[.{_SPACES}]"}

# A cell of these letters alone cannot be a formula that does harm.
HARMLESS = rf"^\s*[+-]?[\d.,{_SPACES}]*\d[\d.,{_SPACES}]*([eE][+-]?\d+)?\s*%?\s*$|{_ENDLESS}"
_NUMERAL = re.compile(f"{_PLAIN['.']}|{_PLAIN[',']}|{_GROUPED['.']}|{_GROUPED[',']}", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+,(\d{1,2}|\d{4,})|0,\d+|\d{4,},\d+|,\d+|\d{1,3}(\.\d{3})+,\d+)", re.ASCII)
_POINT = re.compile(r"[+-]?(\d+\.(\d{1,2}|\d{4,})|0\.\d+|\d{4,}\.\d+|\.\d+|\d{1,3}(,\d{3})+\.\d+)", re.ASCII)
_EITHER = re.compile(r"[+-]?\d{1,3},\d{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Numerals:
    """Hold cells as float64 (null where missing or no number) and how they were written.

    `bad` marks the cells that are there and are no number.
    """

    values: Any
    bad: Any
    grouped: int
    percent: int


def is_numeral(cell: str) -> bool:
    """Say whether a cell is a number, in any way of writing."""
    return _NUMERAL.match(cell.strip().removesuffix("%")) is not None


def is_missing(cell: str) -> bool:
    """Say whether a cell stands for no value."""
    return cell.strip().lower() in MISSING


def decimal_mark(cells: list[str], delimiter: str) -> Decimal:
    """Return the decimal mark of a file from some of its cells.

    A comma when some cells can only be read with a decimal comma and none only with a point. Where every
    comma could also group thousands (`1,234`), it is a decimal comma in files separated by semicolons.
    """
    trimmed = [cell.strip() for cell in cells]
    if any(_POINT.fullmatch(cell) for cell in trimmed):
        return "."
    if any(_COMMA.fullmatch(cell) for cell in trimmed):
        return ","
    return "," if delimiter == ";" and any(_EITHER.fullmatch(cell) for cell in trimmed) else "."


def parse_numerals(cells: Any, decimal: Decimal) -> Numerals:
    """Read an array of strings as numbers, however they are written."""
    text = pc.replace_substring(pc.utf8_trim_whitespace(cells), "\u2212", "-")
    text = pc.if_else(pc.is_in(pc.utf8_lower(text), MISSING_VALUES), null(pa.string()), text)
    percent = pc.ends_with(text, "%")
    body = pc.replace_substring_regex(text, r"\s*%$", "")
    grouped = pc.match_substring_regex(body, _GROUPED[decimal])
    good = pc.or_(grouped, pc.match_substring_regex(body, f"{_PLAIN[decimal]}|{_ENDLESS}"))
    flat = pc.if_else(grouped, pc.replace_substring_regex(body, _SEPARATORS[decimal], ""), body)
    if decimal == ",":
        flat = pc.replace_substring(flat, ",", ".")
    values = pc.if_else(good, flat, null(pa.string())).cast(pa.float64())
    bad = pc.and_kleene(pc.is_valid(good), pc.invert(good))
    return Numerals(values, bad, _count(grouped), _count(pc.and_(percent, good)))


def _count(mask: Any) -> int:
    return pc.sum(mask).as_py() or 0
