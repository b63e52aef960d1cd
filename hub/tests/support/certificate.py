"""A certificate for localhost that only those trust who know it."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_certificate(folder: Path, name: str = "localhost", days: float = 1) -> tuple[str, ssl.SSLContext]:
    """Returns the certificate in PEM and the context of a server that has it. With negative days it has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), end - timedelta(days=9), end)
    names = [x509.DNSName(name)] + ([x509.IPAddress(ip_address("127.0.0.1"))] if name == "localhost" else [])
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path = folder / f"{name}.{days}.pem"
    path.write_bytes(
        certificate + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return certificate.decode(), context
