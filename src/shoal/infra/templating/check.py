"""What is wrong with templates, found by reading them: nothing is filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

from jinja2 import meta, nodes
from jinja2.exceptions import TemplateSyntaxError

from shoal.infra.faults import MOST
from shoal.infra.secrets import KINDS
from shoal.infra.templating.chains import Chain, chains, dashed, guarded, shown
from shoal.infra.templating.environment import FUNCTIONS, Language
from shoal.infra.templating.explaining import RAW, explained, instead_of, near, sentence
from shoal.infra.templating.facts import CONSTANTS
from shoal.infra.templating.leaves import Path, is_template, leaves

_TAGS = 20000
_OF_NODES = ("getip", "getprivip", "getipall", "find_node_id")
_FUNCTIONS = frozenset({*FUNCTIONS, "ibget"})
_OTHERS = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
# What a mapping can do in a template without having such a key.
_METHODS = frozenset({"items", "keys", "values", "get"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What the templates of a node may use.

    Args:
        node: the node's name.
        variables: those of the infrastructure with the node's over them.
        nodes: the names of all nodes.
        before: those that are ready when this one is made: what it depends on, directly or not; None: any.
        keys: further names; a mapping's keys are checked, anything else may be whatever it is.
        commands: whether `cmd` may be used.
    """

    node: str
    variables: Mapping[str, Any]
    nodes: AbstractSet[str] = frozenset()
    before: AbstractSet[str] | None = None
    keys: Mapping[str, Any] | None = None
    commands: bool = True

    def names(self) -> dict[str, Any]:
        """Return every name with its value, None where that is not known."""
        bare: dict[str, Any] = dict.fromkeys([*self.nodes, *CONSTANTS, "type"])
        below: dict[str, Any] = dict.fromkeys(["scaling", "filter", "resource", "health_check"])
        return {**bare, **below, **(self.keys or {}), "variables": self.variables}


class Wrong(NamedTuple):
    """A fault of one text: `path` leads to it in the tree, `line` is the line of the text, from 1."""

    path: Path
    line: int
    message: str
    advice: str


def wrong_in(value: Any, scope: Scope) -> list[Wrong]:
    """Return what is wrong with the templates of a JSON tree.

    A name that is tested with `is defined`, or has a `default`, need not be there.
    """
    language, names = Language(), scope.names()
    found: list[Wrong] = []
    tags = 0
    for path, text in leaves(value):
        tags += text.count("{{") + text.count("{%")
        if tags > _TAGS:
            message = f"There are more than {_TAGS} expressions in these templates."
            return [Wrong(path, 1, message, "Use loops, or fewer texts.")]
        if is_template(text) and len(found) < MOST:
            for line, message, advice in _faults(language, text, scope, names):
                found.append(Wrong(path, line, sentence(message), sentence(advice)))
    return found[:MOST]


Said = tuple[int, str, str]


def _faults(language: Language, text: str, scope: Scope, names: dict[str, Any]) -> list[Said]:
    try:
        return _read(language, text, scope, names)
    except TemplateSyntaxError as error:
        said = explained(error, text, names)
        return [(error.lineno, said["message"], said["advice"])]
    except RecursionError:
        return [(1, "it is nested too deeply", "make the template simpler")]


def _read(language: Language, text: str, scope: Scope, names: dict[str, Any]) -> list[Said]:
    tree = language.parse(text)
    undeclared = _undeclared(language, tree)
    return [
        *_swallowed(language, text),
        *_names(tree, undeclared, names),
        *(fault for call in tree.find_all(nodes.Call) for fault in _call(call, scope)),
        *_others(tree),
    ]


def _undeclared(language: Language, tree: nodes.Template) -> set[str]:
    """Return the names that a template does not define itself, without working anything out.

    As `jinja2.meta.find_undeclared_variables`, which computes constant expressions on the way.
    """
    generator = meta.TrackingCodeGenerator(language)
    generator.optimizer = None
    generator.visit(tree)
    return generator.undeclared_identifiers


