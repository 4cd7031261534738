"""Temporary copies of text: expanded from gzip, or brought to UTF-8."""

from __future__ import annotations

import codecs
import gzip
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from shoal.base.errors import InvalidInput, TooLarge, UnsupportedMedia
from shoal.base.files import explained
from shoal.storage.options import ReadOptions
from shoal.storage.words import sized

CHUNK = 1 << 20


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its start in pieces of 1 MiB."""
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def expanded(file: BinaryIO, name: str, options: ReadOptions) -> BinaryIO:
    """Return a temporary file of what a gzip file holds.

    Raises:
        InvalidInput: it is damaged or cut off.
        TooLarge: it expands to more than the limit.
    """
    return _copied(_limited(_gunzipped(file, name), name, options), options.scratch)


def recoded(file: BinaryIO, encoding: str, name: str, options: ReadOptions) -> BinaryIO:
    """Return a temporary file with the same text in UTF-8, without a byte order mark.

    Raises:
        UnsupportedMedia: the bytes are not text in this encoding.
    """
    return _copied(_limited(_decoded(file, encoding, name), name, options), options.scratch)


def too_large(name: str, size: int | None, limit: int) -> TooLarge:
    """Return the error for a file over the limit; `size` is None when it is not known."""
    fact = "expands to more than the limit" if size is None else f"is {sized(size)}; the limit here is"
    return TooLarge(
        f"{name}: This file {fact} {'of ' if size is None else ''}{sized(limit)}.",
        hint="Ask your operator for a higher limit, or use fewer columns, or Parquet, which is smaller.",
        file=name,
        limit=limit,
    )


def _copied(content: Iterable[bytes], scratch: Path | None) -> BinaryIO:
    folder = scratch or Path(tempfile.gettempdir())
    try:
        copy = cast(BinaryIO, tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - the caller closes it
    except OSError as error:
        raise explained(error, folder / "x") from error
    try:
        copy.writelines(content)
        copy.flush()
    except OSError as error:
        copy.close()
        raise explained(error, folder / "x") from error
    except BaseException:
        copy.close()
        raise
    return copy


def _limited(content: Iterable[bytes], name: str, options: ReadOptions) -> Iterator[bytes]:
    size = 0
    for chunk in content:
        size += len(chunk)
        if size > options.max_expanded_bytes:
            raise too_large(name, None, options.max_expanded_bytes)
        yield chunk


def _gunzipped(file: BinaryIO, name: str) -> Iterator[bytes]:
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as opened:
        while True:
            try:
                chunk = opened.read(CHUNK)
            except EOFError as error:
                raise _broken(name, "is cut off") from error
            except (gzip.BadGzipFile, zlib.error) as error:
                raise _broken(name, "is damaged") from error
            if not chunk:
                return
            yield chunk


def _broken(name: str, how: str) -> InvalidInput:
    return InvalidInput(f"{name}: This gzip file {how}.", hint="Copy or download it again.", file=name)


def _decoded(file: BinaryIO, encoding: str, name: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks(file):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise UnsupportedMedia(
            f"{name}: This is no text that can be read: it is not UTF-8, UTF-16 or Windows-1252.",
            hint="Save it as CSV in UTF-8.",
            file=name,
        ) from error
