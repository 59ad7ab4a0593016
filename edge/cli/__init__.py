"""The command `agender-edge`: verbs, flags, and one sentence for each error."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from edge import output
from edge.cli.verbs import Run, parser
from edge.errors import UserError

OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What the system may refuse of our own output, of which no file's name is told."""
REFUSALS = (*OUTPUT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP)
"""What a system refuses for a reason that lies in the machine, not in the program."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its status."""
    output.fit_output()
    parsed = parser().parse_args(arguments)
    output.quiet = getattr(parsed, "quiet", False)
    run: Run = parsed.run
    try:
        status = run(parsed)
        if sys.stdout:  # None where it was closed before the start
            sys.stdout.flush()
    except UserError as error:
        print(f"agender-edge: {error}", file=sys.stderr)
        status = error.status
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        # The reader of our output left; there is nobody to tell.
        sys.stderr.close()
        status = 0
    except OSError as error:
        if getattr(parsed, "verbose", False):
            raise
        status = _refused(error)
    _let_go_of_messages()
    sys.exit(status)


def _let_go_of_messages() -> None:
    """What was said goes out, or nowhere where its terminal is gone: no fault of what was done."""
    try:
        if sys.stderr and not sys.stderr.closed:
            sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # Python flushes once more


def _refused(error: OSError) -> int:
    """Say what the system refused, where that is no fault of the program; the status."""
    if error.errno not in REFUSALS or (error.filename is None and error.errno not in OUTPUT):
        raise error
    if error.filename is not None:
        print(f"agender-edge: {error.filename}: {error.strerror}", file=sys.stderr)
        return UserError.status
    print(f"agender-edge: the output cannot be written: {error.strerror}", file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more
    return UserError.status
