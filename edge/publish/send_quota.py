"""How many publishes of QoS 1 may be unacknowledged at once, whatever they tell.

MQTT 5, section 4.9 (flow control): a client sends no PUBLISH of QoS 1 or 2 while as many as the
server's Receive Maximum are unacknowledged. MQTT 3.1.1 has no such number; ours holds there.
"""

from __future__ import annotations


class SendQuota:
    """The publishes of QoS 1 of one connection that are sent or queued, oldest first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes: dict[int, int] = {}  # message id → size of the packet
        self._waiting_since_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether everything sent is answered; before MQTT 5 an answer alone proves nothing."""
        return not self._bytes

    def room(self) -> int:
        """How many more may be sent at once; 0 while others wait their turn."""
        return max(self._most - len(self._bytes), 0)

    def sent(self, message_id: int, size: int, now_s: float) -> None:
        """One more, of `size` bytes, is sent or queued."""
        if not self._bytes:
            self._waiting_since_s = now_s
        self._bytes[message_id] = size

    def answered(self, message_id: int, now_s: float) -> int:
        """The broker answered one; its size in bytes, 0 where it was none of these."""
        self._waiting_since_s = now_s
        return self._bytes.pop(message_id, 0)

    def is_stuck(self, now_s: float, timeout_s: float) -> bool:
        """Whether an acknowledgement is overdue: the connection is dead, whatever TCP says."""
        return bool(self._bytes) and now_s - self._waiting_since_s > timeout_s

    def largest(self) -> int:
        """Size in bytes of the longest packet without an answer; 0 where there is none.

        Of those that are sent: queued ones can't have displeased the broker.
        """
        return max(list(self._bytes.values())[: self._most], default=0)
