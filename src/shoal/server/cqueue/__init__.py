"""CQueue's documented requests, with their paths, fields and answers, over our jobs.

A task of that queue is a job here: a container, a command on the worker, or a batch of commands.
"""
