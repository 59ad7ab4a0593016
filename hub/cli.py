"""The command `agender-hub`: verbs, flags, and one sentence for each error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from hub import asking, flags
from hub.errors import ALARMED, STATUS_HELP, HubError

PROGRAM = "agender-hub"
Run = Callable[[argparse.Namespace], int]

TOP = """examples:
  # a hub with nothing but a broker on this machine (apt install mosquitto)
  agender-hub run
  # what was counted in the last seven days
  agender-hub report"""
RUN = f"""examples:
  # windows of all devices at the broker on this machine, into a SQLite file
  agender-hub run
  # into PostgreSQL; the password stands in ~/.pgpass, or all of the address in AGENDER_HUB_STORE
  agender-hub run --store postgresql://ingestor@db.local/agender
  # two ingestors that share the work
  agender-hub run --share hub --client-id hub-1 --store postgresql://ingestor@db.local/agender
  # a broker with TLS and a password
  agender-hub run --broker hub.local --ca ca.pem --username hub --password-file secret

{STATUS_HELP}"""
REPORT = """examples:
  # the last seven days, day by day, device by device
  agender-hub report
  # a month by weeks, all devices of a site together, for a spreadsheet
  agender-hub report --by week --per site --from 2026-03-01 --to 2026-03-31 --csv > march.csv
  # the hours of one day of one device, for a program
  agender-hub report --by hour --site shop --device door --from 2026-03-07 --to 2026-03-07 --json"""
OCCUPANCY = """examples:
  # today and the six days before, of all entrances of a site
  agender-hub occupancy --site museum
  # of devices that are no site of their own, one day, for a spreadsheet
  agender-hub group hall museum/north museum/south
  agender-hub occupancy --group hall --from 2026-03-07 --to 2026-03-07 --csv > hall.csv"""
ALARMS = """examples:
  # every morning, by cron, which mails what it prints; status 5 where there is something
  agender-hub alarms
  # a device that should tell a window a minute
  agender-hub alarms --device door --quiet-min 5"""
GROUP = """examples:
  agender-hub group north shop/door mall/door mall/till
  agender-hub report --per group
  agender-hub group north --remove
  agender-hub group"""
MIGRATE = """examples:
  # as the tables' owner, before ingestors with few rights are started
  agender-hub migrate --store postgresql://owner@db.local/agender"""
ROLES = """examples:
  agender-hub roles | psql agender"""


class Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the examples, and tells every default that is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, "", False):
            return action.help
        return super()._get_help_string(action)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its status."""
    parsed = parser().parse_args(arguments)
    verb: Run = parsed.verb
    try:
        status = verb(parsed)
        sys.stdout.flush()
    except HubError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        status = error.status
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left; there is nobody to tell
        status = 0
    sys.exit(status)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Keeps the windows of many agender-edge devices in a database, each once.",
        epilog=f"{TOP}\n\n{STATUS_HELP}",
        formatter_class=Help,
    )
    top.add_argument(
        "--version", action="version", version=f"{PROGRAM} {version('agender-edge')}",
        help="show the version and end",
    )  # fmt: skip
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name, run, about, examples, add in (
        ("run", _run, "broker to store, until a signal", RUN, flags.add_run),
        ("report", _report, "figures by hour, day or week", REPORT, asking.add_report),
        (
            "occupancy",
            _occupancy,
            "who is inside, by the lines of all entrances",
            OCCUPANCY,
            asking.add_occupancy,
        ),
        (
            "alarms",
            _alarms,
            "devices gone quiet, and days far outside their weekday's range",
            ALARMS,
            asking.add_alarms,
        ),
        (
            "group",
            _group,
            "name the devices of a group, or list the groups",
            GROUP,
            asking.add_group,
        ),
        ("migrate", _migrate, "bring a store's tables up to date", MIGRATE, flags.add_store),
        ("roles", _roles, "print the SQL of PostgreSQL's roles with few rights", ROLES, None),
    ):
        verb = verbs.add_parser(
            name, help=about, description=about, epilog=examples, formatter_class=Help
        )
        verb.set_defaults(verb=run)
        if add is not None:
            add(verb)
    return top


def _run(parsed: argparse.Namespace) -> int:
    from edge import log  # noqa: PLC0415 - a verb imports only what it needs
    from hub.ingest.run import run  # noqa: PLC0415

    log.set_up("debug" if parsed.verbose else "info")
    return run(flags.settings(parsed), flags.store(parsed))


def _report(parsed: argparse.Namespace) -> int:
    from hub.report.verb import report, report_parquet  # noqa: PLC0415

    question = asking.question(parsed)
    if parsed.parquet is not None:
        told = report_parquet(flags.store(parsed), question, parsed.compared, parsed.parquet)
        sys.stdout.write(told)
    else:
        sys.stdout.write(report(flags.store(parsed), question, parsed.form, parsed.compared))
    return 0


def _occupancy(parsed: argparse.Namespace) -> int:
    from hub.report.verb import occupied  # noqa: PLC0415

    question = asking.question_of_occupancy(parsed)
    sys.stdout.write(occupied(flags.store(parsed), question, parsed.reset, parsed.form))
    return 0


def _alarms(parsed: argparse.Namespace) -> int:
    from hub.report.verb import alarmed  # noqa: PLC0415

    question = asking.question_of_alarms(parsed)
    text, any_alarm = alarmed(flags.store(parsed), question, parsed.quiet_min, parsed.form)
    sys.stdout.write(text)
    return ALARMED if any_alarm else 0


def _group(parsed: argparse.Namespace) -> int:
    from hub.report.verb import groups, regroup  # noqa: PLC0415

    if parsed.name is None:
        sys.stdout.write(groups(flags.store(parsed)))
    else:
        regroup(flags.store(parsed), parsed.name, asking.members(parsed))
    return 0


def _migrate(parsed: argparse.Namespace) -> int:
    from hub.store import open_store  # noqa: PLC0415
    from hub.store.migrations import NEWEST  # noqa: PLC0415

    open_store(flags.store(parsed)).close()
    print(f"the tables are of version {NEWEST}")
    return 0


def _roles(_parsed: argparse.Namespace) -> int:
    from hub.store.migrations import roles  # noqa: PLC0415

    sys.stdout.write(roles())
    return 0
