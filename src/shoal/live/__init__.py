"""Clusters of data that keeps arriving: tasks, their states, their log, and the hosts that follow them."""
