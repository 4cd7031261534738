"""The tables of studies, their fits and the jobs that run them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
)

from shoal.base.schema import Json, Time, metadata
from shoal.storage.tables import datasets

studies = Table(
    "studies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("dataset_version", Integer, nullable=False),
    Column("source", Json, nullable=False),
    Column("plan", Json, nullable=False),
    Column("facts", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("created", Time, nullable=False),
    Column("started", Time, nullable=False),
    Column("finished", Time),
    Column("error", Text, nullable=False, server_default=""),
    Column("summary", Json),
    Column("artifact", Text, nullable=False, server_default=""),
    Index("ix_studies_owner_created", "owner", "created"),
    Index("ix_studies_dataset", "dataset", "dataset_version"),
    # A dataset stays as long as a study of it does.
    ForeignKeyConstraint(["dataset", "dataset_version"], [datasets.c.id, datasets.c.version]),
)

# One row for each fit that has ended, in each generation; a fit without a row waits or runs.
fits = Table(
    "study_fits",
    metadata,
    Column("study", Text, ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("fit", Integer, primary_key=True, autoincrement=False),
    Column("experiment", Integer, nullable=False),
    Column("k", Integer, nullable=False),
    Column("covariance", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("bic", Float),
    Column("aic", Float),
    Column("icl", Float),
    Column("log_likelihood", Float),
    Column("sizes", Json, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("degenerate", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("job", BigInteger, nullable=False),
)

# `fits` lists the fits that a job runs; it is empty for the jobs that gather and finish.
study_jobs = Table(
    "study_jobs",
    metadata,
    Column("job", BigInteger, primary_key=True, autoincrement=False),
    Column("study", Text, ForeignKey("studies.id", ondelete="CASCADE"), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("fits", Json, nullable=False),
    Index("ix_study_jobs_study", "study", "generation"),
)
