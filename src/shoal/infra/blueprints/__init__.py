"""Descriptions of clusters that we ship, to copy and change: a folder for each."""
