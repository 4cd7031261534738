"""Looking through many jobs: searched, filtered, page by page, without reading what each holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, func, select, text, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from shoal.base.schema import JsonType
from shoal.base.transaction import among, is_postgres
from shoal.jobs.model import Progress
from shoal.jobs.states import ACTIVE, BY_NAME, Reason, State
from shoal.jobs.store import blocking, lanes
from shoal.jobs.store.tables import IS_ENDED, attempts, jobs, progress
from shoal.jobs.store.tables import dependencies as links
from shoal.jobs.store.tables import lanes as lanes_table
from shoal.jobs.titles import TOLD_BY, title_of

# Counting goes so far: a person does not page through more, and the count stays quick beside a million jobs.
MOST_COUNTED = 10_000
CALLS = 500  # among which calls of a script are looked for
_RARE = frozenset({State.FAILED, State.LOST, State.CANCELLED})
_SAME = (
    "id", "owner", "kind", "name", "generation", "attempts", "priority", "created", "started", "ended", "due",
    "parent", "array_index", "error",
)  # fmt: skip
_LINE = select(
    *(jobs.c[name] for name in _SAME),
    *(jobs.c.state, jobs.c.waits, jobs.c.lane),
    *(progress.c.done, progress.c.total, progress.c.note, progress.c.at),
).outerjoin(progress, (progress.c.job == jobs.c.id) & (progress.c.fence == jobs.c.fence))


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Say which jobs are wanted; None and the empty text mean any.

    `text` is an id or a part of a name, `since` the earliest time of creation (µs), `whole` leaves out the
    elements of arrays and the steps, `parent` wants nothing else.
    """

    owners: Collection[str] | None = None
    states: Collection[State] | None = None
    kinds: Collection[str] | None = None
    text: str = ""
    label: str = ""
    since: int | None = None
    parent: int | None = None
    whole: bool = False


class Line(NamedTuple):
    """A job as lists show it; `title` is its name or what it runs, `error` what went wrong last, in words."""

    id: int
    owner: str
    kind: str
    name: str
    generation: int
    attempts: int
    priority: int
    created: int
    started: int | None
    ended: int | None
    due: int | None
    parent: int | None
    array_index: int | None
    error: str
    state: State
    reason: Reason | None
    labels: tuple[str, ...]
    progress: Progress | None
    title: str


class Known(NamedTuple):
    """What jobs there are or were: the words that a list can be filtered by."""

    kinds: tuple[str, ...]
    owners: tuple[str, ...]
    labels: tuple[str, ...]


def job_page(conn: Connection, wanted: JobFilter, *, offset: int, limit: int) -> tuple[list[Line], int]:
    """Return a part of the jobs that fit a filter, the newest first, and how many fit.

    The number is `MOST_COUNTED` + 1 when there are more than `MOST_COUNTED`.
    """
    found = newest(conn, wanted, limit, offset=offset)
    return found, len(found) if offset == 0 and len(found) < limit else count(conn, wanted)


def count(conn: Connection, wanted: JobFilter) -> int:
    """Return how many jobs fit a filter, `MOST_COUNTED` + 1 when there are more than `MOST_COUNTED`."""
    counted = _fitting(conn, select(jobs.c.id), wanted).limit(MOST_COUNTED + 1).subquery()
    return conn.execute(select(func.count()).select_from(counted)).scalar_one()


def newest(conn: Connection, wanted: JobFilter, limit: int, *, offset: int = 0) -> list[Line]:
    """Return a part of the jobs that fit a filter, the newest first."""
    query = _fitting(conn, _line_query(conn), wanted).order_by(jobs.c.id.desc()).offset(offset).limit(limit)
    return _lines(conn, conn.execute(query).mappings().all())


def ids(conn: Connection, wanted: JobFilter, limit: int) -> list[int]:
    """Return the ids of jobs that fit a filter, the newest first."""
    query = _fitting(conn, select(jobs.c.id), wanted).order_by(jobs.c.id.desc()).limit(limit)
    return list(conn.execute(query).scalars())


def children(conn: Connection, parents: Sequence[int]) -> dict[int, dict[State, int]]:
    """Return how many children of each of some jobs are in each state; a job without any is not in it."""
    if not parents:
        return {}
    query = select(jobs.c.parent, jobs.c.state, func.count()).where(among(conn, jobs.c.parent, parents))
    found: dict[int, dict[State, int]] = {}
    for parent, state, number in conn.execute(query.group_by(jobs.c.parent, jobs.c.state)):
        found.setdefault(parent, {})[BY_NAME[state]] = number
    return found


def lines_of(conn: Connection, wanted: Sequence[int]) -> dict[int, Line]:
    """Return those of some jobs that are there, by id."""
    if not wanted:
        return {}
    rows = conn.execute(_line_query(conn).where(among(conn, jobs.c.id, wanted))).mappings().all()
    return {line.id: line for line in _lines(conn, rows)}


def known(conn: Connection, owners: Collection[str] | None = None) -> Known:
    """Return the kinds, owners and labels of all jobs, or of those of some owners."""
    query = select(lanes_table.c.kind, lanes_table.c.owner, lanes_table.c.labels)
    if owners is not None:
        query = query.where(lanes_table.c.owner.in_(list(owners)))
    rows = conn.execute(query).all()
    labels = {label for row in rows for label in row.labels}
    return Known(*(tuple(sorted(each)) for each in ({r.kind for r in rows}, {r.owner for r in rows}, labels)))


