"""A carrier behind TLS, with certificates made at run time: good ones, and every kind that must not be believed."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.listener import Listener

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """Somebody who signs certificates."""

    key: ec.EllipticCurvePrivateKey
    name: x509.Name
    folder: Path

    @staticmethod
    def found(folder: Path, called: str) -> Authority:
        """Make one, with its own certificate in ``folder``."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
        authority = Authority(key, name, folder)
        certificate = _draft(name, name, key, ends=datetime.now(UTC) + DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
             "decipher_only", "digital_signature"), False,
        )  # fmt: skip
        certificate = certificate.add_extension(
            x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        signed = certificate.sign(key, hashes.SHA256())
        authority.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return authority

    @property
    def file(self) -> Path:
        """Who believes in this file believes in everything that this authority signs."""
        return self.folder / f"{self.name.rdns[0].rfc4514_string()[3:]}.pem"

    def context(self, called: str = "localhost", *, ends: timedelta = DAY) -> ssl.SSLContext:
        """Sign a certificate for ``called`` that ends so long from now, and return a server's context with it."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
        draft = _draft(name, self.name, key, ends=datetime.now(UTC) + ends).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(called)]), critical=False
        )
        signed = draft.sign(self.key, hashes.SHA256())
        file = self.folder / "server.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - 30 * DAY)
        .not_valid_after(ends)
    )


class Terminator(Listener):
    """Ends TLS with the certificate of the moment and carries what is inside to ``port``."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__()
        self._behind = port
        self.context = context
        self.believed = 0
        self.refused = 0

    def serve(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        try:
            near = self.context.wrap_socket(plain, server_side=True)
            first = near.recv(65536)  # with TLS 1.3 a client says only now what it thinks of the certificate
        except OSError:
            self.refused += 1
            plain.close()
            return
        self.believed += 1
        with near, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._behind)) as far:
            far.settimeout(10)
            while first:
                far.sendall(first)
                near.sendall(far.recv(65536))
                first = near.recv(65536)
