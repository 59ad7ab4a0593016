"""What the processor is good at, so that a bundle can hold a variant for each class."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

ProcessorClass: TypeAlias = Literal["dot_product", "plain"]

CPUINFO = Path("/proc/cpuinfo")
DOT_PRODUCT_FLAGS = frozenset({"asimddp", "avx_vnni", "avx512_vnni"})
"""Linux's names for 8-bit dot products: Arm (Cortex-A76 and later), then x86."""


@cache
def processor_class(cpuinfo: Path = CPUINFO) -> ProcessorClass:
    """'dot_product' where 8-bit sums are fast, as on a Pi 5, else 'plain', as on a Pi 4.

    'plain' too where the system does not say: it runs everywhere.
    """
    try:
        text = cpuinfo.read_text()
    except OSError:
        return "plain"
    lines = (line.partition(":") for line in text.splitlines())
    flags = {
        flag
        for key, _, said in lines
        if key.strip() in ("Features", "flags")
        for flag in said.split()
    }
    return "dot_product" if flags & DOT_PRODUCT_FLAGS else "plain"
