"""The tables of the jobs.

`jobs.waits` says what holds a waiting job back: 'dependency', 'time', or 'ready' when nothing does; it is
NULL for drafts and for what is active or ended, so that partial indexes hold only what may be leased next
and leasing costs the same beside a million ended jobs. `rank` orders the ready ones: the time at which a
job joined the queue, made earlier by its priority. A `lane` is what decides who may take a job (owner,
kind, labels, resources, group); there are few, so limits and labels are weighed per lane, never per job.
Its `served` is when it last gave a job while jobs of several owners were ready.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from shoal.base.schema import Json, Serial, Time, metadata

# Partial indexes are used only by queries that state their condition in the same words.
IS_READY = "waits = 'ready'"
IS_TIMED = "waits = 'time'"
IS_BLOCKED = "waits = 'dependency'"
IS_DRAFT = "state = 'draft'"
IS_ENDED = "ended IS NOT NULL"
IS_CACHED = "cache_key IS NOT NULL AND cached_from IS NULL AND state = 'succeeded'"
IS_ACTIVE = "state IN ('leased', 'running', 'cancelling')"


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


lanes = Table(
    "job_lanes",
    metadata,
    Column("id", Serial, Identity(), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("labels", Json, nullable=False),
    Column("resources", Json, nullable=False),
    Column("group", Text, nullable=False, server_default=""),
    Column("served", Time, nullable=False, server_default="0"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Serial, Identity(), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("waits", Text),
    Column("lane", BigInteger, ForeignKey("job_lanes.id"), nullable=False),
    Column("rank", BigInteger, nullable=False),
    Column("due", Time),
    Column("pending", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("not_before", Time),
    Column("deadline", Time),
    Column("timeout", Float(53)),
    Column("retry", Json),
    Column("parent", BigInteger),
    Column("array_index", Integer),
    Column("idempotency_key", Text),
    Column("fingerprint", Text),
    Column("service", Boolean, nullable=False),
    Column("relaxed", Boolean, nullable=False),
    Column("created", Time, nullable=False),
    Column("started", Time),
    Column("ended", Time),
    Column("error", Json),
    Column("extra", Json),
    Column("spec", Json, nullable=False),
    Column("result", Json),
    Column("webhook", Json),
    Column("cache_key", Text),
    Column("cached_from", BigInteger),
    Column("charged", Boolean, nullable=False, server_default=text("false")),
    _partial("ix_jobs_ready", "lane", "rank", "id", where=IS_READY),
    _partial("ix_jobs_due", "due", where=IS_TIMED),
    _partial("ix_jobs_deadline", "deadline", where="deadline IS NOT NULL AND waits IS NOT NULL"),
    _partial(
        "uq_jobs_idempotency_key",
        "owner",
        "idempotency_key",
        where="idempotency_key IS NOT NULL",
        unique=True,
    ),
    _partial("ix_jobs_parent", "parent", "array_index", where="parent IS NOT NULL"),
    Index("ix_jobs_owner", "owner", "id"),
    Index(
        "ix_jobs_extra", "extra", postgresql_using="gin", postgresql_ops={"extra": "jsonb_path_ops"}
    ).ddl_if(dialect="postgresql"),
    _partial("ix_jobs_ended", "lane", "state", "ended", where=IS_ENDED),
    _partial("ix_jobs_cache", "owner", "cache_key", "ended", where=IS_CACHED),
    _partial("ix_jobs_cached_from", "cached_from", where="cached_from IS NOT NULL"),
    _partial("ix_jobs_held", "lane", "state", where=f"{IS_BLOCKED} OR {IS_DRAFT}"),
    sqlite_autoincrement=True,
)

attempts = Table(
    "job_attempts",
    metadata,
    Column("job", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("leased", Time, nullable=False),
    Column("started", Time),
    Column("expires", Time),
    Column("stop_at", Time),
    Column("ended", Time),
    Column("exit_code", Integer),
    Column("peak_memory", BigInteger),
    Column("error", Json),
    Column("log", Text),
    Column("facts", Json),
    PrimaryKeyConstraint("job", "fence"),
    _partial("ix_job_attempts_expires", "expires", where="expires IS NOT NULL"),
    sqlite_with_rowid=False,
)

generations = Table(
    "job_generations",
    metadata,
    Column("job", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("started", Time),
    Column("ended", Time),
    Column("attempts", Integer, nullable=False),
    Column("error", Json),
    Column("result", Json),
    PrimaryKeyConstraint("job", "generation"),
)

dependencies = Table(
    "job_dependencies",
    metadata,
    Column("job", BigInteger, nullable=False),
    Column("upstream", BigInteger, nullable=False),
    Column("condition", Text, nullable=False),
    Column("settled", Boolean, nullable=False),
    PrimaryKeyConstraint("job", "upstream", "condition"),
    Index("ix_job_dependencies_upstream", "upstream"),
)

externals = Table(
    "job_externals",
    metadata,
    Column("face", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("job", BigInteger, nullable=False),
    PrimaryKeyConstraint("face", "external_id"),
    Index("ix_job_externals_job", "job"),
)

progress = Table(
    "job_progress",
    metadata,
    Column("job", BigInteger, primary_key=True, autoincrement=False),
    Column("fence", BigInteger, nullable=False),
    Column("done", Float(53), nullable=False),
    Column("total", Float(53)),
    Column("note", Text, nullable=False),
    Column("at", Time, nullable=False),
)

limits = Table(
    "job_limits",
    metadata,
    Column("scope", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("recent", Json),
    Column("opens", Time),
    PrimaryKeyConstraint("scope", "name"),
)

quotas = Table(
    "job_quotas",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("remaining", BigInteger, nullable=False),
)

schedules = Table(
    "job_schedules",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("cron", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("template", Json, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("created", Time, nullable=False),
    Column("next", Time),
    Column("tick", BigInteger),
    Column("last", Time),
    Column("last_jobs", Json, nullable=False),
    Column("runs", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Index("ix_job_schedules_owner", "owner", "created"),
)

workers = Table(
    "job_workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("labels", Json, nullable=False),
    Column("resources", Json, nullable=False),
    Column("kinds", Json),
    Column("seen", Time, nullable=False),
    Column("draining", Boolean, nullable=False, server_default=text("false")),
)
