"""What jobs need beside a queue: groups, webhooks, schedules, quotas, a result cache."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
