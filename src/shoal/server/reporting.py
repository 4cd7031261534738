"""What the server tells of itself besides its answers: a log of requests, and errors of ours to Sentry."""

from __future__ import annotations

import logging
import sys

from shoal.base.errors import InvalidSetting
from shoal.base.extras import require
from shoal.base.settings import Settings, resolve_secret

FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


def report(settings: Settings) -> None:
    """Begin to tell what the settings ask for.

    Raises:
        MissingExtra: errors are to be told to Sentry, and its package is not installed.
        InvalidSetting: its DSN cannot be used.
    """
    if settings.debug:
        _log_everything()
    if settings.sentry:
        _tell_sentry(resolve_secret(settings.sentry))


def _log_everything() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORM))
    own = logging.getLogger("shoal")
    own.setLevel(logging.DEBUG)
    own.addHandler(handler)


def _tell_sentry(dsn: str) -> None:
    """Tell errors that are logged; nothing of requests, and nothing about who sent them."""
    sentry = require("sentry_sdk", "sentry")
    telling = require("sentry_sdk.integrations.logging", "sentry").LoggingIntegration(
        level=None, event_level=logging.ERROR
    )
    try:
        sentry.init(
            dsn=dsn,
            default_integrations=False,
            integrations=[telling],
            send_default_pii=False,
            max_breadcrumbs=0,
        )
    except ValueError as error:
        raise InvalidSetting("The setting sentry is not a DSN.", hint=str(error)) from error
