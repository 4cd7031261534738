"""`shoal live feed`: rows that come by themselves, from a file, a database, MQTT or Kafka."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoal.base.errors import InvalidSetting, TooManyRequests, Unavailable
from shoal.base.settings import is_reference
from shoal.cli.connection import Where, serving
from shoal.cli.interruption import interruption
from shoal.cli.live_options import Task, found
from shoal.cli.located import located
from shoal.cli.output import say

if TYPE_CHECKING:
    from shoal.client.live_task import LiveTask
    from shoal.live.sources.diary import Diary
    from shoal.live.sources.source import Source

app = typer.Typer(help="Push rows as they come, until Ctrl-C; a restart goes on.", no_args_is_help=True)
# How long it waits for a server or a source that is away before it looks again.
AWAY = 2.0
State = Annotated[
    Path | None,
    typer.Option("--state", metavar="FILE", help="Remembers how far it is.  [.shoal-SOURCE-TASK.json]"),
]
Once = Annotated[bool, typer.Option("--once", help="End when there is nothing more.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="Lines of JSON, or of values below a header.")]
Url = Annotated[str, typer.Option("--database-url", metavar="@FILE|env:NAME|URL", help="Which database.")]
Sql = Annotated[str, typer.Option("--query", metavar="SQL", help="Has :after, and orders by the column.")]
Column = Annotated[str, typer.Option("--column", metavar="NAME", help="A column that only grows.")]
First = Annotated[str, typer.Option("--first", metavar="VALUE", help="Begin after this value.")]
Keep = Annotated[bool, typer.Option("--keep", help="Rows have that column too.")]
Every = Annotated[float, typer.Option("--every", metavar="SECONDS", help="Between two looks.")]
Host = Annotated[str, typer.Option("--host", metavar="HOST[:PORT]", help="The broker.")]
Topic = Annotated[str, typer.Option("--topic", metavar="TOPIC", help="What to read.")]
User = Annotated[str | None, typer.Option("--user", help="A name for the broker.")]
Password = Annotated[
    str | None, typer.Option("--password", metavar="@FILE|env:NAME", help="Where its password is.")
]
Tls = Annotated[bool, typer.Option("--tls", help="Speak TLS.")]
Latest = Annotated[bool, typer.Option("--latest", help="Begin with what comes next.")]


@app.command()
@located
def tail(where: Where, task: Task, file: File, state: State = None, once: Once = False) -> None:
    """Push the lines of a file that grows, also when it is rotated."""
    from shoal.live.sources.tail import Tail

    _feed(where, task, "tail", state, lambda diary: Tail(file, follow=not once))


@app.command()
@located
def sql(
    where: Where,
    task: Task,
    url: Url,
    query: Sql,
    column: Column,
    first: First = "0",
    keep: Keep = False,
    every: Every = 10.0,
    state: State = None,
    once: Once = False,
) -> None:
    """Push what a query finds that is newer than before, again and again."""
    from shoal.live.sources.query import Query

    begin: Any = int(first) if first.lstrip("-").isdigit() else first
    made = partial(Query, url, query, column, first=begin, every=None if once else every, keep=keep)
    _feed(where, task, "sql", state, lambda diary: made())


@app.command()
@located
def mqtt(
    where: Where,
    task: Task,
    host: Host,
    topic: Topic,
    user: User = None,
    password: Password = None,
    tls: Tls = False,
    state: State = None,
) -> None:
    """Push the messages of an MQTT topic (pip install 'shoal[mqtt]')."""
    from shoal.live.sources.mqtt import Mqtt

    if password is not None and not is_reference(password):
        raise InvalidSetting("A password does not belong on a command line.", hint="Say @FILE or env:NAME.")
    name, _, port = host.partition(":")
    number = int(port or (8883 if tls else 1883))
    made = partial(Mqtt, name, topic, port=number, user=user, password=password, tls=tls)
    _feed(where, task, "mqtt", state, lambda diary: made(client=f"shoal-{diary.id[:16]}"))


@app.command()
@located
def kafka(
    where: Where, task: Task, host: Host, topic: Topic, latest: Latest = False, state: State = None
) -> None:
    """Push the records of a Kafka topic (pip install 'shoal[kafka]')."""
    from shoal.live.sources.kafka import Kafka

    _feed(where, task, "kafka", state, lambda diary: Kafka(host, topic, latest=latest))


def register(noun: typer.Typer) -> None:
    """Add the commands to their noun."""
    noun.add_typer(app, name="feed")


def _feed(
    where: Where, word: str, kind: str, state: Path | None, source_of: Callable[[Diary], Source]
) -> None:
    with serving(where) as client, interruption() as asked:
        task = found(client, word)
        path = state or Path(f".shoal-{kind}-{task.id}.json")
        say(f"Feeding {task.name or task.id}. Ctrl-C stops; {path} remembers how far it is.")
        try:
            while not _fed(task, path, source_of, asked.check):
                time.sleep(AWAY)
        except KeyboardInterrupt:
            say("Stopped. The same command goes on where this one was.")


def _fed(task: LiveTask, path: Path, source_of: Callable[[Diary], Source], check: Callable[[], None]) -> bool:
    """Feed until the source has no more, and return True; False when something that is needed is away."""
    from shoal.live.sources.diary import Diary
    from shoal.live.sources.feeding import feed

    def going() -> bool:
        check()
        return True

    def push(rows: list[Any], key: str) -> bool:
        return not task.push(rows, key=key).duplicate

    diary = Diary(path)
    try:
        rows = feed(source_of(diary), diary, push, tell=say, going=going)
    except (Unavailable, TooManyRequests) as error:
        with suppress(BrokenPipeError):
            say(f"{error.message} Trying again.")
        return False
    say(f"{rows:,} rows pushed.")
    return True
