"""A broker that speaks Kafka's protocol, for as long as a test lasts: the one within librdkafka.

It keeps records in memory and has four partitions a topic. It is librdkafka's own, made for testing clients;
Apache Kafka needs a Java program that no package registry has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Producer

PARTITIONS = 4


@dataclass(frozen=True)
class Broker:
    """A running broker: `servers` is HOST:PORT."""

    servers: str
    _producer: Producer

    def publish(self, topic: str, records: Sequence[str]) -> None:
        """Write records, in turn to every partition; return when the broker has them."""
        for number, record in enumerate(records):
            self._producer.produce(topic, record.encode(), partition=number % PARTITIONS)
        assert self._producer.flush(20) == 0


@contextmanager
def running_kafka() -> Iterator[Broker]:
    """Run a broker on 127.0.0.1 until the block ends."""
    settings: dict[str, Any] = {"test.mock.num.brokers": 1, "bootstrap.servers": "replaced", "log_level": 0}
    producer = Producer(settings)
    brokers = producer.list_topics(timeout=20).brokers.values()
    yield Broker(",".join(f"{each.host}:{each.port}" for each in brokers), producer)
    producer.flush(5)
