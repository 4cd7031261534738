"""What the address of the list of jobs asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from fastapi import Query
from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from shoal.access import Actor
from shoal.base import clock
from shoal.jobs.states import ENDS, State
from shoal.jobs.store.browsing import JobFilter, Known, known
from shoal.server.api.paging import FREE_TEXT
from shoal.server.pages.address import Address, PageNumber, Search
from shoal.server.pages.job_words import is_own

PATH = "/app/jobs"
SIZE = 50
EVERY = "all"
HOURS = {"1h": 1, "24h": 24, "7d": 7 * 24, "30d": 30 * 24}
SINCE = {
    "1h": "the last hour",
    "24h": "the last 24 hours",
    "7d": "the last 7 days",
    "30d": "the last 30 days",
}
GROUPS: Mapping[str, tuple[State, ...]] = {
    "waiting": (State.QUEUED, State.RETRYING),
    "queued": (State.QUEUED,),
    "running": (State.LEASED, State.RUNNING, State.CANCELLING),
    "retrying": (State.RETRYING,),
    "succeeded": (State.SUCCEEDED,),
    "failed": (State.FAILED, State.LOST),
    "cancelled": (State.CANCELLED,),
    "ended": tuple(sorted(ENDS)),
    "draft": (State.DRAFT,),
}
LISTED = tuple(state for state in State if state is not State.DRAFT)
StateName = Literal[
    "", "waiting", "queued", "running", "retrying", "succeeded", "failed", "cancelled", "ended", "draft"
]
Since = Literal["", "1h", "24h", "7d", "30d"]
Word = Annotated[str, Query(max_length=255, pattern=FREE_TEXT)]


class Wanted:
    """Hold what a list's query asks for."""

    def __init__(
        self,
        q: Search = "",
        state: StateName = "",
        kind: Word = "",
        owner: Word = "",
        label: Word = "",
        since: Since = "",
        page: PageNumber = 1,
    ) -> None:
        self.page, self.state, self.kind, self.owner, self.since = page, state, kind, owner, since
        self.text, self.label = q.strip(), label
        self.query = {
            "q": self.text, "state": state, "kind": kind, "owner": owner, "label": label, "since": since,
        }  # fmt: skip

    @property
    def address(self) -> Address:
        """Return where this view is."""
        return Address(PATH, self.query, {})

    @property
    def is_filtered(self) -> bool:
        """Say whether something is left out on purpose."""
        return any(value for name, value in self.query.items() if (name, value) != ("kind", EVERY))

    def owners(self, actor: Actor) -> list[str] | None:
        """Return whose jobs somebody sees here."""
        if not actor.admin:
            return [actor.name]
        return [self.owner] if self.owner else None

    def kinds(self, every: Known) -> list[str] | None:
        """Return which kinds are listed; by default all but the house's own work."""
        if self.kind == EVERY:
            return None
        return [self.kind] if self.kind else [kind for kind in every.kinds if not is_own(kind)]

    def filter(self, actor: Actor, every: Known) -> JobFilter:
        """Return the filter for somebody: arrays stay whole unless a state or a text is asked for."""
        hours = HOURS.get(self.since)
        return JobFilter(
            owners=self.owners(actor),
            states=GROUPS.get(self.state, LISTED),
            kinds=self.kinds(every),
            text=self.text,
            label=self.label,
            since=None if hours is None else clock.now() - hours * 3600 * clock.SECOND,
            whole=not (self.state or self.text),
        )


def known_to(conn: Connection, actor: Actor) -> Known:
    """Return by what words somebody's jobs can be filtered."""
    return known(conn, None if actor.admin else [actor.name])


def wanted_of(query: QueryParams) -> Wanted:
    """Return what an address asks for that a form sent back; what it does not know is left out."""
    states: Mapping[str, StateName] = {name: name for name in get_args(StateName)}
    spans: Mapping[str, Since] = {name: name for name in get_args(Since)}
    return Wanted(
        q=query.get("q", "")[:255],
        state=states.get(query.get("state", ""), ""),
        kind=query.get("kind", ""),
        owner=query.get("owner", ""),
        label=query.get("label", ""),
        since=spans.get(query.get("since", ""), ""),
    )
