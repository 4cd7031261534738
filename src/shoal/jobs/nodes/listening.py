"""What a node does in the background: it waits for news, and sends logs while they grow."""

from __future__ import annotations

import threading
from collections.abc import Callable

from shoal.base.errors import ShoalError, Unavailable
from shoal.jobs.nodes.line import ANSWER_SECONDS, Line
from shoal.jobs.nodes.patience import Patience

WAIT_SECONDS = 20.0
# A node with its hands full is not told more often than this that there is more.
_BREATH = 0.1
_LOG_PAUSE = 0.3


class Listener:
    """Keep one request waiting for work and orders, in a thread of its own."""

    def __init__(
        self,
        line: Line,
        tokens: Callable[[], list[str]],
        wake: Callable[[], None],
        is_end: Callable[[ShoalError], bool],
    ) -> None:
        """Listen from now on.

        Args:
            line: to the server.
            tokens: whose orders are of interest.
            wake: called when there may be work or orders.
            is_end: told of what the server refuses; says whether to listen no more.
        """
        self._line = line
        self._tokens = tokens
        self._wake = wake
        self._is_end = is_end
        self._stopped = threading.Event()
        threading.Thread(target=self._listen, name="shoal-listener", daemon=True).start()

    def stop(self) -> None:
        """Listen no more; the request that waits is left alone."""
        self._stopped.set()

    def _listen(self) -> None:
        seq, patience = 0, Patience(self._stopped)
        while not self._stopped.wait(_BREATH):
            asked = {"after": seq, "tokens": self._tokens(), "seconds": WAIT_SECONDS}
            try:
                answer = self._line.ask("wait", asked, patience=WAIT_SECONDS + ANSWER_SECONDS)
            except ShoalError as error:
                if self._is_end(error) or not patience.paused():
                    return
                continue
            seq, patience = int(answer["seq"]), Patience(self._stopped)
            if answer["news"] and not self._stopped.is_set():
                self._wake()


class Shipper:
    """Send logs soon after they have grown, in a thread of its own; what cannot be sent now is kept."""

    def __init__(self, send: Callable[[str, str], None], is_wanted: Callable[[str], bool]) -> None:
        """Begin; `send` gets a token and the key of its log, if the token is wanted still."""
        self._send = send
        self._is_wanted = is_wanted
        self._grown: dict[str, str] = {}
        self._filled = threading.Event()
        self._stopped = threading.Event()
        threading.Thread(target=self._ship, name="shoal-shipper", daemon=True).start()

    def add(self, token: str, key: str) -> None:
        """Take note that a log has grown."""
        self._grown[token] = key
        self._filled.set()

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()
        self._filled.set()

    def _ship(self) -> None:
        while self._filled.wait() and not self._stopped.wait(_LOG_PAUSE):
            self._filled.clear()
            grown, self._grown = self._grown, {}
            for token, key in grown.items():
                if self._is_wanted(token):
                    self._try(token, key)

    def _try(self, token: str, key: str) -> None:
        try:
            self._send(token, key)
        except Unavailable:
            self._grown.setdefault(token, key)
            self._filled.set()
        except ShoalError:
            pass  # It will be said once more, aloud, when the attempt ends.
