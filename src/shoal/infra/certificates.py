"""Certificates of machines that vouch for themselves: whoever is given one knows whom it speaks with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.base.extras import require

_YEARS = 10  # a machine that lives longer is replaced by hand
_HEAD = "-----BEGIN CERTIFICATE-----"


def self_signed(name: str) -> str:
    """Return a key and its certificate for a host name or an address, PEM, one after the other.

    Raises:
        InvalidInput: no certificate can be for this name.
    """
    x509 = require("cryptography.x509", "ssh")
    ec = require("cryptography.hazmat.primitives.asymmetric.ec", "ssh")
    hashes = require("cryptography.hazmat.primitives.hashes", "ssh")
    serialization = require("cryptography.hazmat.primitives.serialization", "ssh")
    key, begun = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) - timedelta(hours=1)
    try:
        named = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
            .not_valid_before(begun)
            .not_valid_after(begun + timedelta(days=365 * _YEARS))
            .add_extension(x509.SubjectAlternativeName([_subject(x509, name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(x509), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
    except ValueError as error:
        advice = "Name the secret as machines are reached: a host name or an address."
        raise InvalidInput(f"No certificate can be for {name!r}: {error}.", hint=advice) from error
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    content: bytes = key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM)
    return content.decode()


def without_key(pem: str) -> str:
    """Return the certificate alone."""
    _, found, rest = pem.partition(_HEAD)
    return found + rest


def _subject(x509: Any, name: str) -> Any:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(x509: Any) -> Any:
    """Return what strict checkers want to see: it proves who answers, and vouches for itself."""
    refused = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    others = dict.fromkeys((*refused, "crl_sign", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=True, **others)
