"""A connection to a host: programs are run over it, and every failure has its word."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncssh

from shoal.base.errors import Unavailable
from shoal.infra.errors import Refused
from shoal.infra.providers.remote.host import Host
from shoal.infra.providers.remote.trust import Trust

TIMEOUT = 20.0  # seconds in which a host lets somebody in, or answers
_REST = 0.2  # seconds in which what a program wrote before its end may still come
_TRIES = 5
_FINAL = (asyncssh.PermissionDenied, asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed)
Tell = Callable[[bytes], None]


class Unreached(Unavailable):
    """Say that a host did not let us in, so that nothing was done there."""


class Access:
    """How hosts are logged in to: `place` is the section's, `credentials` the file's."""

    def __init__(self, place: Mapping[str, Any], credentials: Mapping[str, Any], folder: Path) -> None:
        self.timeout = _timeout(place)
        self._trust = Trust(place, folder)
        self._user = credentials.get("user") or credentials.get("username")
        self._secrets = _secrets(place, credentials)

    @asynccontextmanager
    async def to(self, host: Host) -> AsyncIterator[Connection]:
        """Give a connection to a host.

        Raises:
            Unreached: it does not answer.
            Refused: it does not let us in, or it is not who it was.
        """
        with _translated(host, Unreached, self._trust.advice(host)):
            connection = await asyncio.wait_for(self._let_in(host), self.timeout + 5)
        try:
            with _translated(host, Unavailable):
                yield Connection(connection, self.timeout)
        finally:
            connection.abort()

    async def _let_in(self, host: Host) -> asyncssh.SSHClientConnection:
        """Connect; an sshd turns some away where many come at once, and those come again a little later."""
        for tried in range(_TRIES):
            try:
                return await self._connected(host)
            except _FINAL:
                raise
            except (ConnectionResetError, asyncssh.Error):
                await asyncio.sleep(random.uniform(0.05, 0.2) * 2**tried)
        return await self._connected(host)

    async def _connected(self, host: Host) -> asyncssh.SSHClientConnection:
        known = await self._trust.known(host, self.timeout)
        said = self._secrets | ({"username": user} if (user := host.user or self._user) else {})
        return await asyncssh.connect(
            host.address, host.port, config=None, known_hosts=known, connect_timeout=self.timeout,
            login_timeout=self.timeout, keepalive_interval=15, keepalive_count_max=4, **said,
        )  # fmt: skip


class Connection:
    """Run programs of the shell on a host."""

    def __init__(self, connection: asyncssh.SSHClientConnection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout

    async def ask(self, program: str, content: bytes = b"") -> tuple[int, bytes]:
        """Run a short program with its standard input, and return its exit code and what it wrote."""
        written: list[bytes] = []
        code = await self.run(program, written.append, self._timeout, content)
        return code, b"".join(written)

    async def run(self, program: str, tell: Tell, timeout: float, content: bytes = b"") -> int:
        """Run a program and return its exit code; raises TimeoutError when it takes too long.

        What it leaves running in the background is not waited for, though it may hold the output open.
        """
        session = _Session(tell)
        channel, _ = await self._connection.create_session(lambda: session, program, encoding=None)
        try:
            with suppress(BrokenPipeError):
                channel.write(content)
                channel.write_eof()
            await asyncio.wait_for(session.ended.wait(), timeout)
            with suppress(TimeoutError):
                await asyncio.wait_for(session.closed.wait(), _REST)
        finally:
            channel.close()
        if session.code is None:
            raise asyncssh.ConnectionLost("it hung up")
        return session.code


class _Session(asyncssh.SSHClientSession[bytes]):
    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.ended = asyncio.Event()
        self.closed = asyncio.Event()
        self.code: int | None = None

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._tell(data)

    def exit_status_received(self, status: int) -> None:
        self.code = status
        self.ended.set()

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self.code = 128
        self.ended.set()

    def eof_received(self) -> bool:
        self.closed.set()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        self.closed.set()


def _timeout(place: Mapping[str, Any]) -> float:
    try:
        return float(place.get("timeout") or TIMEOUT)
    except (TypeError, ValueError) as error:
        raise Refused(f"timeout is {place['timeout']!r}.", hint="Write seconds, like 30.") from error


def _secrets(place: Mapping[str, Any], credentials: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if text := credentials.get("key"):
        phrase = credentials.get("passphrase")
        try:
            options["client_keys"] = [asyncssh.import_private_key(str(text), phrase)]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise Refused(f"The key of the credentials cannot be used: {error}.") from error
    elif path := place.get("key_file"):
        options["client_keys"] = [_readable(Path(str(path)).expanduser())]
        options["passphrase"] = credentials.get("passphrase")
    if password := credentials.get("password"):
        options["password"] = str(password)
    return options


def _readable(path: Path) -> str:
    try:
        path.open("rb").close()
    except OSError as error:
        raise Refused(
            f"The key file {path} cannot be read: {error.strerror}.",
            hint="The server reads it: write its path on the server's machine.",
        ) from error
    return str(path)


@contextmanager
def _translated(host: Host, away: type[Unavailable], advice: str = "") -> Iterator[None]:
    try:
        yield
    except asyncssh.PermissionDenied as error:
        raise Refused(
            f"{host.name} does not let us in: {error}.", hint="Look at user and key_file, or the credentials."
        ) from error
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
        raise Refused(
            f"{host.name} is not known, or it is not who it was: {error}.",
            hint=advice or "Give it its host_key, or correct the known hosts.",
        ) from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise Refused(f"The key for {host.name} cannot be used: {error}.") from error
    except (OSError, asyncssh.Error, TimeoutError) as error:
        said = str(error) or type(error).__name__
        raise away(f"{host.name} does not answer: {said}.", hint="Is it up, and is its sshd?") from error
