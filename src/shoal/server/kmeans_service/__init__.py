"""K-Means Service's documented requests, with their paths, fields and answers, over our studies.

A job of that service is a study here, a task is a fit; `job_id` is the study's id and `task_id` the fit's.
"""
