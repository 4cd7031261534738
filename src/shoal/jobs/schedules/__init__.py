"""Schedules: requests that are submitted again and again, at times that a cron line names."""
