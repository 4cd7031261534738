"""Methods that are written once, as operations: they block on one client and are awaited on the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import Ask, Call, Items
from shoal.client.driver import Driver

P = ParamSpec("P")
T = TypeVar("T")
B = TypeVar("B", bound="Blocking")
A = TypeVar("A", bound="Awaiting")


class Blocking:
    """Something whose methods return when they are done."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver


class Awaiting:
    """Something whose methods are awaited."""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver


class operation(Generic[P, T]):
    """A method that returns what its operation returns."""

    def __init__(self, call: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._call = call
        update_wrapper(self, call)  # type: ignore[arg-type]

    @overload
    def __get__(self, thing: None, kind: object = None) -> operation[P, T]: ...
    @overload
    def __get__(self, thing: Blocking, kind: object = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, thing: Awaiting, kind: object = None) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, thing: Any, kind: object = None) -> Any:
        """Return the method of a thing."""
        return _bound(self, self._call, thing, "run")


class change(Generic[P]):
    """A method that returns the thing itself when its operation is done."""

    def __init__(self, call: Callable[Concatenate[Any, P], Call[None]]) -> None:
        self._call = call
        update_wrapper(self, call)  # type: ignore[arg-type]

    @overload
    def __get__(self, thing: None, kind: object = None) -> change[P]: ...
    @overload
    def __get__(self, thing: B, kind: object = None) -> Callable[P, B]: ...
    @overload
    def __get__(self, thing: A, kind: object = None) -> Callable[P, Coroutine[Any, Any, A]]: ...
    def __get__(self, thing: Any, kind: object = None) -> Any:
        """Return the method of a thing."""

        def changed(self_: Any, *args: P.args, **kwargs: P.kwargs) -> Call[Any]:
            yield from self._call(self_, *args, **kwargs)
            return self_

        return _bound(self, changed, thing, "run")


class listing(Generic[P, T]):
    """A method that gives many things, one after another."""

    def __init__(self, call: Callable[Concatenate[Any, P], Items[T]]) -> None:
        self._call = call
        update_wrapper(self, call)  # type: ignore[arg-type]

    @overload
    def __get__(self, thing: None, kind: object = None) -> listing[P, T]: ...
    @overload
    def __get__(self, thing: Blocking, kind: object = None) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, thing: Awaiting, kind: object = None) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, thing: Any, kind: object = None) -> Any:
        """Return the method of a thing."""
        return _bound(self, self._call, thing, "each")


class pieces(Generic[P]):
    """A method that gives a file in pieces."""

    def __init__(self, ask: Callable[Concatenate[Any, P], Ask]) -> None:
        self._call = ask
        update_wrapper(self, ask)  # type: ignore[arg-type]

    @overload
    def __get__(self, thing: None, kind: object = None) -> pieces[P]: ...
    @overload
    def __get__(self, thing: Blocking, kind: object = None) -> Callable[P, Iterator[bytes]]: ...
    @overload
    def __get__(self, thing: Awaiting, kind: object = None) -> Callable[P, AsyncIterator[bytes]]: ...
    def __get__(self, thing: Any, kind: object = None) -> Any:
        """Return the method of a thing."""
        return _bound(self, self._call, thing, "download")


def _bound(method: Any, call: Callable[..., Any], thing: Any, act: str) -> Any:
    """Return a function that has the driver of a thing carry an operation out; the method itself for None."""
    if thing is None:
        return method
    carry_out = getattr(thing._driver, act)

    def bound(*args: Any, **kwargs: Any) -> Any:
        return carry_out(call(thing, *args, **kwargs))

    return update_wrapper(bound, method, assigned=("__name__", "__qualname__", "__doc__", "__module__"))
