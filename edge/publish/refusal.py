"""Why the broker doesn't take us, as a sentence that names what to mend."""

from __future__ import annotations

import re
import socket
import ssl

from paho.mqtt.reasoncodes import ReasonCode

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

_FAILURES: dict[type[OSError], str] = {
    ConnectionResetError: "the broker resets the connection; check mqtt.port and mqtt.tls",
    socket.gaierror: "the broker's name is not known; check mqtt.host",
    TimeoutError: "the broker does not answer",
}
_ALERT = re.compile(r"\[SSL: \w*?ALERT_(\w+)\]")

EARLY_CLOSE = "the broker closes the connection unanswered; check mqtt.port and mqtt.tls"
UNSUPPORTED_VERSION = 0x84


def is_refusal(reason: ReasonCode) -> bool:
    """Whether the broker refused us, rather than being busy or on its way out."""
    return reason.value in _ADVICE


def explain(problem: ReasonCode | OSError) -> str:
    """One sentence, without a final stop."""
    if isinstance(problem, ReasonCode):
        return _ADVICE.get(problem.value, f"the broker says: {problem.getName().lower()}")
    if isinstance(problem, ssl.SSLCertVerificationError):
        return (
            f"the broker's certificate is not trusted: {problem.verify_message}; "
            "check mqtt.ca_file and mqtt.host"
        )
    if isinstance(problem, ssl.SSLError):
        return (
            f"TLS failed: {problem.reason or problem}; check mqtt.port, mqtt.tls and certificates"
        )
    for kind, sentence in _FAILURES.items():
        if isinstance(problem, kind):
            return sentence
    return f"the broker is not reached: {(problem.strerror or str(problem)).lower()}"


def explain_alert(text: str) -> str | None:
    """A line of the client library's log → why TLS ended; None where it tells of something else.

    With TLS 1.3 the broker judges our certificate after the handshake, so no call fails by it.
    """
    found = _ALERT.search(text)
    if found is None:
        return None
    alert = found[1].lower().replace("_", " ")
    return f"the broker refuses our certificate: {alert}; check mqtt.cert_file and mqtt.key_file"
