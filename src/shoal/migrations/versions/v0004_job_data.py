"""Data for jobs: files by name and stored objects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make both tables."""
    _datafiles()
    _objects()


def _datafiles() -> None:
    op.create_table(
        "datafiles",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "slot", name="pk_datafiles"),
    )
    op.create_index("ix_datafiles_key", "datafiles", ["key"], unique=True)


def _objects() -> None:
    op.create_table(
        "objects",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("datatype", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("edited", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("extra", JSON, nullable=False),
        sa.Column("content", JSON, nullable=True),
        sa.PrimaryKeyConstraint("owner", "id", name="pk_objects"),
    )
    op.create_index("ix_objects_key", "objects", ["key"], unique=False)
