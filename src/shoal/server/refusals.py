"""Exceptions of a request, answered in the language of the face it was sent to."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shoal.base.errors import ShoalError
from shoal.server import problems
from shoal.server.faces import Faces
from shoal.server.paths import local_path


class Refusals:
    """Handlers of exceptions; none of them is reached by an error of ours but `unexpected`."""

    def __init__(self, faces: Faces) -> None:
        self._faces = faces

    def install(self, app: FastAPI) -> None:
        """Make an app answer by these handlers."""
        app.add_exception_handler(ShoalError, self.shoal)
        app.add_exception_handler(RequestValidationError, self.validation)
        app.add_exception_handler(HTTPException, self.http)
        app.add_exception_handler(Exception, self.unexpected)

    async def shoal(self, request: Request, error: Exception) -> Response:
        """Answer one of our errors."""
        if not isinstance(error, ShoalError):
            raise error
        return self._answer(request, problems.of_shoal(error), problems.headers_of(error))

    async def validation(self, request: Request, error: Exception) -> Response:
        """Answer a request that does not have the form that its route declares."""
        if not isinstance(error, RequestValidationError):
            raise error
        if request.method not in self._faces.allowed(local_path(request.scope)):
            # Like GET of `/jobs/rerun`: a path of its own, but `/jobs/{job}` takes this method.
            return await self.http(request, HTTPException(405))
        return self._answer(request, problems.of_validation(error))

    async def http(self, request: Request, error: Exception) -> Response:
        """Answer what the framework refused."""
        if not isinstance(error, HTTPException):
            raise error
        # The framework hides the reason that reading the body failed behind a general 400.
        if isinstance(error.__cause__, ShoalError):
            return await self.shoal(request, error.__cause__)
        path = local_path(request.scope)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(self._faces.allowed(path))
        return self._answer(request, problems.of_http(error, request.method, path), headers)

    async def unexpected(self, request: Request, error: Exception) -> Response:
        """Answer an error of ours; `Tracing` logs it."""
        return self._answer(request, problems.of_unexpected(request.state.request_id))

    def _answer(
        self, request: Request, problem: problems.Problem, headers: dict[str, str] | None = None
    ) -> Response:
        render = self._faces.renderer(local_path(request.scope))
        return render(request, problem, headers)
