"""Hosts are reached as the newest wish says: with another key, say, or with the one that they show by now."""

from __future__ import annotations

from shoal.base.errors import ShoalError
from shoal.infra.passes.around import Around, Turn
from shoal.infra.providers.registry import place_of
from shoal.infra.providers.remote.host import reached


def follow(turn: Turn, around: Around) -> None:
    """Note how the hosts of machines are reached by now; what cannot be filled in changes nothing."""
    for row in around.board.rows:
        made = turn.made_from(row)
        if row.provider != "hosts" or row.ref is None or made is None:
            continue
        try:
            parts = around.prepare.made_of(turn.description, made, row, around.board.rows)
        except ShoalError:
            continue
        place = dict(reached(row.place, place_of(parts.resource), row.ref))
        if place != row.place:
            around.board.set(row, place=place)
