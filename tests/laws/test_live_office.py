"""Live tasks before a host is needed: what is kept, found, copied, refused, told, and taken up again."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from shoal.base.archive import verify
from shoal.base.database import open_database
from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.base.faults import fault_point
from shoal.base.settings import Settings, load_settings
from shoal.live.errors import LiveConflict, TaskFull, TooManyTasks
from shoal.live.log.reader import Reader
from shoal.live.model import Algorithm, Change, Pace, Wish
from shoal.live.states import State
from shoal.live.store import changing
from shoal.live.tasks import Live
from shoal.server import upkeep
from shoal.server.house import House
from shoal.storage import datasets
from tests.support.waiting import wait_until

T = TypeVar("T")
COUNT = fault_point("tests.live_office", "A test forgets how many rows a task has.")
ROWS = np.arange(20.0).reshape(10, 2)
WISH = Wish("walks", algorithm=Algorithm("kmeans", k=3), pace=Pace(iter=20))


def run(work: Awaitable[T]) -> T:
    async def main() -> T:
        return await work

    return asyncio.run(main())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"home": tmp_path / "home", "live": {"hosts": 1}})


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    with House(settings) as opened:
        yield opened


@pytest.fixture
def live(house: House) -> Live:
    return house.live


def kept(house: House, task: str) -> list[list[float]]:
    chunks = Reader(house.home.live / task / "log").read(0, 1 << 40)
    return [[float(number) for number in row] for chunk in chunks for row in chunk.rows]


def test_what_was_pushed_is_counted_at_once_and_by_the_next_server(settings: Settings) -> None:
    with House(settings) as house:
        task = run(house.live.create("me", WISH))
        assert run(house.live.push(task.id, ROWS, key="k")) == (0, 10, False)
        assert run(house.live.push(task.id, ROWS, key="k")) == (0, 10, True)
        found = run(house.live.get(task.id))
        assert (found.rows, found.pushed, found.dim, found.state) == (10, 10, 2, State.CREATED)
    with House(settings) as house:
        assert [one.rows for one in run(house.live.find())] == [10]
        assert run(house.live.push(task.id, ROWS, key="k")).duplicate
        assert kept(house, task.id) == ROWS.tolist()


def test_rows_are_counted_from_the_log_when_the_count_was_not_written(settings: Settings) -> None:
    with House(settings) as house:
        task = run(house.live.create("me", WISH))
        run(house.live.push(task.id, ROWS))
    database = open_database(f"sqlite:///{settings.home / 'shoal.db'}")
    database.write(COUNT, partial(changing.count_rows, counts=[{"id": task.id, "rows": 3, "dim": None}]))
    database.close()
    with House(settings) as house:
        found = run(house.live.get(task.id))
        assert (found.rows, found.dim) == (10, 2)


def test_a_key_makes_one_task_and_leaves_no_second_folder(house: House, live: Live) -> None:
    first = run(live.create("me", WISH, key="k"))
    assert run(live.create("me", WISH, key="k")).id == first.id
    assert [path.name for path in house.home.live.iterdir()] == [first.id]


def test_an_id_of_ones_own_is_taken_once(live: Live) -> None:
    assert run(live.create("me", WISH, id="my-task")).id == "my-task"
    with pytest.raises(Conflict):
        run(live.create("me", WISH, id="my-task"))


def test_of_two_who_want_one_id_one_gets_it_and_keeps_its_rows(house: House, live: Live) -> None:
    async def both() -> list[object]:
        made = (live.create("me", WISH, id="mine") for _ in range(4))
        return list(await asyncio.gather(*made, return_exceptions=True))

    found = run(both())
    assert sum(isinstance(one, Conflict) for one in found) == 3
    run(live.push("mine", ROWS))
    assert kept(house, "mine") == ROWS.tolist()


@pytest.mark.parametrize("id", ["", "..", "../x", "a/b", ".x", "a" * 65, "é", "a\n", "a\0"])
def test_an_id_leads_to_no_other_folder(live: Live, id: str) -> None:
    with pytest.raises(InvalidInput):
        run(live.create("me", WISH, id=id))


def test_a_dataset_goes_ahead_and_is_not_pushed(house: House, live: Live) -> None:
    file = io.BytesIO(b"name,x,y\na,1,2\nb,3,4\nc,,5\n")
    dataset = datasets.add(house.database, house.storage, file, "three.csv")
    task = run(live.create("me", replace(WISH, dataset=dataset.id)))
    assert (task.rows, task.pushed, task.dim, tuple(task.wish.columns)) == (2, 0, 2, ("x", "y"))
    assert kept(house, task.id) == [[1, 2], [3, 4]]


def test_a_task_that_cannot_be_made_leaves_nothing(house: House, live: Live) -> None:
    with pytest.raises(NotFound):
        run(live.create("me", replace(WISH, dataset="nothing")))
    with pytest.raises(InvalidInput):
        run(live.import_("me", b"no export"))
    assert list(house.home.live.iterdir()) == []
    assert run(live.find()) == []


def test_limits_of_owners_and_tasks_hold(tmp_path: Path) -> None:
    live = {"hosts": 1, "tasks_per_owner": 2, "task_size": 1 << 16}
    with House(load_settings({"home": tmp_path / "home", "live": live})) as house:
        tasks = [run(house.live.create("me", WISH)) for _ in range(2)]
        with pytest.raises(TooManyTasks):
            run(house.live.create("me", WISH))
        with pytest.raises(TooManyTasks):
            run(house.live.copy(tasks[0].id, "me"))
        assert len(list(house.home.live.iterdir())) == 2
        with pytest.raises(TaskFull):
            run(house.live.push(tasks[0].id, np.ones((5_000, 2))))
        assert run(house.live.get(tasks[0].id)).rows == 0


def test_a_copy_has_the_rows_and_each_goes_its_own_way(house: House, live: Live) -> None:
    task = run(live.create("me", WISH))
    run(live.push(task.id, ROWS, key="k"))
    copy = run(live.copy(task.id, "you", "mine"))
    assert (copy.owner, copy.wish.name, copy.state, copy.rows, copy.pushed) == (
        "you",
        "mine",
        State.CREATED,
        10,
        0,
    )
    run(live.push(copy.id, ROWS[:1] + 100, key="k"))
    run(live.push(task.id, ROWS[:2] + 200))
    assert kept(house, copy.id) == [*ROWS.tolist(), *(ROWS[:1] + 100).tolist()]
    assert kept(house, task.id) == [*ROWS.tolist(), *(ROWS[:2] + 200).tolist()]
    run(live.delete(task.id))
    assert len(kept(house, copy.id)) == 11


def test_a_deleted_task_leaves_nothing(house: House, live: Live) -> None:
    task = run(live.create("me", WISH))
    run(live.push(task.id, ROWS))
    assert run(live.delete(task.id)).rows == 10
    assert list(house.home.live.iterdir()) == []
    for ask in (live.get, live.play, live.delete, live.summary, live.labels, live.events):
        with pytest.raises(NotFound):
            run(ask(task.id))
    with pytest.raises(NotFound):
        run(live.push(task.id, ROWS))


def test_folders_that_no_task_names_are_removed(settings: Settings) -> None:
    with House(settings) as house:
        task = run(house.live.create("me", WISH))
    (settings.home / "live" / "stray" / "log").mkdir(parents=True)
    with House(settings) as house:
        house.live.start()
        wait_until(lambda: [path.name for path in house.home.live.iterdir()] == [task.id])


def test_without_centres_every_row_is_in_no_cluster(live: Live) -> None:
    task = run(live.create("me", WISH))
    predicted = run(live.predict(task.id, ROWS))
    assert predicted.labels.tolist() == [-1] * 10
    assert run(live.summary(task.id)) is None


def test_waiting_follows_the_table(live: Live) -> None:
    task = run(live.create("me", WISH))
    with pytest.raises(LiveConflict) as refused:
        run(live.wait(task.id))
    assert refused.value.error_code == "not_running"
    with pytest.raises(LiveConflict) as refused:
        run(live.batch("me", replace(WISH, pace=Pace()), ROWS))
    assert refused.value.error_code == "never_finish"


def test_a_listener_hears_of_its_tasks_until_they_are_deleted(live: Live) -> None:
    async def listen() -> list[Change]:
        task, other = await live.create("me", WISH), await live.create("me", WISH)
        heard: list[Change] = []

        async def collect() -> None:
            heard.extend([change async for change in live.watch([task.id])])

        listening = asyncio.create_task(collect())
        await asyncio.sleep(0)
        await live.push(other.id, ROWS)
        for _ in range(50):
            await live.push(task.id, ROWS)
        await live.delete(task.id)
        await asyncio.wait_for(listening, 20)
        return heard

    heard = run(listen())
    assert heard[-1].deleted
    assert len({change.task for change in heard}) == 1
    assert len(heard) < 40  # Not one for each push.


def test_many_push_at_once_and_nothing_is_lost_or_doubled(house: House, live: Live) -> None:
    async def push_all() -> str:
        task = await live.create("me", WISH)
        await asyncio.gather(*(live.push(task.id, ROWS + n, key=f"k{n % 60}") for n in range(120)))
        return task.id

    id = run(push_all())
    assert run(live.get(id)).rows == 600
    assert len(kept(house, id)) == 600


def test_live_tasks_are_in_a_backup(settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    with House(settings) as house:
        task, empty = run(house.live.create("me", WISH)), run(house.live.create("me", WISH))
        run(house.live.push(task.id, ROWS, key="k"))
        upkeep.back_up(house, archive)
    assert any(name.startswith(f"live/{task.id}/log/") for name in verify(archive).members)
    upkeep.put_back(archive, tmp_path / "again")
    with House(settings.model_copy(update={"home": tmp_path / "again"})) as house:
        assert run(house.live.get(task.id)).rows == 10
        assert run(house.live.push(task.id, ROWS, key="k")).duplicate
        assert run(house.live.push(empty.id, ROWS)).first == 0


def test_a_home_without_live_tasks_starts_nothing_for_them(house: House) -> None:
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.startswith("live")}
    house.live.start()
    assert house.live.metrics()["hosts"] == 0
