"""Secrets are made once, kept apart, and never shown."""

from __future__ import annotations

import base64
import os
import signal
import ssl
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from shoal.base.errors import InvalidInput, NotFound
from shoal.infra.secrets import FILE, MASK, Secrets


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "new")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: Secrets(tmp_path / "new").get("one"), range(16)))
    assert set(found) == {secrets.get("one")}
    assert secrets.get("other") != found[0]


def test_processes_agree_on_a_secret(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from shoal.infra.secrets import Secrets;"
        "print(*(Secrets(Path(sys.argv[1])).get(str(n)) for n in range(5)))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_secret_that_was_given_away_is_never_lost(tmp_path: Path, moment: str) -> None:
    program = (
        "import sys; from pathlib import Path; from shoal.infra.secrets import Secrets;"
        "print(Secrets(Path(sys.argv[1])).get('one'))"
    )
    words = [sys.executable, "-c", program, str(tmp_path)]
    fault = {**os.environ, "SHOAL_FAULT": f"infra.secrets:{moment}"}
    done = subprocess.run(words, capture_output=True, env=fault, timeout=60)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")
    kept = (tmp_path / FILE).exists()
    assert kept == (moment == "after")
    held = (tmp_path / FILE).read_text() if kept else Secrets(tmp_path).get("one")
    assert Secrets(tmp_path).get("one") in held


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    Secrets(tmp_path).get("one")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(("kind", "word"), [("rsa", "ssh-rsa"), ("ed25519", "ssh-ed25519")])
def test_keys_are_what_openssh_reads(tmp_path: Path, kind: str, word: str) -> None:
    secrets = Secrets(tmp_path)
    path = tmp_path / "key"
    path.write_text(secrets.get("key", kind))
    path.chmod(0o600)
    said = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, text=True, check=True)
    assert said.stdout.split()[:2] == secrets.public("key").split()[:2]
    assert secrets.public("key").startswith(f"{word} ")


def test_a_munge_key_is_of_128_bytes(tmp_path: Path) -> None:
    assert len(base64.b64decode(Secrets(tmp_path).get("munge", "munge"))) == 128


def test_a_secret_keeps_its_kind(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    secrets.get("one")
    with pytest.raises(InvalidInput, match="kind text, not munge"):
        secrets.get("one", "munge")
    with pytest.raises(InvalidInput, match="no kind of secret 'dsa'"):
        secrets.get("two", "dsa")
    with pytest.raises(InvalidInput, match="no public half"):
        secrets.public("one")


def test_a_damaged_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(NotFound, match="cannot be read"):
        Secrets(tmp_path).get("one")
    assert (tmp_path / FILE).read_text() == "{"


def test_no_secret_can_be_read_in_a_masked_text(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    word, key = secrets.get("word"), secrets.get("key", "ed25519")
    encoded = base64.b64encode(word.encode()).decode()
    text = f"pass={word}; {encoded}\n{key}"
    masked = secrets.masked(text)
    assert word not in masked
    assert encoded not in masked
    assert key.splitlines()[1] not in masked
    assert masked.startswith(f"pass={MASK}; {MASK}\n")


def test_a_secret_told_in_pieces_is_masked_too(tmp_path: Path) -> None:
    secrets, told = Secrets(tmp_path), bytearray()
    word = secrets.get("word")
    masking = secrets.masking(told.extend)
    for byte in f"\xff one {word}\ntwo {word}".encode("latin-1"):
        masking(bytes([byte]))
    masking.end()
    assert told.decode("latin-1") == f"\xff one {MASK}\ntwo {MASK}"


@pytest.mark.parametrize("name", ["cqueue-master", "192.168.1.10", "::1"])
def test_a_certificate_proves_who_answers_and_nobody_else(tmp_path: Path, name: str) -> None:
    secrets = Secrets(tmp_path)
    held, public = secrets.get(name, "certificate"), secrets.public(name)
    assert held.endswith(public) and "PRIVATE KEY" in held and "PRIVATE KEY" not in public
    (tmp_path / "held.pem").write_text(held)
    assert shaken_hands(tmp_path / "held.pem", public, name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(tmp_path / "held.pem", public, "elsewhere")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(tmp_path / "held.pem", secrets.public("other", "certificate"), name)


def shaken_hands(held: Path, trusted: str, name: str) -> str | None:
    """Return the protocol that a server which holds a certificate and a strict client agree on."""
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(held)
    there = ssl.create_default_context(cadata=trusted)
    there.verify_flags |= ssl.VERIFY_X509_STRICT
    back, forth = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = there.wrap_bio(back, forth, server_hostname=name)
    server = here.wrap_bio(forth, back, server_side=True)
    for end in (client, server, client, server):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return client.version()


def test_a_certificate_is_for_a_host(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No certificate can be for"):
        Secrets(tmp_path).get("", "certificate")
