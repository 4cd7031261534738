"""Who acts, and what they may do: one decision and one filter, called by every route and command."""

from shoal.access.actions import Action
from shoal.access.actor import ANONYMOUS, NEIGHBOUR, OWNER, TOKEN_HOLDER, Actor
from shoal.access.decisions import Decision, Resource, decide, require
from shoal.access.visibility import visible

__all__ = [
    "ANONYMOUS",
    "NEIGHBOUR",
    "OWNER",
    "TOKEN_HOLDER",
    "Action",
    "Actor",
    "Decision",
    "Resource",
    "decide",
    "require",
    "visible",
]
