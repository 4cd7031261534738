"""The certificate of listeners marked `tls`."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

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
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidSetting(
            f"The certificate {settings.tls_certificate} with its key cannot be used.", hint=str(error)
        ) from error
    return context
