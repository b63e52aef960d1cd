import asyncio
import ssl
import time

import pytest

from swarmhub.login.campus.directory import Directory, DirectoryError, Threads, UnsafeDirectoryError

from ...support.stand_in import make_certificates
from .servers import LdapServer, silent_server

GROUPS = {"geo-101": "cn=geo,dc=uni"}


def certificates(folder, days=1):
    ca, certificate = make_certificates(folder, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return ca, context


def directory(port, ca, scheme="ldap", host="localhost", **more):
    options = {"reader": "cn=reader,dc=uni", "password": "reader-password", "groups": GROUPS, "ca": ca} | more
    return Directory(server=f"{scheme}://{host}:{port}", base="dc=uni", **options)


@pytest.mark.parametrize(
    ("name", "password", "expected"),
    [
        ("ada", "ada-password", ("ada", {"geo-101"})),
        ("ADA", "ada-password", ("ada", {"geo-101"})),
        ("jm7", "Größe-7", ("jm7", {"geo-101"})),
        ("ada", "wrong", None),
        ("ada", "", None),
        ("", "ada-password", None),
        ("nobody", "ada-password", None),
        ("*", "ada-password", None),
        ("ada)(uid=*", "ada-password", None),
        ("ada\0", "ada-password", None),
    ],
)
def test_a_directory_tells_the_name_and_the_groups_for_a_right_password_only(tmp_path, name, password, expected):
    ca, tls = certificates(tmp_path)
    with LdapServer(tls) as server:
        assert directory(server.port, ca).find(name, password) == expected


def test_passwords_are_sent_only_over_tls_with_a_certificate_that_is_trusted(tmp_path):
    ca, tls = certificates(tmp_path)
    with LdapServer(tls) as server:
        assert directory(server.port, ca).find("ada", "ada-password")
        assert server.seen[:2] == ["StartTLS", "cn=reader,dc=uni"]
        with pytest.raises(UnsafeDirectoryError, match="CERTIFICATE_VERIFY_FAILED"):
            directory(server.port, None).find("ada", "ada-password")
    with LdapServer(tls, at_once=True) as server:
        assert directory(server.port, ca, "ldaps").find("ada", "ada-password")
        assert "StartTLS" not in server.seen
    (tmp_path / "old").mkdir()
    old, expired = certificates(tmp_path / "old", days=-1)
    for authority, context, host in ((old, expired, "localhost"), (ca, tls, "127.0.0.2")):
        with LdapServer(context, host) as server:
            with pytest.raises(UnsafeDirectoryError, match="CERTIFICATE_VERIFY_FAILED"):
                directory(server.port, authority, host=host).find("ada", "ada-password")
            assert server.seen == ["StartTLS"], "no password was sent"
    with LdapServer(expired, at_once=True) as server, pytest.raises(UnsafeDirectoryError, match="expired"):
        directory(server.port, old, "ldaps").find("ada", "ada-password")


def test_a_reader_that_is_refused_and_a_busy_directory_are_errors_and_not_wrong_passwords(tmp_path):
    ca, tls = certificates(tmp_path)
    with LdapServer(tls) as server, pytest.raises(DirectoryError, match="refuses the reader cn=reader,dc=uni"):
        directory(server.port, ca, password="old").find("ada", "ada-password")
    with LdapServer(tls, code=51) as server, pytest.raises(DirectoryError, match="busy"):
        directory(server.port, ca).find("ada", "ada-password")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad\r\n\r\n", b"\x30\x84\xff\xff\xff\xff", b"0\x80" * 5000, b"\x00"])
def test_an_answer_that_is_no_ldap_is_an_error_of_the_directory(tmp_path, answer):
    with silent_server(answer) as port, pytest.raises(DirectoryError, match="localhost"):
        directory(port, None).find("ada", "ada-password")


async def test_a_silent_directory_ends_at_the_deadline_and_holds_no_thread(tmp_path):
    threads = Threads(count=1, seconds=0.3)
    ca, tls = certificates(tmp_path)
    with silent_server() as port:
        started = time.monotonic()
        answers = await asyncio.gather(
            *(threads.find(directory(port, ca), "ada", "ada-password") for _ in range(3)), return_exceptions=True
        )
        assert {type(each) for each in answers} == {DirectoryError}
        assert time.monotonic() - started < 4.5, "ldap3 waits for 5 s"
    with LdapServer(tls) as server:
        threads.seconds = 5
        assert (await threads.find(directory(server.port, ca), "ada", "ada-password"))[0] == "ada"
