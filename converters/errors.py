"""What goes wrong with an input of the converters."""

from __future__ import annotations

from edge.errors import UserError


class ConvertError(UserError):
    """An input that cannot be converted; the text is one sentence for the user."""
