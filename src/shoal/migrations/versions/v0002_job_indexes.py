"""Indexes of jobs: ended ones are counted from an index alone; active ones are found by their attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ENDED = sa.text("ended IS NOT NULL")


def upgrade() -> None:
    """Index what counting needs, and drop the index of active jobs, which every job paid for."""
    op.drop_index("ix_jobs_active", table_name="jobs")
    op.drop_index("ix_jobs_ended", table_name="jobs")
    op.create_index(
        "ix_jobs_ended",
        "jobs",
        ["lane", "state", "ended"],
        unique=False,
        postgresql_where=_ENDED,
        sqlite_where=_ENDED,
    )
    held = sa.text("waits = 'dependency' OR state = 'draft'")
    op.create_index(
        "ix_jobs_held", "jobs", ["lane", "state"], unique=False, postgresql_where=held, sqlite_where=held
    )
