"""What jobs need beside a queue: groups, webhooks, schedules, quotas, a result cache."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Add columns to the jobs' tables, and tables for quotas and schedules."""
    _jobs()
    _around_jobs()
    _quotas()
    _schedules()


def _jobs() -> None:
    op.add_column("jobs", sa.Column("webhook", JSON, nullable=True))
    op.add_column("jobs", sa.Column("cache_key", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("cached_from", sa.BigInteger(), nullable=True))
    op.add_column("jobs", _flag("charged"))
    cached = "cache_key IS NOT NULL AND cached_from IS NULL AND state = 'succeeded'"
    _index("ix_jobs_cache", ["owner", "cache_key", "ended"], cached)
    _index("ix_jobs_cached_from", ["cached_from"], "cached_from IS NOT NULL")


def _around_jobs() -> None:
    op.add_column("job_lanes", sa.Column("group", sa.Text(), server_default="", nullable=False))
    op.add_column("job_lanes", sa.Column("served", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("job_attempts", sa.Column("facts", JSON, nullable=True))
    op.add_column("job_limits", sa.Column("recent", JSON, nullable=True))
    op.add_column("job_limits", sa.Column("opens", sa.BigInteger(), nullable=True))
    op.add_column("job_workers", _flag("draining"))


def _quotas() -> None:
    op.create_table(
        "job_quotas",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_job_quotas"),
    )


def _schedules() -> None:
    op.create_table(
        "job_schedules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("template", JSON, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=True),
        sa.Column("tick", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("last_jobs", JSON, nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_schedules"),
    )
    op.create_index("ix_job_schedules_owner", "job_schedules", ["owner", "created"], unique=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def _index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "jobs", columns, unique=False, postgresql_where=where, sqlite_where=where)
