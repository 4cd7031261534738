"""Containers as attempts at a job: one engine on this machine, spoken to over its Unix socket."""
