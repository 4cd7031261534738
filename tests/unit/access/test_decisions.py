"""Laws of access: one decision, one filter, and they agree."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, MetaData, Table, Text, create_engine, insert, select

from shoal.access import ANONYMOUS, OWNER, TOKEN_HOLDER, Action, Actor, Resource, decide, require, visible
from shoal.base.errors import Forbidden, NotFound, Unauthenticated

ANA = Actor("ana")
HERS, HIS, SHARED = (
    Resource("study", name, owner) for name, owner in [("a", "ana"), ("b", "ben"), ("c", None)]
)
EVERYTHING = [*Action]
OF_PEOPLE = [action for action in Action if action is not Action.WORKER_WORK]


@pytest.mark.parametrize("action", OF_PEOPLE)
@pytest.mark.parametrize("actor", [OWNER, TOKEN_HOLDER])
@pytest.mark.parametrize("resource", [None, HERS, HIS, SHARED])
def test_the_local_owner_and_the_token_may_do_everything(
    actor: Actor, action: Action, resource: Resource | None
) -> None:
    require(actor, action, resource)


@pytest.mark.parametrize("action", EVERYTHING)
def test_nobody_may_only_ask_whether_the_server_is_there(action: Action) -> None:
    assert decide(ANONYMOUS, action).allowed == (action is Action.SERVER_PING)


def test_an_unknown_actor_is_told_to_say_who_they_are() -> None:
    with pytest.raises(Unauthenticated):
        require(ANONYMOUS, Action.STUDY_READ, HERS)


def test_a_thing_of_somebody_else_looks_as_if_it_were_not_there() -> None:
    with pytest.raises(NotFound) as hidden:
        require(ANA, Action.STUDY_READ, HIS)
    assert hidden.value.message == "There is no study b, or you may not see it."
    with pytest.raises(NotFound):
        require(ANA, Action.STUDY_CHANGE, HIS)


def test_what_the_house_owns_may_be_read_but_not_changed() -> None:
    require(ANA, Action.STUDY_READ, SHARED)
    with pytest.raises(Forbidden):
        require(ANA, Action.STUDY_DELETE, SHARED)


@pytest.mark.parametrize("actor", [ANONYMOUS, ANA, Actor("ben"), OWNER])
def test_the_filter_shows_exactly_what_the_decision_allows_to_read(actor: Actor) -> None:
    table = Table("things", MetaData(), Column("id", Text), Column("owner", Text))
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        table.create(conn)
        conn.execute(insert(table), [{"id": each.id, "owner": each.owner} for each in (HERS, HIS, SHARED)])
        shown = set(conn.execute(select(table.c.id).where(visible(actor, table.c.owner))).scalars())
    engine.dispose()
    assert shown == {
        each.id for each in (HERS, HIS, SHARED) if decide(actor, Action.STUDY_READ, each).allowed
    }


def test_reading_actions_are_those_that_change_nothing() -> None:
    assert {action for action in Action if not action.reads} == {
        action
        for action in Action
        if action.rpartition(".")[2]
        in {"create", "change", "delete", "backup", "clean", "execute", "evaluate", "limit", "work", "push"}
    }


@pytest.mark.parametrize("action", EVERYTHING)
def test_a_node_may_only_work(action: Action) -> None:
    assert decide(Actor("node:lab", node=True), action).allowed == (
        action in (Action.WORKER_WORK, Action.SERVER_PING)
    )


def test_only_a_node_may_work() -> None:
    for actor in (OWNER, TOKEN_HOLDER, ANA):
        with pytest.raises(Forbidden):
            require(actor, Action.WORKER_WORK)


def test_running_programs_is_a_right_of_its_own_and_evaluating_text_is_for_admins() -> None:
    with pytest.raises(Forbidden):
        require(ANA, Action.JOB_EXECUTE)
    executing = Actor("ana", executes=True)
    require(executing, Action.JOB_EXECUTE)
    with pytest.raises(Forbidden):
        require(executing, Action.JOB_EVALUATE)
