"""The API under /api/v1, and the doors beside it: one file per face."""
