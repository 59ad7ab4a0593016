"""Why the broker doesn't take us, as a sentence that names what to mend."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from datetime import UTC, datetime

from paho.mqtt.reasoncodes import ReasonCode

from edge.broker_address import Endpoint
from edge.config.broker import Mqtt
from edge.errors import why
from edge.host.readings import has_route
from edge.publish.peer_error import NoWayError, UnpinnedError

_ADVICE = {
    0x84: "the broker does not speak this MQTT version; set mqtt.protocol",
    0x85: "the broker refuses the client id; change device.site or device.name",
    0x86: "the broker refuses user or password; check mqtt.username and the password",
    0x87: "the broker does not authorise this device; check mqtt.username, the password and the "
    "broker's ACL",
    0x8A: "the broker has banned this device",
    0x8C: "the broker refuses the way of authentication",
    0x8E: "another client connected under this device's id; device.name must be unique",
    0x97: "the broker's quota for this device is used up",
    0x9F: "the broker limits the rate of connections",
}
"""MQTT 5 reason codes (section 2.4 of the standard) that waiting alone seldom mends."""

HINTS = {
    0x93: "lower mqtt.max_in_flight",
    0x95: "raise its limit on the size of packets",
    0x96: "raise its limit on the rate of messages, or lengthen window.length_s and health.every_s",
    0x98: "its administrator or its rules ended the connection; see its log",
    0x9A: "let it retain messages, or set mqtt.retain",
    0x9B: "let it take QoS 1, or set mqtt.qos",
    0x9C: "set mqtt.host to the other one",
    0x9D: "set mqtt.host to the other one",
}
"""What helps against a reason that is no judgement on this device, said after its name."""

_FAILURES: dict[type[OSError], str] = {
    ConnectionResetError: "the broker resets the connection; check mqtt.port and mqtt.tls",
    TimeoutError: "the broker does not answer",
}
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)
"""The last one is IPv6's, where no interface has an address."""
_NOT_YET_VALID, _EXPIRED = 9, 10
"""X509_V_ERR_CERT_NOT_YET_VALID and …_HAS_EXPIRED of OpenSSL's x509_vfy.h."""
_REFUSES_ANONYMOUS = re.compile("ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE)")
"""How brokers answer a client that shows no certificate; with TLS 1.2 also as below."""
_MAY_REFUSE_ANONYMOUS = "ALERT_HANDSHAKE_FAILURE"
ASKS_FOR_CERTIFICATE = (
    "the broker asks for a certificate of this device; set mqtt.cert_file and mqtt.key_file"
)
NO_NETWORK = "this machine has no network; connect it (ip route shows no way out)"
_ALERT = re.compile(r"\[SSL: \w*?ALERT_(\w+)\]")

_EARLY_CLOSE = "the broker closes the connection unanswered"
UNSUPPORTED_VERSION = 0x84
PACKET_TOO_LARGE = 0x95


def early_close(settings: Mqtt, to: Endpoint) -> str:
    """Why a broker may end a connection without a word.

    With TLS 1.3 it judges our certificate after the handshake, and what it says of one that is
    missing may be lost with the connection.
    """
    if to.tls and not settings.cert_file:
        return (
            f"{_EARLY_CLOSE}, as one that asks for a certificate of this device; set "
            "mqtt.cert_file and mqtt.key_file if it does, or check mqtt.port"
        )
    return f"{_EARLY_CLOSE}; check mqtt.port and mqtt.tls"


def is_refusal(reason: ReasonCode) -> bool:
    """Whether the broker refused us, rather than being busy or on its way out."""
    return reason.value in _ADVICE


def explain(problem: ReasonCode | OSError, *, certified: bool = True) -> str:
    """One sentence, without a final stop; `certified`: this device has a certificate to show."""
    if isinstance(problem, ReasonCode):
        hint = HINTS.get(problem.value)
        said = f"the broker says: {problem.getName().lower()}" + (f"; {hint}" if hint else "")
        return _ADVICE.get(problem.value, said)
    if isinstance(problem, NoWayError | UnpinnedError):
        return str(problem)
    if isinstance(problem, ssl.SSLError):
        return _tls(problem, certified=certified)
    return _unreached(problem)


def _unreached(problem: OSError) -> str:
    if isinstance(problem, socket.gaierror):
        return _unknown_name(problem)
    for kind, sentence in _FAILURES.items():
        if isinstance(problem, kind):
            return sentence
    if problem.errno in _UNREACHABLE and has_route() is False:
        return NO_NETWORK
    return f"the broker is not reached: {why(problem).lower()}"


def _tls(problem: ssl.SSLError, *, certified: bool) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return _untrusted(problem)
    if not certified and _REFUSES_ANONYMOUS.search(str(problem.reason)):
        return ASKS_FOR_CERTIFICATE
    if not certified and _MAY_REFUSE_ANONYMOUS in str(problem.reason):
        return (
            "the broker refuses TLS, and may ask for a certificate of this device; set "
            "mqtt.cert_file and mqtt.key_file"
        )
    return f"TLS failed: {problem.reason or problem}; check mqtt.port, mqtt.tls and certificates"


def _untrusted(problem: ssl.SSLCertVerificationError) -> str:
    today = datetime.now(UTC).date().isoformat()
    if problem.verify_code == _NOT_YET_VALID:
        return (
            f"the broker's certificate is not valid yet, for this machine's clock says {today}; "
            "set the clock (timedatectl shows whether it is synchronised)"
        )
    if problem.verify_code == _EXPIRED:
        return (
            f"the broker's certificate has expired by this machine's clock, which says {today}; "
            "renew it at the broker, or set the clock"
        )
    return (
        f"the broker's certificate is not trusted: {problem.verify_message}; "
        "check mqtt.ca_file and mqtt.host"
    )


def _unknown_name(problem: socket.gaierror) -> str:
    if has_route() is False:
        return NO_NETWORK
    if problem.errno == socket.EAI_AGAIN:
        return "the broker's name can't be looked up; check the name server (/etc/resolv.conf)"
    return "the broker's name is not known; check mqtt.host"


def explain_alert(text: str, *, certified: bool = True) -> str | None:
    """A line of the client library's log → why TLS ended; None where it tells of something else.

    With TLS 1.3 the broker judges our certificate after the handshake, so no call fails by it.
    """
    found = _ALERT.search(text)
    if found is None:
        return None
    if not certified and _REFUSES_ANONYMOUS.search(found[0]):
        return ASKS_FOR_CERTIFICATE
    alert = found[1].lower().replace("_", " ")
    return f"the broker refuses our certificate: {alert}; check mqtt.cert_file and mqtt.key_file"
