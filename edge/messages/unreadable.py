"""What bytes that are no message make decoding raise."""

from __future__ import annotations

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""Before 0.20 msgspec's errors are no ValueErrors."""
