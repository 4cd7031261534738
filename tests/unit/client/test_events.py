"""Laws of reading server-sent events."""

from __future__ import annotations

from shoal.client.events import Event, Frames

STREAM = """: after 4
retry: 1000

id: 5
event: started
data: {"subject": "a"}

: still here

id: 6
event: fits
data: {"done": 3}

id: 7
event: cut"""


def test_events_are_read_in_order_and_a_cut_one_is_left_out() -> None:
    frames = Frames()
    taken = [frames.take(line) for line in STREAM.splitlines()]
    assert [found for found in taken if found is not None] == [
        4,
        Event(5, "started", {"subject": "a"}),
        Event(6, "fits", {"done": 3}),
    ]
