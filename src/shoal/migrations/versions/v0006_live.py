"""Live tasks and what happens in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the two tables."""
    _tasks()
    _events()


def _tasks() -> None:
    op.create_table(
        "live_tasks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wish", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("played_row", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("played", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_live_tasks"),
    )
    op.create_index("ix_live_tasks_owner", "live_tasks", ["owner", "created", "id"], unique=False)
    op.create_index("ix_live_tasks_created", "live_tasks", ["created", "id"], unique=False)
    has_key = sa.text("key IS NOT NULL")
    op.create_index(
        "uq_live_tasks_key",
        "live_tasks",
        ["owner", "key"],
        unique=True,
        sqlite_where=has_key,
        postgresql_where=has_key,
    )


def _events() -> None:
    op.create_table(
        "live_events",
        sa.Column("seq", SERIAL, sa.Identity(always=False), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_live_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_live_events_name", "live_events", ["task", "name"], unique=True)
    op.create_index("ix_live_events_task", "live_events", ["task", "seq"], unique=False)
