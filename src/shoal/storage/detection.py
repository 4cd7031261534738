"""What a file is, by its first bytes and never by its name alone."""

from __future__ import annotations

from typing import Literal

from shoal.base.errors import InvalidInput, UnsupportedMedia

Format = Literal["text", "gzip", "parquet", "xlsx"]
HEAD = 4096

_READ: tuple[tuple[bytes, Format], ...] = ((b"\x1f\x8b", "gzip"), (b"PAR1", "parquet"))
_REFUSED = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or other Office file"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"PARE", "an encrypted Parquet file"),
    (b"ORC", "an ORC file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"\x80\x04\x95", "a Python pickle"),
)
_MARKUP = ((b"<!doctype", "a web page"), (b"<html", "a web page"), (b"<?xml", "an XML file"))
ACCEPTED = "CSV, TSV, gzip of these, Parquet and xlsx can be read."


def detect(head: bytes, name: str) -> Format:
    """Return what kind of file begins with these bytes.

    Raises:
        UnsupportedMedia: it is another kind of file; the message says which.
        InvalidInput: it is empty.
    """
    if not head:
        raise InvalidInput(f"{name}: This file is empty.", hint="It needs a header row and rows.", file=name)
    for magic, found in _READ:
        if head.startswith(magic):
            return found
    if head.startswith(b"PK"):
        return _zipped(head, name)
    if what := _refused(head):
        raise unsupported(name, what)
    return "text"


def unsupported(name: str, what: str, hint: str = ACCEPTED) -> UnsupportedMedia:
    """Return the error for a file of a kind that is not read."""
    return UnsupportedMedia(f"{name}: This is {what}, not a table that can be read.", hint=hint, file=name)


def _refused(head: bytes) -> str | None:
    for magic, what in _REFUSED:
        if head.startswith(magic):
            return what
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    for magic, what in _MARKUP:
        if start.startswith(magic):
            return what
    return "JSON" if start[:1] == b"{" or start[:2] in (b"[{", b"[[") else None


def _zipped(head: bytes, name: str) -> Format:
    # What tells an xlsx from another zip is its list of parts, which openers of zips look at later.
    if b"opendocument" in head[:200]:
        raise unsupported(name, "an OpenDocument file", hint="Save it as .xlsx or CSV.")
    return "xlsx"
