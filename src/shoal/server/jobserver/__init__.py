"""Jobserver's documented requests, with their paths, bodies and answers, over our jobs.

A job of that service is a job of ours whose free JSON holds the document. It is a draft until it is run.
"""
