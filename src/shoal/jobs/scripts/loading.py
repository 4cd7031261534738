"""Loading a source's functions; only ever done in a child process, since it runs the user's code."""

from __future__ import annotations

import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from shoal.base.errors import NotFound
from shoal.jobs.scripts.failures import trace_of
from shoal.jobs.scripts.source import Source, code_hash, read_source

Function = Callable[..., Any]
HOOK = "on_init"
_LONGEST = 4000


@dataclass
class Loaded:
    """A source's functions by module and name; what could not be loaded says why; `roots` is its code."""

    source: Source
    functions: list[tuple[str, str, Function]] = field(default_factory=list)
    errors: list[dict[str, str]] = field(default_factory=list)
    roots: list[Path] = field(default_factory=list)

    @property
    def code_hash(self) -> str:
        """Return the SHA-256 of the code; see `source.code_hash`."""
        return code_hash(self.roots)

    @property
    def version(self) -> str:
        """Return the version of the package, "" when it has none."""
        top = self.source.module.partition(".")[0]
        try:
            return version(packages_distributions().get(top, [top])[0]) if top else ""
        except PackageNotFoundError:
            return str(getattr(sys.modules.get(top), "__version__", ""))

    def function(self, name: str) -> Function:
        """Return a function by its name, or by `module.name`.

        Raises:
            NotFound: there is none, or the module that should hold it cannot be loaded.
        """
        for module, own, function in self.functions:
            if name in (own, f"{module.rpartition('.')[2]}.{own}", f"{module}.{own}"):
                return function
        why = "; ".join(f"{one['module']}: {one['message']}" for one in self.errors)
        raise NotFound(f"There is no function {name} in {self.source.text}.", hint=why, name=name)


@cache
def load(text: str) -> Loaded:
    """Load a source once in this process, run its hook `on_init`, and return what it holds.

    Nothing is raised for broken code: it stands in `errors`, and the other modules' functions are there.
    """
    source = read_source(text)
    loaded = Loaded(source)
    for module in _modules(source, loaded):
        _take_functions(module, loaded)
    return loaded


def _modules(source: Source, loaded: Loaded) -> Iterator[ModuleType]:
    if source.path is not None:
        yield from _of_path(source.path, loaded)
    elif (module := _tried(source.module, partial(import_module, source.module), loaded)) is not None:
        loaded.roots += _roots(module)
        _start(module, loaded)
        yield module
        if not source.attribute and hasattr(module, "__path__") and not hasattr(module, "__all__"):
            yield from _of_package(module, loaded)


def _of_package(package: ModuleType, loaded: Loaded) -> Iterator[ModuleType]:
    for info in sorted(pkgutil.iter_modules(package.__path__, f"{package.__name__}.")):
        if info.name.rpartition(".")[2].startswith("_"):
            continue
        module = _tried(info.name, partial(import_module, info.name), loaded)
        if module is not None:
            yield module
            if info.ispkg and not hasattr(module, "__all__"):
                yield from _of_package(module, loaded)


def _of_path(path: Path, loaded: Loaded) -> Iterator[ModuleType]:
    folder = path if path.is_dir() else path.parent
    files = sorted(path.glob("*.py")) if path.is_dir() else [path]
    loaded.roots.append(path)
    # Last: a file there must not stand in for a module that others import.
    sys.path.append(str(folder))
    for file in files:
        if not file.name.startswith(("_", ".")):
            module = _tried(file.stem, partial(_imported, file), loaded)
            if module is not None:
                _start(module, loaded)
                yield module


def _imported(file: Path) -> ModuleType:
    known = sys.modules.get(file.stem)
    if known is not None and getattr(known, "__file__", None) == str(file):
        return known  # Another file of the folder imported it.
    taken = known is not None or file.stem in sys.stdlib_module_names
    name = f"{file.stem}_script" if taken else file.stem
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is no Python file")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _start(module: ModuleType, loaded: Loaded) -> None:
    """Call a module's hook for warming up; it may take one argument, as in Jobserver, and gets None."""
    hook = vars(module).get(HOOK)
    if inspect.isfunction(hook):
        needed = [one for one in inspect.signature(hook).parameters.values() if one.default is one.empty]
        _tried(f"{module.__name__}.{HOOK}", partial(hook, *[None for _ in needed[:1]]), loaded)


def _tried(name: str, act: Callable[[], Any], loaded: Loaded) -> Any:
    """Return what an act gives; None when it fails, which is noted."""
    try:
        return act()
    except (Exception, SystemExit) as error:
        loaded.errors.append({"module": name, "message": _why(error), "traceback": trace_of(error)})
        return None


def _take_functions(module: ModuleType, loaded: Loaded) -> None:
    source = loaded.source
    if source.attribute:
        found = getattr(module, source.attribute, None)
        if callable(found):
            loaded.functions.append((module.__name__, source.name, found))
        else:
            message = f"There is no function {source.attribute} in {module.__name__}."
            loaded.errors.append({"module": module.__name__, "message": message, "traceback": ""})
        return
    known = {id(function) for _, _, function in loaded.functions}
    loaded.functions += [
        (module.__name__, name, function)
        for name, function in _public(module)
        if id(function) not in known and name != HOOK
    ]


def _public(module: ModuleType) -> Iterator[tuple[str, Function]]:
    """Yield the functions that a module offers: those in its `__all__`, else its own without underscore."""
    listed = getattr(module, "__all__", None)
    for name, value in vars(module).items():
        own = not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        if (own if listed is None else name in listed) and _is_function(value):
            yield name, value


def _is_function(value: Any) -> bool:
    return callable(value) and not inspect.isclass(value) and inspect.isfunction(inspect.unwrap(value))


def _roots(module: ModuleType) -> list[Path]:
    if (folders := getattr(module, "__path__", None)) is not None:
        return [Path(folder) for folder in folders]
    file = getattr(module, "__file__", None)
    return [Path(file)] if file else []


def _why(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST]
