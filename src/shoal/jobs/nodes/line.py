"""A node's line to its server: requests that carry its tokens, and problems raised as errors."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import orjson

from shoal import __version__
from shoal.base.errors import InvalidSetting, ShoalError, Unavailable
from shoal.base.problems import error_of_problem

PREFIX = "/api/v1/worker"
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 15.0
PIECE = 1 << 20


class Line:
    """Ask a server in a node's name; may be used by several threads. Nothing is asked twice here."""

    def __init__(self, url: str, token: str, ca: Path | None = None) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: the server's address.
            token: the joining token; see `use`.
            ca: certificates to trust, PEM, instead of those that this machine trusts.

        Raises:
            InvalidSetting: the certificates cannot be read.
        """
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Shoal-Version": __version__},
            verify=_trusting(ca),
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
        )
        self.use(token)

    def use(self, token: str) -> None:
        """Show another token from now on."""
        self._http.headers["Authorization"] = f"Bearer {token}"

    def ask(self, what: str, given: Mapping[str, Any], *, patience: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Return the answer to one request of the worker protocol.

        Raises:
            ShoalError: what the server says, as the error it was there.
            Unavailable: nothing answers.
        """
        content = orjson.dumps(given, option=orjson.OPT_SERIALIZE_NUMPY)
        headers = {"Content-Type": "application/json"}
        return self._sent("POST", what, content, headers, {}, patience)

    def put(
        self, what: str, attempt: str, params: Mapping[str, Any], content: bytes | Iterable[bytes], size: int
    ) -> dict[str, Any]:
        """Send bytes under the token of an attempt; raises what `ask` raises."""
        headers = {"Shoal-Attempt": attempt, "Content-Length": str(size)}
        return self._sent("PUT", what, content, headers, params, ANSWER_SECONDS)

    def get(self, what: str, attempt: str, params: Mapping[str, Any], offset: int) -> Iterator[bytes]:
        """Yield a file from an offset on, under the token of an attempt; raises what `ask` raises."""
        headers = {"Shoal-Attempt": attempt} | ({"Range": f"bytes={offset}-"} if offset else {})
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        try:
            with self._http.stream(
                "GET", f"{PREFIX}/{what}", params=dict(params), headers=headers, timeout=timeout
            ) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield from response.iter_bytes(PIECE)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close the connections; what is being asked ends with `Unavailable`."""
        self._http.close()

    def _sent(
        self,
        method: str,
        what: str,
        content: bytes | Iterable[bytes],
        headers: Mapping[str, str],
        params: Mapping[str, Any],
        patience: float,
    ) -> dict[str, Any]:
        timeout = httpx.Timeout(patience, connect=CONNECT_SECONDS)
        try:
            response = self._http.request(
                method, f"{PREFIX}/{what}", content=content, headers=headers, params=params, timeout=timeout
            )
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: it was closed meanwhile.
            raise self._unreachable(error) from error
        if response.is_error:
            raise _refusal(response)
        return _object(response)

    def _unreachable(self, error: Exception) -> ShoalError:
        if _is_of_certificate(error):
            return InvalidSetting(
                f"The certificate of {self.url} is not one that this machine trusts.",
                hint=f"Give the one that signed it: --ca FILE. It was said: {error}",
                code="untrusted_certificate",
            )
        why = str(error) or type(error).__name__
        return Unavailable(f"{self.url} does not answer: {why}.", code="no_server", url=self.url)


def _trusting(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca) if ca is not None else None)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSetting(f"The certificates in {ca} cannot be read.", hint=str(error)) from error


def _is_of_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _refusal(response: httpx.Response) -> ShoalError:
    problem = _object(response)
    error = error_of_problem(problem, response.status_code)
    if response.status_code < 500 or isinstance(error, Unavailable):
        return error
    return Unavailable(error.message)  # Whatever is wrong over there, or with a proxy, is asked again.


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = orjson.loads(response.content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