def _fitting(conn: Connection, query: Select[Any], wanted: JobFilter) -> Select[Any]:
    for column, values in (
        (jobs.c.owner, wanted.owners),
        (jobs.c.state, wanted.states),
        (jobs.c.kind, wanted.kinds),
    ):
        if values is not None:
            query = query.where(column.in_(list(values)))
    if wanted.text:
        named = jobs.c.name.icontains(wanted.text, autoescape=True)
        query = query.where(named | (jobs.c.id == int(wanted.text)) if _is_id(wanted.text) else named)
    if wanted.label:
        query = query.where(jobs.c.lane.in_(_with_label(conn, wanted.label)))
    if wanted.since is not None:
        query = query.where(jobs.c.created >= wanted.since)
    if wanted.parent is not None:
        query = query.where(jobs.c.parent == wanted.parent)
    if (few := _by_index(wanted)) is not None:
        query = query.where(jobs.c.id.in_(few))
    return query.where(jobs.c.parent.is_(None)) if wanted.whole else query


def _by_index(wanted: JobFilter) -> Select[Any] | None:
    """Return the ids of jobs in states that few are in; else all rows would be looked at for them."""
    states = set(wanted.states or ())
    if states and states <= ACTIVE:
        return select(attempts.c.job).where(attempts.c.expires.is_not(None))
    if not states or not states <= _RARE:
        return None
    lane = select(lanes_table.c.id)
    if wanted.kinds is not None:
        lane = lane.where(lanes_table.c.kind.in_(list(wanted.kinds)))
    if wanted.owners is not None:
        lane = lane.where(lanes_table.c.owner.in_(list(wanted.owners)))
    other = jobs.alias("ended_jobs")
    return select(other.c.id).where(text(IS_ENDED), other.c.lane.in_(lane), other.c.state.in_(states))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _with_label(conn: Connection, label: str) -> list[int]:
    rows = conn.execute(select(lanes_table.c.id, lanes_table.c.labels))
    return [row.id for row in rows if label in row.labels]


def _lines(conn: Connection, rows: Sequence[Any]) -> list[Line]:
    found = lanes.by_id(conn, sorted({row["lane"] for row in rows})) if rows else {}
    ready = {row["lane"] for row in rows if row["waits"] == "ready"}
    reasons = blocking.reasons(conn, [found[lane] for lane in ready])
    return [_line(row, found[row["lane"]], reasons.get(row["lane"])) for row in rows]


def _line_query(conn: Connection) -> Select[Any]:
    """Return what a line is made of; of what a job runs only the parts that say so in a few words."""
    if is_postgres(conn):
        spec = type_coerce(jobs.c.spec, JSONB())
        return _LINE.add_columns(func.jsonb_build_array(*(spec[part] for part in TOLD_BY)).label("told"))
    paths = (f"$.{part}" for part in TOLD_BY)
    return _LINE.add_columns(type_coerce(func.json_extract(jobs.c.spec, *paths), JsonType()).label("told"))


def _line(row: Any, lane: lanes.Lane, ready: Reason | None) -> Line:
    waits = row["waits"]
    shown = {name: row[name] for name in _SAME if name != "error"}
    return Line(
        **shown,
        error=str((row["error"] or {}).get("message", "")),
        state=BY_NAME[row["state"]],
        reason=None if waits is None else ready if waits == "ready" else Reason(waits),
        labels=lane.labels,
        progress=None if row["at"] is None else Progress(row["done"], row["total"], row["note"], row["at"]),
        title=row["name"] or title_of(dict(zip(TOLD_BY, row["told"], strict=True))),
    )


class Link(NamedTuple):
    """A job that another waits for, or that waits for it; `settled` when it holds nothing up any more."""

    line: Line
    condition: str
    settled: bool


def upstream(conn: Connection, id_: int, limit: int) -> list[Link]:
    """Return the jobs that a job waits for or waited for, oldest first."""
    return _links(conn, links.c.upstream, links.c.job == id_, limit)


def downstream(conn: Connection, id_: int, limit: int) -> list[Link]:
    """Return the jobs that wait for a job or waited for it, oldest first."""
    return _links(conn, links.c.job, links.c.upstream == id_, limit)


def _links(conn: Connection, other: Column[Any], here: ColumnElement[bool], limit: int) -> list[Link]:
    query = select(other.label("id"), links.c.condition, links.c.settled).where(here)
    rows = conn.execute(query.order_by(other).limit(limit)).all()
    found = lines_of(conn, [row.id for row in rows])
    return [Link(found[row.id], row.condition, row.settled) for row in rows if row.id in found]


def calls_of(conn: Connection, owners: Collection[str] | None, script: str, limit: int) -> list[Line]:
    """Return the newest calls of a script, the newest first, from among the newest calls of any."""
    script_of = _script_of(conn)
    query = select(jobs.c.id).where(jobs.c.id.in_(_newest_calls(owners)), script_of == script)
    wanted = list(conn.execute(query.order_by(jobs.c.id.desc()).limit(limit)).scalars())
    found = lines_of(conn, wanted)
    return [found[id_] for id_ in wanted]


def last_calls(conn: Connection, owners: Collection[str] | None) -> dict[str, int]:
    """Return when each script was called last (µs), from among the newest calls of any."""
    script_of = _script_of(conn)
    query = select(script_of, func.max(jobs.c.created)).where(jobs.c.id.in_(_newest_calls(owners)))
    return {script: at for script, at in conn.execute(query.group_by(script_of)) if script is not None}


def _newest_calls(owners: Collection[str] | None) -> Select[Any]:
    newest = select(jobs.c.id).where(jobs.c.kind == "function").order_by(jobs.c.id.desc())
    if owners is not None:
        newest = newest.where(jobs.c.owner.in_(list(owners)))
    return newest.limit(CALLS)


def _script_of(conn: Connection) -> ColumnElement[Any]:
    if is_postgres(conn):
        text: ColumnElement[Any] = type_coerce(jobs.c.spec, JSONB())["script"].astext
        return text
    return func.json_extract(jobs.c.spec, "$.script")
