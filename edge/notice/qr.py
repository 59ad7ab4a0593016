"""A web address → the modules of a QR code (ISO/IEC 18004), by segno."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from edge.errors import UserError

ASCII = bytes(range(0x21, 0x7F)).decode()
"""All that is printed of it, but the space."""
ABSENT = "the QR code of operator.notice_url needs {}: pip install 'agender-edge[notice]'"
QUIET = 4
"""Light modules round the code, which a reader needs (ISO/IEC 18004, 5.3.8)."""

Modules = tuple[tuple[bool, ...], ...]
"""Row by row, True where dark; without the quiet zone."""


def modules_of(url: str) -> Modules:
    """With error correction M or better: 15 % of it may be lost.

    UserError where the extra `notice` is missing, or the address is too long or has no ASCII form.
    """
    try:
        import segno  # noqa: PLC0415 - an extra of its own
    except ImportError as error:
        raise UserError(ABSENT.format("segno")) from error
    try:
        code = segno.make_qr(_ascii_form(url), error="m")
    except segno.DataOverflowError as error:
        raise UserError(
            "operator.notice_url is too long for a QR code, for which every letter outside ASCII "
            "is percent-encoded: take a shorter address"
        ) from error
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def _ascii_form(url: str) -> str:
    """The address as URI (RFC 3987, 3.1): readers guess in which encoding a code's other bytes are.

    What is percent-encoded already stays.
    """
    parts = urlsplit(url)
    host, colon, port = parts.netloc.partition(":")
    if not host.isascii():
        parts = parts._replace(netloc=f"{_ascii_host(host)}{colon}{port}")
        url = parts.geturl()
    return quote(url, safe=ASCII)


def _ascii_host(host: str) -> str:
    """By IDNA 2008, mapped as browsers do (UTS #46)."""
    try:
        import idna  # noqa: PLC0415 - an extra of its own
    except ImportError as error:
        raise UserError(ABSENT.format("idna")) from error
    try:
        return str(idna.encode(host, uts46=True), "ascii")
    except idna.IDNAError as error:
        raise UserError(
            f"operator.notice_url: {host} has no form in ASCII ({error}); write the host as its "
            "registrar does, in labels such as xn--bcher-kva"
        ) from error


def path_of(modules: Modules) -> str:
    """An SVG path of a unit square a module: the dark ones, in runs along each row."""
    parts = []
    for y, row in enumerate(modules):
        x = 0
        while x < len(row):
            begin = x
            while x < len(row) and row[x]:
                x += 1
            if x > begin:
                parts.append(f"M{begin} {y}h{x - begin}v1h{begin - x}z")
            x += 1
    return "".join(parts)
