"""Does it go on for ever?

python -m benchmarks.soak --hours 1                  # the product in real time, faults throughout
python -m benchmarks.soak --day                      # as many windows as a day has, in minutes
python -m benchmarks.soak --frames 10000000          # the stages alone, half an hour
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from benchmarks.soak import plan, stages
from benchmarks.soak.run import VERBS, Soak, soak
from edge.errors import UserError
from tests.publish.support import MOSQUITTO


def main() -> int:
    """Soak, print the verdict; 1 where something was not as it should be."""
    options = _options()
    if options.frames:
        return stages.soak(options.frames, options.steps)
    if MOSQUITTO is None:
        print("soak: mosquitto is missing: sudo apt install mosquitto", file=sys.stderr)
        return 1
    chosen = plan.real_time(options.hours) if options.hours else plan.day(options.windows)
    print(f"soak: {chosen.name}", flush=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        done = soak(chosen, options.json)
    except (UserError, OSError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    print_verdict(done)
    return int(bool(done.wrong))


def _end(number: int, _frame: object) -> None:
    """A signal leaves nothing running and nothing mounted: what was started is ended on the way."""
    sys.exit(128 + number)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--hours", type=float, metavar="H", help="the product, in real time")
    how.add_argument("--day", action="store_true", help="the product, a day's windows")
    how.add_argument("--frames", type=int, metavar="N", help="the stages between, so many frames")
    parser.add_argument("--windows", type=int, default=plan.DAY_WINDOWS, metavar="N",
                        help=f"with --day (default {plan.DAY_WINDOWS})")  # fmt: skip
    parser.add_argument("--steps", type=int, default=10,
                        help="with --frames: lines printed (default 10)")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures and samples")
    options = parser.parse_args()
    if options.hours is not None and options.hours <= 0:
        parser.error("--hours: expected more than 0")
    return options


def print_verdict(done: Soak) -> None:
    """The figures that matter, and what is wrong."""
    report = done.report()
    faults = ", ".join(f"{name} {count}" for name, count in sorted(done.suffered.items()))
    print(f"\n{sum(done.suffered.values())} faults: {faults}")
    print(
        f"{report['windows']} windows, none missing or doubled unless told below; "
        f"{report['repeats']} repeats dropped; {report['windows_undisturbed']} undisturbed\n"
        f"{report['covered_s']} s in windows, {report['observed_s']} s observed, of "
        f"{report['ran_s']} s; {report['frames']} frames; {report['boots']} starts of vision\n"
        f"{report['people']} people counted; in the time observed the clip shows "
        f"{report['people_shown']}"
    )
    for verb in VERBS:
        found = done.growth(verb)
        if found is not None:
            print(
                f"{verb:<10} {found.rss_mb:6.1f} MiB resident ({found.pss_mb:.1f} proportional), "
                f"{found.handles} open files, {found.threads} threads at most; "
                f"{found.slope_mb:+.3f} MiB, {found.slope_handles:+.2f} files in "
                f"{done.plan.unit}, over {found.judged_s:.0f} s"
            )
    for sentence in done.wrong:
        print(f"WRONG: {sentence}")
    print("all as it should be" if not done.wrong else f"{len(done.wrong)} things are wrong")


if __name__ == "__main__":
    sys.exit(main())
