"""Files that are saved and never shown as a page of ours."""

from __future__ import annotations

from urllib.parse import quote

# Whatever is in somebody's file, a browser that opens it after all runs nothing of it.
SAVED = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def attachment(name: str) -> dict[str, str]:
    """Return the headers of a file that is saved under a name (RFC 6266), whatever letters it has."""
    name = name.replace("/", "_").replace("\\", "_")
    plain = "".join(
        sign if sign.isascii() and sign.isprintable() and sign not in '"%' else "_" for sign in name
    )
    told = f'attachment; filename="{plain}"'
    if plain != name:
        told += f"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
    return SAVED | {"Content-Disposition": told}
