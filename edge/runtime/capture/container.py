"""How long a video file says it is, read from its own structure.

Decoders cannot tell the end of a file from a file that was cut: both just give no more frames,
and frame counts are estimates in most containers. Sizes in the structure are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

PARTS_MAX = 10_000
"""A file of more boxes, lists or blocks than this is not followed to its end."""

_BYTES_MAX = 2**50
"""No file is larger."""


def declared_size(path: Path) -> int | None:
    """The number of bytes the file should have at least; None where it does not say.

    Knows MP4 and MOV (ISO/IEC 14496-12), Matroska and WebM (RFC 8794), AVI (RIFF) and GIF89a.
    Transport streams and the like may end anywhere and say nothing.
    """
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        for matches, measure in _KINDS:
            if matches(head):
                try:
                    return measure(file)
                except (
                    OSError,
                    ValueError,
                    OverflowError,
                ):  # it claims more than any file can hold
                    return None
    return None


def _boxes(file: BinaryIO) -> int | None:
    """ISO base media: a row of boxes, each with its size; 0 means up to the end."""
    end = 0
    for _ in range(PARTS_MAX):
        file.seek(end)
        head = file.read(16)
        if len(head) < 8:
            # A header that is cut itself is as short as one that is missing.
            return end + 8 if head else end
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:
            return None
        end += size
    return None


def _riff(file: BinaryIO) -> int | None:
    """RIFF: large AVI files are several in a row."""
    end = 0
    for _ in range(PARTS_MAX):
        file.seek(end)
        head = file.read(8)
        if head[:4] != b"RIFF" or len(head) < 8:
            return end or None
        size = int.from_bytes(head[4:], "little")
        if size == 0:  # a recorder that was switched off never came back to fill it in
            return None
        end += 8 + size + size % 2
    return None


def _segment(file: BinaryIO) -> int | None:
    """EBML: a header and then one segment; live recordings leave its size unknown."""
    end = 0
    for _ in range(2):
        file.seek(end)
        _skip_id(file)
        size = _vint(file)
        if size is None:
            return None
        end = file.tell() + size
    return end if end < _BYTES_MAX else None


def _skip_id(file: BinaryIO) -> None:
    first = file.read(1)
    file.seek(8 - first[0].bit_length() if first and first[0] else 0, 1)


def _vint(file: BinaryIO) -> int | None:
    """A length whose leading zeros tell its own width; all ones mean unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    bits = 7 * (more + 1)
    value = int.from_bytes(first + file.read(more), "big") & ((1 << bits) - 1)
    return None if value == (1 << bits) - 1 else value


def _gif(file: BinaryIO) -> int | None:
    """GIF: blocks up to the trailer."""
    head = file.read(13)
    file.seek(_colours(head[10]) if len(head) == 13 else 0, 1)
    for _ in range(PARTS_MAX):
        kind = file.read(1)
        if kind == b";":
            return file.tell()
        if kind == b"!":
            file.seek(1, 1)
        elif kind == b",":
            head = file.read(9)
            file.seek((_colours(head[8]) if len(head) == 9 else 0) + 1, 1)
        else:
            # The end, where the trailer should be; or something that is no GIF.
            return None if kind else file.tell() + 1
        if not _skip_blocks(file):
            return None
    return None


def _skip_blocks(file: BinaryIO) -> bool:
    """Pass over a block's parts; false where there are too many."""
    for _ in range(100 * PARTS_MAX):
        size = file.read(1)
        if size in (b"", b"\0"):
            return True
        file.seek(size[0], 1)
    return False


def _colours(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


_KINDS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO], int | None]], ...] = (
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"), _boxes),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ", _riff),
    (lambda head: head[:4] == b"\x1a\x45\xdf\xa3", _segment),
    (lambda head: head[:4] == b"GIF8", _gif),
)
