"""A certificate authority for the tests, by the openssl command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


class Authority:
    """Issues certificates signed by one root, into one folder; all keys are P-256."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed (apt install openssl)")
        self._folder = folder
        self._run("req", "-x509", *self._new_key("ca"), "-subj", "/CN=test root",
                  "-days", "2", "-out", "ca.pem")  # fmt: skip
        self.ca = folder / "ca.pem"

    def issue(
        self, name: str, host: str = "127.0.0.1", dns: str = "", usage: str = ""
    ) -> tuple[Path, Path]:
        """A certificate for a host (or a client's common name) and its key; `dns`: by name too.

        `usage`: what alone it is good for, as openssl names it.
        """
        self._run("req", *self._new_key(name), "-subj", f"/CN={name}", "-out", f"{name}.csr")
        extension = self._folder / f"{name}.ext"
        named = f",DNS:{dns}" if dns else ""
        good_for = f"extendedKeyUsage={usage}\n" if usage else ""
        extension.write_text(f"subjectAltName=IP:{host}{named}\n{good_for}")
        self._run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                  "-CAcreateserial", "-days", "2", "-extfile", extension.name,
                  "-out", f"{name}.pem")  # fmt: skip
        return self._folder / f"{name}.pem", self._folder / f"{name}.key"

    def _new_key(self, name: str) -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", f"{name}.key"]  # fmt: skip

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)
