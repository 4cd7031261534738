"""Certificates made for one test."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.components import find_program, require_component


def self_signed(certificate: Path, key: Path, *names: str) -> None:
    """Make a key and a certificate for some host names that signs itself."""
    openssl = require_component("openssl", find_program("openssl"), "apt-get install openssl")
    others = ",".join(f"DNS:{name}" for name in names)
    words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={names[0]} -addext subjectAltName={others}"
    made = [str(openssl), *words.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    key.chmod(0o600)
