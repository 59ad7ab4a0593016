"""A report's rows as a Parquet file, for pandas, DuckDB, Spark and the like."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hub.errors import UsageError
from hub.report.build import FIGURES, Report
from hub.report.forms import columns, flat

REALS = ("coverage", "people_coverage_weighted")


def write_parquet(report: Report, out: Path) -> None:
    """Write the file whole or not at all; UsageError where it can't be written."""
    try:
        import pyarrow  # noqa: PLC0415 - an extra of its own
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"--parquet needs pyarrow ({error}): pip install 'agender-edge[parquet]'"
        ) from error
    kinds = {
        name: pyarrow.float64() if name in REALS
        else pyarrow.int64() if name in FIGURES or name.startswith(("missing", "people_"))
        else pyarrow.string()
        for name in columns(report)
    }  # fmt: skip
    table = pyarrow.Table.from_pylist(list(flat(report)), schema=pyarrow.schema(kinds))
    fresh = out.with_name(f".{out.name}.part")
    try:
        parquet.write_table(table, fresh)
        fresh.replace(out)
    except OSError as error:
        raise UsageError(f"--parquet {out}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
