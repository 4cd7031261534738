"""Bytes on any backend, and datasets: tables with columns, a version and a content hash."""
