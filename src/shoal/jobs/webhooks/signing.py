"""The key with which deliveries are signed: one for each home, made when it is first needed."""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from shoal.base.faults import fault_point
from shoal.base.files import sync_folder, write_durably

KEY_KEPT = fault_point("webhooks.key", "The key that signs deliveries is kept.")
FILE = "webhook.key"


def key_of(path: Path) -> bytes:
    """Return the key in a file, and make it first when it is not there; of two makers one wins."""
    with suppress(FileNotFoundError):
        return path.read_bytes().strip()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_durably(KEY_KEPT, draft, secrets.token_hex(32).encode() + b"\n", private=True)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    sync_folder(path.parent)
    return path.read_bytes().strip()


def sign(key: bytes, body: bytes) -> str:
    """Return what `X-Shoal-Signature` holds for a body."""
    return f"sha256={hmac.new(key, body, 'sha256').hexdigest()}"
