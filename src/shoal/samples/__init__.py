"""Functions that come with Shoal: `summary`, `describe_by_group`, `cluster`."""

from __future__ import annotations

from shoal.samples.clusters import cluster
from shoal.samples.describing import describe_by_group, summary

__all__ = ["cluster", "describe_by_group", "summary"]
