"""Occopus' documented requests, with their paths, bodies and answers, over our infrastructures."""
