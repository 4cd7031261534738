"""The first schema: events, jobs, datasets and studies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _datasets()
    _events()
    _job_attempts()
    _job_dependencies()
    _job_externals()
    _job_generations()
    _job_lanes()
    _job_limits()
    _job_progress()
    _job_workers()
    _jobs()
    _studies()
    _study_fits()
    _study_jobs()


def _datasets() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("origin", JSON, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("table_sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_datasets"),
    )
    op.create_index("ix_datasets_owner_created", "datasets", ["owner", "created"], unique=False)
    op.create_index("ix_datasets_owner_fingerprint", "datasets", ["owner", "fingerprint"], unique=True)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", SERIAL, sa.Identity(always=False), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_topic", "events", ["topic", "subject", "seq"], unique=False)


def _job_attempts() -> None:
    op.create_table(
        "job_attempts",
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("stop_at", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("peak_memory", sa.BigInteger(), nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", "fence", name="pk_job_attempts"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_job_attempts_expires",
        "job_attempts",
        ["expires"],
        unique=False,
        sqlite_where=sa.text("expires IS NOT NULL"),
        postgresql_where=sa.text("expires IS NOT NULL"),
    )


def _job_dependencies() -> None:
    op.create_table(
        "job_dependencies",
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.Column("upstream", sa.BigInteger(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("job", "upstream", "condition", name="pk_job_dependencies"),
    )
    op.create_index("ix_job_dependencies_upstream", "job_dependencies", ["upstream"], unique=False)


def _job_externals() -> None:
    op.create_table(
        "job_externals",
        sa.Column("face", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("face", "external_id", name="pk_job_externals"),
    )
    op.create_index("ix_job_externals_job", "job_externals", ["job"], unique=False)


def _job_generations() -> None:
    op.create_table(
        "job_generations",
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", JSON, nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.PrimaryKeyConstraint("job", "generation", name="pk_job_generations"),
    )


def _job_lanes() -> None:
    op.create_table(
        "job_lanes",
        sa.Column("id", SERIAL, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("labels", JSON, nullable=False),
        sa.Column("resources", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_lanes"),
        sa.UniqueConstraint("key", name="uq_job_lanes_key"),
    )


def _job_limits() -> None:
    op.create_table(
        "job_limits",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", name="pk_job_limits"),
    )


def _job_progress() -> None:
    op.create_table(
        "job_progress",
        sa.Column("job", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Float(precision=53), nullable=False),
        sa.Column("total", sa.Float(precision=53), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_job_progress"),
    )


def _job_workers() -> None:
    op.create_table(
        "job_workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("labels", JSON, nullable=False),
        sa.Column("resources", JSON, nullable=False),
        sa.Column("kinds", JSON, nullable=True),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_job_workers"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", SERIAL, sa.Identity(always=False), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waits", sa.Text(), nullable=True),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("timeout", sa.Float(precision=53), nullable=True),
        sa.Column("retry", JSON, nullable=True),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("array_index", sa.Integer(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("service", sa.Boolean(), nullable=False),
        sa.Column("relaxed", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("extra", JSON, nullable=True),
        sa.Column("spec", JSON, nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.ForeignKeyConstraint(["lane"], ["job_lanes.id"], name="fk_jobs_lane"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_jobs_active",
        "jobs",
        ["lane"],
        unique=False,
        sqlite_where=sa.text("state IN ('leased', 'running', 'cancelling')"),
        postgresql_where=sa.text("state IN ('leased', 'running', 'cancelling')"),
    )
    op.create_index(
        "ix_jobs_deadline",
        "jobs",
        ["deadline"],
        unique=False,
        sqlite_where=sa.text("deadline IS NOT NULL AND waits IS NOT NULL"),
        postgresql_where=sa.text("deadline IS NOT NULL AND waits IS NOT NULL"),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["due"],
        unique=False,
        sqlite_where=sa.text("waits = 'time'"),
        postgresql_where=sa.text("waits = 'time'"),
    )
    op.create_index(
        "ix_jobs_ended",
        "jobs",
        ["ended"],
        unique=False,
        sqlite_where=sa.text("ended IS NOT NULL"),
        postgresql_where=sa.text("ended IS NOT NULL"),
    )
    op.create_index("ix_jobs_owner", "jobs", ["owner", "id"], unique=False)
    op.create_index(
        "ix_jobs_parent",
        "jobs",
        ["parent", "array_index"],
        unique=False,
        sqlite_where=sa.text("parent IS NOT NULL"),
        postgresql_where=sa.text("parent IS NOT NULL"),
    )
    op.create_index(
        "ix_jobs_ready",
        "jobs",
        ["lane", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("waits = 'ready'"),
        postgresql_where=sa.text("waits = 'ready'"),
    )
    op.create_index(
        "uq_jobs_idempotency_key",
        "jobs",
        ["owner", "idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_jobs_extra",
            "jobs",
            ["extra"],
            postgresql_using="gin",
            postgresql_ops={"extra": "jsonb_path_ops"},
        )


def _studies() -> None:
    op.create_table(
        "studies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("dataset_version", sa.Integer(), nullable=False),
        sa.Column("source", JSON, nullable=False),
        sa.Column("plan", JSON, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("summary", JSON, nullable=True),
        sa.Column("artifact", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset", "dataset_version"], ["datasets.id", "datasets.version"], name="fk_studies_dataset"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
    )
    op.create_index("ix_studies_dataset", "studies", ["dataset", "dataset_version"], unique=False)
    op.create_index("ix_studies_owner_created", "studies", ["owner", "created"], unique=False)


def _study_fits() -> None:
    op.create_table(
        "study_fits",
        sa.Column("study", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fit", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("experiment", sa.Integer(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("covariance", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("bic", sa.Float(), nullable=True),
        sa.Column("aic", sa.Float(), nullable=True),
        sa.Column("icl", sa.Float(), nullable=True),
        sa.Column("log_likelihood", sa.Float(), nullable=True),
        sa.Column("sizes", JSON, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("degenerate", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["study"], ["studies.id"], name="fk_study_fits_study", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("study", "generation", "fit", name="pk_study_fits"),
    )


def _study_jobs() -> None:
    op.create_table(
        "study_jobs",
        sa.Column("job", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("study", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("fits", JSON, nullable=False),
        sa.ForeignKeyConstraint(["study"], ["studies.id"], name="fk_study_jobs_study", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", name="pk_study_jobs"),
    )
    op.create_index("ix_study_jobs_study", "study_jobs", ["study", "generation"], unique=False)
