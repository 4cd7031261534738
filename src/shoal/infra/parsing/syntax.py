"""What it means, and what to write instead, when a text is not YAML."""

from __future__ import annotations

import yaml

from shoal.infra.faults import Fault

# What both of the parser's makes say, and our words for it; the first that is contained counts.
_MEANINGS = (
    (
        "cannot start any token",
        "This cannot stand at the beginning of a value.",
        "Put the value into quotes.",
    ),
    (
        "mapping values are not allowed",
        "There is a `:` where no name can stand.",
        "Check the indentation of this line; put text that holds `: ` into quotes.",
    ),
    (
        "unexpected end of stream",
        "A quote is not closed.",
        "Close it, or write longer texts after a `|`, indented.",
    ),
    ("while scanning a quoted scalar", "A quote is not closed.", "Close it on the line where the text ends."),
    (
        "could not find expected ':'",
        "A name has no `:` behind it.",
        "Write `name: value`, with a blank after the colon.",
    ),
    ("alias", "This is not the name of an alias.", "Put text that begins with `*` or `&` into quotes."),
    ("anchor", "This is not the name of an anchor.", "Put text that begins with `*` or `&` into quotes."),
    ("undefined tag handle", "This tag is not known here.", "There are: !yaml_import, !text_import."),
    ("tag", "This is not a tag.", "Put text that begins with `!` into quotes."),
    ("',' or ']'", "A list in brackets is not closed.", "Write `[a, b]`."),
    (
        "',' or '}'",
        "A mapping in braces is not closed.",
        'Write `{a: b}`; put a template into quotes: "{{ ... }}".',
    ),
    ("incompatible YAML", "This version of YAML is not read here.", "Remove the line `%YAML`."),
    ("directive", "This is no directive of YAML.", "Put text that begins with `%` into quotes."),
    ("escape", "This escape is not known.", "Write `\\\\` for a backslash, or use single quotes."),
)
_INDENT = (
    "This line does not stand where the lines around it do.",
    "Indent what belongs together alike: what is part of `name:` stands deeper than it.",
)
_TAB = ("A tab indents this line.", "YAML is indented by blanks: replace the tab.")


def syntax_fault(error: Exception, text: str, file: str) -> Fault:
    """Return the fault that a parser's error stands for."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _unreadable(error, text, file)
    message, advice = _meaning(f"{error.context} {error.problem}")
    # What is not closed is looked for where it was opened.
    marks = (error.context_mark, error.problem_mark)
    mark = next(filter(None, marks if "not closed" in message else reversed(marks)))
    lines = text.splitlines()
    line = min(mark.line + 1, max(len(lines), 1))
    here = lines[line - 1] if lines else ""
    if "\t" in here[: len(here) - len(here.lstrip())]:
        message, advice = _TAB
    return Fault(message, advice, file=file, line=line)


def _meaning(told: str) -> tuple[str, str]:
    return next(((message, advice) for part, message, advice in _MEANINGS if part in told), _INDENT)


def _unreadable(error: Exception, text: str, file: str) -> Fault:
    position = error.start if isinstance(error, UnicodeEncodeError) else getattr(error, "position", 0)
    line = text.count("\n", 0, position) + 1
    return Fault(
        "There is a character that YAML does not allow.", "Remove control characters.", file=file, line=line
    )
