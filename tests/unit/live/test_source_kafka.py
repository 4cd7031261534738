"""Records of Kafka as rows, with the place after them; the broker itself is not part of this."""

from __future__ import annotations

from aiokafka import ConsumerRecord, TopicPartition

from shoal.live.sources.kafka import batch_of


def record(partition: int, offset: int, value: bytes) -> ConsumerRecord:
    return ConsumerRecord(
        topic="t", partition=partition, offset=offset, timestamp=0, timestamp_type=0, key=None,
        value=value, checksum=None, serialized_key_size=0, serialized_value_size=len(value), headers=(),
    )  # fmt: skip


def test_the_place_is_the_next_offset_of_each_partition() -> None:
    found = {
        TopicPartition("t", 0): [record(0, 4, b"[1, 2]"), record(0, 5, b"3,4")],
        TopicPartition("t", 2): [record(2, 9, b'{"x": 5}')],
    }
    batch = batch_of(found, {"0": 4, "1": 7})
    assert batch is not None
    assert batch.rows == [[1, 2], [3.0, 4.0], {"x": 5}]
    assert batch.place == {"0": 6, "1": 7, "2": 10}
    assert batch_of({}, {"0": 4}) is None


def test_what_is_no_row_is_passed_over_and_told() -> None:
    batch = batch_of({TopicPartition("t", 0): [record(0, 1, b"red"), record(0, 2, b"")]}, {})
    assert batch is not None
    assert (batch.rows, batch.place, len(batch.left)) == ([], {"0": 3}, 2)
