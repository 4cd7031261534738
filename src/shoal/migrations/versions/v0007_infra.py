"""Infrastructures: what is wished, their machines, what happened, and node definitions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the four tables."""
    _infrastructures()
    _instances()
    _happenings()
    _definitions()


def _infrastructures() -> None:
    op.create_table(
        "infra_infrastructures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("description", JSON, nullable=False),
        sa.Column("targets", JSON, nullable=False),
        sa.Column("condemned", JSON, nullable=False),
        sa.Column("attached", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_infra_infrastructures"),
    )
    table = "infra_infrastructures"
    op.create_index("ix_infra_infrastructures_owner", table, ["owner", "created", "id"], unique=False)
    op.create_index("ix_infra_infrastructures_created", table, ["created", "id"], unique=False)
    op.create_index("ix_infra_infrastructures_job", table, ["job"], unique=False)
    has_key = sa.text("key IS NOT NULL")
    op.create_index(
        "uq_infra_infrastructures_key",
        table,
        ["owner", "key"],
        unique=True,
        sqlite_where=has_key,
        postgresql_where=has_key,
    )


def _instances() -> None:
    op.create_table(
        "infra_instances",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("infra", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("implementation", sa.Integer(), nullable=False),
        sa.Column("place", JSON, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("addresses", JSON, nullable=False),
        sa.Column("private", sa.Text(), nullable=True),
        sa.Column("saw", JSON, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("price", sa.Float(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ready", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_infra_instances"),
    )
    op.create_index("ix_infra_instances_infra", "infra_instances", ["infra", "ended"], unique=False)


def _happenings() -> None:
    op.create_table(
        "infra_happenings",
        sa.Column("seq", SERIAL, sa.Identity(always=False), nullable=False),
        sa.Column("infra", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=True),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_infra_happenings"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_infra_happenings_infra", "infra_happenings", ["infra", "seq"], unique=False)


def _definitions() -> None:
    op.create_table(
        "infra_definitions",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("implementations", JSON, nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "type", name="pk_infra_definitions"),
    )
