"""What a plain YAML word stands for: a number, a truth value, nothing, or the text that it is.

A number counts as one only when it is written as it reads back: `1.20` is a version, `0644` a file mode,
`12:30` a time and `2026-01-01` a day, and all of them stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Scalar = str | int | float | bool | None

_WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    **{form: None for form in ("null", "Null", "NULL")},
    **{form: True for form in ("true", "True", "TRUE")},
    **{form: False for form in ("false", "False", "FALSE")},
}
# YAML 1.1 has more words for truth values. cloud-init reads its files that way.
TRUTH: Mapping[str, bool] = {
    **{form: True for word in ("yes", "on") for form in (word, word.title(), word.upper())},
    **{form: False for word in ("no", "off") for form in (word, word.title(), word.upper())},
}
_WHOLE = re.compile(r"-?[1-9][0-9]{0,17}|0", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}", re.ASCII)


def scalar(text: str, *, older: bool) -> Scalar:
    """Return what a word without quotes stands for; `older` knows YAML 1.1's yes and no."""
    if text in _WORDS:
        return _WORDS[text]
    if older and text in TRUTH:
        return TRUTH[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text
