"""Forms as browsers send them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from shoal.base.errors import InvalidInput
from shoal.base.files import explained
from shoal.server.pages import csrf

FIELDS = 20_000
FIELD_BYTES = 1 << 20


@asynccontextmanager
async def form_of(request: Request, *, check: bool = True) -> AsyncIterator[FormData]:
    """Receive a form; its files lie on disk until the block ends.

    `check=False` is for documented forms of older systems, whose senders know no token: there the guard's
    look at the origin decides.

    Raises:
        InvalidInput: it is no form, or has too many fields.
        ForeignCaller: it does not come from a page of ours.
        StorageFull: the disk has no room for its files.
    """
    try:
        form = await request.form(max_files=4, max_fields=FIELDS, max_part_size=FIELD_BYTES)
    except (MultiPartException, HTTPException) as error:
        # Within an application the framework makes the first into the second.
        why = error.message if isinstance(error, MultiPartException) else error.detail
        raise InvalidInput("The form cannot be read.", hint=why) from error
    except OSError as error:
        raise explained(error, Path(tempfile.gettempdir())) from error
    try:
        if check:
            csrf.check(request, text(form, csrf.FIELD))
        yield form
    finally:
        await form.close()


def text(form: FormData, name: str, default: str = "") -> str:
    """Return a field's text."""
    value = form.get(name, default)
    return value if isinstance(value, str) else default


def texts(form: FormData, name: str) -> list[str]:
    """Return the texts of a field that may stand several times."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def file(form: FormData, name: str) -> UploadFile | None:
    """Return a file that was chosen, or None."""
    value = form.get(name)
    return value if isinstance(value, UploadFile) and value.filename else None
