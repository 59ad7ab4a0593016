"""What can go wrong that a user can mend: each ends the program with one sentence and a status."""

from __future__ import annotations

from typing import ClassVar


class HubError(Exception):
    """Its text is one sentence that names what is wrong and what would be right."""

    status: ClassVar[int] = 1


class UsageError(HubError):
    """A flag, or what it names, that cannot be used."""

    status = 2


class BrokerError(HubError):
    """A broker that refuses for a reason which another try won't mend."""

    status = 3


ALARMED = 5
"""The status of `alarms` where there is one."""


class StoreError(HubError):
    """A store that cannot be opened, read or brought up to date."""

    status = 4


STATUS_HELP = """exit status:
  0  done, or ended by a signal; what was acknowledged is stored
  1  an error of the program itself
  2  wrong command line
  3  the broker refuses: password, rights, shared subscription, or a namesake of the client id
  4  the store can't be opened, read or brought up to date
  5  alarms: there is one"""
