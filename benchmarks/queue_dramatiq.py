"""The peer of `experiment_latency`: Dramatiq on RabbitMQ with results in Redis, set up by the environment."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

broker = RabbitmqBroker(url=os.environ.get("BENCH_RABBITMQ", "amqp://127.0.0.1:1"))
broker.add_middleware(Results(backend=RedisBackend(url=os.environ.get("BENCH_REDIS", "redis://127.0.0.1:1"))))
dramatiq.set_broker(broker)


@dramatiq.actor(store_results=True)  # type: ignore[untyped-decorator, unused-ignore]
def nothing() -> int:
    """Do nothing."""
    return 1
