"""Certificates of servers of logins."""

import ssl

from swarmhub.login.tls_context import tls_context


def test_chain_and_name_are_checked_and_hand_made_roots_are_accepted(monkeypatch):
    def as_in_python_3_13(**_):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", as_in_python_3_13)
    context = tls_context(None)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
