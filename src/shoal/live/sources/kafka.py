"""Records of Kafka topics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from shoal.base.errors import InvalidInput, Unavailable
from shoal.base.extras import require
from shoal.live.sources.lines import rows_of
from shoal.live.sources.source import MOST_ROWS, Batch, Place

MOMENT_MS = 500


class Kafka:
    """Give the records of a topic as rows: each JSON, or numbers between commas.

    A place is the next offset of each partition. Offsets are kept here and not by a consumer group, so that
    they agree with what was pushed.

    Args:
        servers: HOST:PORT of brokers, parted by commas.
        topic: the topic; partitions that it gets later are read after a restart.
        latest: begin with what comes next; else with the oldest record that is kept.
        options: more settings of `aiokafka.AIOKafkaConsumer`.
    """

    def __init__(
        self, servers: str, topic: str, *, latest: bool = False, options: Mapping[str, Any] | None = None
    ) -> None:
        self._aiokafka = require("aiokafka", "kafka")
        self._servers = servers
        self._topic = topic
        self._latest = latest
        self._options = dict(options or {})

    def taken(self, batch: Batch) -> None:
        """Do nothing: the place says all."""

    def batches(self, after: Place) -> Iterator[Batch | None]:
        """Give the records after a place.

        Raises:
            Unavailable: no broker answers.
            InvalidInput: there is no such topic.
        """
        errors = require("aiokafka.errors", "kafka")
        place: dict[str, int] = dict(after or {})
        with asyncio.Runner() as runner:
            consumer = runner.run(self._opened(place, errors))
            try:
                while True:
                    batch = batch_of(runner.run(self._next(consumer, errors)), place)
                    place = batch.place if batch else place
                    yield batch
            finally:
                runner.run(_stopped(consumer))

    async def _opened(self, place: Mapping[str, int], errors: Any) -> Any:
        consumer = self._aiokafka.AIOKafkaConsumer(
            bootstrap_servers=self._servers, enable_auto_commit=False, **self._options
        )
        try:
            await consumer.start()
            await self._assign(consumer, await self._partitions(consumer), place)
        except errors.KafkaError as error:
            await _stopped(consumer)
            raise Unavailable(f"No Kafka broker answers at {self._servers}: {error}.") from error
        except InvalidInput:
            await _stopped(consumer)
            raise
        return consumer

    async def _partitions(self, consumer: Any) -> list[int]:
        """Return the topic's partitions; only of a topic that is subscribed to does the client know them."""
        if self._topic not in await consumer.topics():  # Subscribing could make it.
            raise InvalidInput(f"There is no Kafka topic {self._topic!r} at {self._servers}.")
        consumer.subscribe([self._topic])
        while not (partitions := consumer.partitions_for_topic(self._topic)):
            await asyncio.sleep(0.02)
        consumer.unsubscribe()
        return sorted(partitions)

    async def _assign(self, consumer: Any, partitions: Sequence[int], place: Mapping[str, int]) -> None:
        assigned = [self._aiokafka.TopicPartition(self._topic, number) for number in partitions]
        consumer.assign(assigned)
        for each in assigned:
            if (known := place.get(str(each.partition))) is not None:
                consumer.seek(each, known)
            elif self._latest and not place:
                await consumer.seek_to_end(each)
            else:
                await consumer.seek_to_beginning(each)

    async def _next(self, consumer: Any, errors: Any) -> Mapping[Any, Sequence[Any]]:
        try:
            found: Mapping[Any, Sequence[Any]] = await consumer.getmany(
                timeout_ms=MOMENT_MS, max_records=MOST_ROWS
            )
        except errors.KafkaError as error:
            raise Unavailable(f"The Kafka broker at {self._servers} does not answer: {error}.") from error
        return found


async def _stopped(consumer: Any) -> None:
    # A client that is stopped before its first task ran passes the cancelling of that task on.
    with suppress(asyncio.CancelledError):
        await consumer.stop()


def batch_of(found: Mapping[Any, Sequence[Any]], place: Mapping[str, int]) -> Batch | None:
    """Return records by their partitions as a batch with the place after them; None for no records."""
    rows: list[Any] = []
    told: list[str] = []
    after = dict(place)
    for partition, records in found.items():
        for record in records:
            after[str(partition.partition)] = record.offset + 1
            try:
                rows += rows_of(record.value or b"")
            except ValueError as error:
                told.append(f"left out, offset {record.offset} of partition {partition.partition}: {error}")
    return Batch(rows, after, tuple(told)) if after != dict(place) else None
