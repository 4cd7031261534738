"""Whose a task is, in the older service's words; without accounts its owner is its one member."""

from __future__ import annotations

import strawberry


@strawberry.type(name="membership", description="What a user or a team may do with a thing.")
class Membership:
    """What a user or a team may do with a thing."""

    id: str
    follow: bool
    user_id: str | None
    team_id: str | None
    webhook: str | None
    role: str


@strawberry.type(name="access", description="Who may do what with a thing; tokens are null: there are none.")
class Access:
    """Who may do what with a thing; tokens are null, for there are none."""

    id: str
    admin_token: str | None
    contributor_token: str | None
    guest_token: str | None
    webhook: str | None
    memberships: list[Membership]

    @classmethod
    def of(cls, id: str, owner: str) -> Access:
        """Return the access to a thing that has an owner and nobody else."""
        admin = Membership(
            id=f"{id}.{owner}", follow=False, user_id=owner, team_id=None, webhook=None, role="admin"
        )
        return cls(
            id=id,
            admin_token=None,
            contributor_token=None,
            guest_token=None,
            webhook=None,
            memberships=[admin],
        )
