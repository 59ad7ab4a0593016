"""A program that follows devices: the types that the reference consumer promises it."""

from __future__ import annotations

from typing import assert_type

from edge.messages.consumer import Consumer, Gap, Verdict

consumer = Consumer()
assert_type(consumer.take("shop/door", "5e1f0a7700c4", 4711), Verdict)
assert_type(consumer.missing("shop/door"), list[Gap])
assert_type(consumer.missing("shop/door")[0].windows, int)
consumer.take("shop/door", "5e1f0a7700c4", "4711")  # type: ignore[arg-type]
