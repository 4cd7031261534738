"""The certificate of listeners marked `tls`."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from shoal.base.errors import InvalidSetting
from shoal.base.settings import Settings
from shoal.server.listener import Listener


def context_for(settings: Settings, listeners: Sequence[Listener]) -> ssl.SSLContext | None:
    """Return the TLS context, or None when no listener wants one.

    Raises:
        InvalidSetting: a listener wants TLS and there is no certificate and key that fit each other.
    """
    if not any(listener.tls for listener in listeners):
        return None
    if settings.tls_certificate is None or settings.tls_key is None:
        raise InvalidSetting(
            "A listener is marked tls, but there is no certificate.",
            hint="Set tls_certificate and tls_key to files in PEM form.",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, settings.tls_certificate, settings.tls_key)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    def no_passphrase() -> str:
        # Without this, OpenSSL would ask on the terminal, and a service has none.
        raise InvalidSetting(f"{key} is locked by a passphrase.", hint="Give a key without one.")

    for file in (certificate, key):
        _check_readable(file)
    try:
        context.load_cert_chain(certificate, key, no_passphrase)
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        fact = f"{key} is not the key of {certificate}." if mismatch else _unreadable(certificate, key)
        raise InvalidSetting(fact, hint="" if mismatch else str(error)) from error


def _check_readable(file: Path) -> None:
    try:
        file.open("rb").close()
    except OSError as error:
        raise InvalidSetting(f"{file} cannot be read: {error.strerror}.") from error


def _unreadable(certificate: Path, key: Path) -> str:
    return f"{certificate} and {key} are not a certificate and a key in PEM form."
