"""Commands: `bootcmd`, `runcmd`, and whole scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.infra.contexts.sheet import Sheet, shortened
from shoal.infra.contexts.shell import fed, quoted, words


def commands(key: str, config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add a step that runs all commands of a key in one shell, as cloud-init does.

    So one command sees the folder and the variables that those before it have set.
    """
    given = sheet.items(config.get(key), f"/{key}")
    lines = [_command(each, f"/{key}/{number}", sheet) for number, each in enumerate(given)]
    script = "".join(_told(line, f"{key} {number}/{len(lines)}") for number, line in enumerate(lines, 1))
    if lines:
        sheet.step(f"{key} ({len(lines)})", fed(f"keep {key}", script) + f"commands {key}\n")


def scripts(given: Mapping[str, str], sheet: Sheet) -> None:
    """Add a step for each whole script, which names its own interpreter in its first line."""
    for name, text in given.items():
        sheet.step(f"script {name}", fed(f"keep {quoted(name)}", text) + f"program {quoted(name)}\n")


def _command(given: Any, pointer: str, sheet: Sheet) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, list | tuple) and given and all(_is_word(word) for word in given):
        return words(given)
    advice = "write one text, or a list of words; put what YAML could misread into quotes"
    sheet.wrong(pointer, "a command must be a text or a list of texts", advice)
    return ""


def _is_word(word: Any) -> bool:
    return isinstance(word, str | int | float) and not isinstance(word, bool)


def _told(line: str, name: str) -> str:
    label = quoted(shortened(f"{name}: {line}"))
    return f"begins {label}\n{line}\nended {label} $?\n"
