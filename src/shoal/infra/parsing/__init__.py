"""YAML as people write it, into values that know their file and line."""
