"""Who we are to the broker: user and password, certificates; never from a command line."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

from edge.broker_address import AUTO
from edge.config.broker import Mqtt
from edge.config.credential import credential, secret
from edge.errors import ConfigError

PASSWORD_CREDENTIAL = "mqtt-password"
USERNAME_CREDENTIAL = "mqtt-username"


class Login(NamedTuple):
    """User name and password; both None = anonymous."""

    username: str | None
    password: str | None

    def __repr__(self) -> str:
        """Without the password: a login may end up in a traceback or a log."""
        return f"Login(username={self.username!r}, password=…)"


def login(settings: Mqtt) -> Login:
    """From systemd's credentials (LoadCredential=mqtt-password:…, or sealed-…), else from
    `password_file`.

    Raises ConfigError where a named file can't be read, or a password has no user.
    """
    username = credential(USERNAME_CREDENTIAL) or settings.username or None
    password = secret(PASSWORD_CREDENTIAL, settings.password_file, "mqtt.password_file")
    if password is not None and username is None:
        raise ConfigError("mqtt.username is empty, but there is a password: name the user")
    anybody = any(to.host == AUTO and not to.tls for to in settings.endpoints)
    if password is not None and anybody:
        raise ConfigError(
            "mqtt.auto_unverified: no password is sent to whichever broker answers; set mqtt.tls "
            "= true, or take the password away"
        )
    return Login(username, password)


def tls_context(settings: Mqtt) -> ssl.SSLContext | None:
    """TLS 1.2 or newer, host name and certificate checked; None where TLS is off.

    Raises ConfigError where a file is missing or holds no certificate or key.
    """
    if not any(to.tls for to in settings.endpoints):
        if settings.ca_file or settings.cert_file:
            raise ConfigError("mqtt.tls is false, but certificates are named: set mqtt.tls = true")
        return None
    if bool(settings.cert_file) != bool(settings.key_file):
        raise ConfigError("mqtt.cert_file and mqtt.key_file belong together: set both or none")
    context = _trusting(settings)
    if settings.cert_file:
        _load_pair(context, settings)
    if settings.alpn:
        context.set_alpn_protocols([settings.alpn])
    return context


def _trusting(settings: Mqtt) -> ssl.SSLContext:
    file = _existing(settings.ca_file, "mqtt.ca_file") if settings.ca_file else None
    try:
        context = ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise ConfigError(f"mqtt.ca_file = {file}: holds no PEM certificate") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 began to refuse roots without a key-usage extension, which is how most home
    # brokers' roots are made; one file must serve on both releases of Raspberry Pi OS.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _load_pair(context: ssl.SSLContext, settings: Mqtt) -> None:
    certificate = _existing(settings.cert_file, "mqtt.cert_file")
    key = _existing(settings.key_file, "mqtt.key_file")
    try:
        # An encrypted key would make OpenSSL ask on the terminal; a service has none.
        context.load_cert_chain(certificate, key, password=_no_pass_phrase)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"mqtt.cert_file = {certificate}, mqtt.key_file = {key}: no matching pair of PEM "
            f"certificate and unencrypted key ({_reason(error)})"
        ) from error


def _no_pass_phrase() -> str:
    raise ValueError("the key is encrypted")


def _existing(path: str, key: str) -> str:
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except OSError as error:
        raise ConfigError(f"{key} = {path}: cannot be read: {error.strerror}") from error
    return path


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error)