def _others(tree: nodes.Template) -> Iterator[Said]:
    for each in tree.find_all(_OTHERS):
        yield each.lineno, "a template cannot take in another one", "use !text_import"


def _swallowed(language: Language, text: str) -> Iterator[Said]:
    """Yield what a shell's `${#name}` does: it begins a comment, which ends who knows where."""
    before = ""
    for line, kind, value in language.lex(text):
        if kind == "comment_begin" and before.endswith("$"):
            yield line, "`${#` begins a comment of the template", RAW
        before = value


def _names(tree: nodes.Template, undeclared: AbstractSet[str], names: Mapping[str, Any]) -> Iterator[Said]:
    optional = guarded(tree)
    for chain in chains(tree):
        root = chain.path[0]
        if root in undeclared and root not in names and root not in _FUNCTIONS and (root,) not in optional:
            yield chain.line, f"there is no {_what(chain)} `{root}`", instead_of(root, dict(names))
        elif root in undeclared and isinstance(names.get(root), Mapping):
            yield from _below(chain, names[root], optional)


def _what(chain: Chain) -> str:
    return "function" if chain.called and len(chain.path) == 1 else "name"


def _below(chain: Chain, value: Any, optional: AbstractSet[tuple[str, ...]]) -> Iterator[Said]:
    """Yield the fault of a path that leads to nothing."""
    for depth, key in enumerate(chain.path[1:], 2):
        if not isinstance(value, Mapping) or (chain.called and key in _METHODS):
            return
        path = chain.path[:depth]
        if key not in value:
            if path not in optional and chain.path not in optional:
                advice = near(key, map(str, value)) or f"define it: `{shown(path)}`, or write `| default('')`"
                yield chain.line, f"there is no `{shown(path)}`", advice
            return
        value = value[key]


def _call(call: nodes.Call, scope: Scope) -> Iterator[Said]:
    name = call.node.name if isinstance(call.node, nodes.Name) else ""
    if name == "cmd" and not scope.commands:
        advice = "put the value into `variables`, or set `infra.commands` if you trust every template"
        yield call.lineno, "`cmd` runs programs on the server, which is not allowed here", advice
    if name == "ibget":
        advice = "write getip('NODE'), getipall('NODE') or find_node_id('NODE')"
        yield call.lineno, "`ibget` is not supported", advice
    if name in _OF_NODES:
        yield from _node_call(call, name, scope)
    if name in ("secret", "public_key"):
        yield from _secret_call(call)


def _node_call(call: nodes.Call, function: str, scope: Scope) -> Iterator[Said]:
    if not call.args:
        yield call.lineno, f"`{function}` does not say which node", f"write {function}('NODE')"
        return
    argument = call.args[0]
    if isinstance(argument, nodes.Sub) and (joined := dashed(argument)) in scope.nodes:
        yield call.lineno, f"`{joined}` is a subtraction here", f"write {function}('{joined}')"
        return
    named = argument.value if isinstance(argument, nodes.Const) else None
    node = argument.name if isinstance(argument, nodes.Name) and argument.name in scope.nodes else named
    if node is None:
        return
    if node not in scope.nodes:
        known = ", ".join(sorted(scope.nodes))
        yield call.lineno, f"there is no node {node!r}", near(str(node), scope.nodes) or f"there are: {known}"
    elif scope.before is not None and node not in scope.before and node != scope.node:
        message = f"the node {scope.node} uses {node}, but does not wait for it"
        yield call.lineno, message, f"add [{scope.node}, {node}] to `dependencies`"


def _secret_call(call: nodes.Call) -> Iterator[Said]:
    given = [each.value for each in call.kwargs if each.key == "kind"] + list(call.args[1:2])
    for kind in given:
        if isinstance(kind, nodes.Const) and kind.value not in KINDS:
            yield call.lineno, f"there is no kind of secret {kind.value!r}", f"there are: {', '.join(KINDS)}"
