"""Who answers for the camera: what a notice to the people in front of it has to name."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from edge.config.section import Section

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, line ends and changes of direction: no line of print holds them, and XML
(1.0, section 2.2) not even escaped."""


class Operator(Section, frozen=True):
    """Who answers for the camera. The device needs none of it: `agender-edge notice` makes the
    sign and the page for the people in front of the camera from it.
    """

    name: Annotated[
        str, Meta(max_length=120, description="Who is responsible: a company, authority, person.")
    ] = ""
    contact: Annotated[
        str,
        Meta(
            max_length=200,
            description="How to reach them, and their data-protection officer where there is one.",
        ),
    ] = ""
    purpose: Annotated[
        str, Meta(max_length=300, description="What the people are counted for, in a sentence.")
    ] = ""
    legal_basis: Annotated[
        str,
        Meta(max_length=300, description="On what legal basis, as: Article 6(1)(f) GDPR, to …."),
    ] = ""
    retention: Annotated[
        str,
        Meta(
            max_length=500,
            description="How long the counts are kept once they have left the device, and by whom.",
        ),
    ] = ""
    notice_url: Annotated[
        str,
        Meta(
            max_length=300,
            description="Address (http or https) at which you publish the page; the sign shows it "
            "as a QR code. Empty: no QR code.",
        ),
    ] = ""

    def __post_init__(self) -> None:
        for key in self.__struct_fields__:
            if _UNPRINTABLE.search(getattr(self, key)):
                raise ValueError(f"expected {key} in one line, without control characters")
        if self.notice_url and not _is_web_address(self.notice_url):
            raise ValueError(
                "expected a notice_url such as https://example.org/camera, without a user's name"
            )


def _is_web_address(text: str) -> bool:
    """Whether a browser opens it, and nobody's password is in it."""
    if re.search(r'[\s<>"\\^`{|}]', text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
