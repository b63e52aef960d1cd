"""Stand-ins for the servers of a university, in threads, with TLS and a certificate of their own."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from ldap3.protocol.rfc4511 import (
    LDAPDN,
    BindResponse,
    ExtendedResponse,
    LDAPMessage,
    LDAPString,
    PartialAttribute,
    PartialAttributeList,
    ProtocolOp,
    ResultCode,
    SearchResultDone,
    SearchResultEntry,
)
from pyasn1.codec.ber import decoder, encoder


@contextlib.contextmanager
def serve_https(answer: Callable[[str, dict], tuple[int, dict, str]], tls: ssl.SSLContext) -> Iterator[str]:
    """Runs a server; `answer` gets path and query and returns status, headers and text. Yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, headers, text = answer(parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})
            body = text.encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Cas:
    """A CAS server where `user` is logged in; a ticket counts once, and for its service only. `instead` replaces its verdicts."""

    def __init__(self) -> None:
        self.user, self.groups, self.instead, self.tickets, self.asked = "Ada", ["staff", "geo-101"], None, {}, []

    def __call__(self, path: str, query: dict) -> tuple[int, dict, str]:
        self.asked.append((path, query))
        service = query.get("service", "")
        if path == "/cas/login":
            ticket = f"ST-{len(self.tickets)}-{self.user}"
            self.tickets[ticket] = (service, self.user)
            return 302, {"Location": f"{service}{'&' if '?' in service else '?'}ticket={quote(ticket)}"}, ""
        if path == "/cas/logout":
            return 200, {}, "logged out"
        if self.instead is not None:
            return self.instead
        found, user = self.tickets.pop(query.get("ticket"), (None, None))
        if found is None or found != service:
            code = "INVALID_TICKET" if found is None else "INVALID_SERVICE"
            return 200, {}, verdict(f'<cas:authenticationFailure code="{code}">no</cas:authenticationFailure>')
        groups = "".join(f"<cas:memberOf>{group}</cas:memberOf>" for group in self.groups)
        return 200, {}, success(user, f"<cas:attributes>{groups}<cas:mail>x</cas:mail></cas:attributes>")


def verdict(text: str) -> str:
    return f'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{text}</cas:serviceResponse>'


def success(user: str, more: str = "") -> str:
    return verdict(f"<cas:authenticationSuccess><cas:user>{user}</cas:user>{more}</cas:authenticationSuccess>")


class LdapServer(socketserver.ThreadingTCPServer):
    """A directory over StartTLS, or TLS from the start. `people` are DNs with name and password; each is in every group."""

    daemon_threads = True
    people: ClassVar[dict[str, tuple[str, str]]] = {
        "uid=ada,dc=uni": ("ada", "ada-password"),
        "cn=Müller\\, Jürgen,dc=uni": ("jm7", "Größe-7"),
        "uid=wide,dc=uni": ("ａｄａ", "wide-password"),
        "cn=reader,dc=uni": ("reader", "reader-password"),
    }

    def __init__(self, tls: ssl.SSLContext, host: str = "127.0.0.1", *, at_once: bool = False, code: int = 0) -> None:
        super().__init__((host, 0), _Ldap)
        self.tls, self.at_once, self.code, self.seen = tls, at_once, code, []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> "LdapServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Ldap(socketserver.BaseRequestHandler):
    server: LdapServer

    def handle(self) -> None:
        if self.server.at_once:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        data = b""
        while received := self.request.recv(8192):
            data += received
            if b"uniqueMember" in data:  # about a group, with a filter that this specification cannot decode
                number, data = int.from_bytes(data[4:5] if data[2:3] == b"\x02" else data[5:6]), b""
                self._send(number, "searchResEntry", _entry("cn=geo,dc=uni", {}))
                self._send(number, "searchResDone", _result(SearchResultDone(), 0))
                continue
            message, data = decoder.decode(data, asn1Spec=LDAPMessage())
            operation = message["protocolOp"]
            answers = getattr(self, f"on_{operation.getName()}", lambda _: [])(operation.getComponent())
            for name, answer in answers:
                self._send(message["messageID"], name, answer)
            if operation.getName() == "extendedReq":
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)

    def on_extendedReq(self, _request: object) -> list:
        self.server.seen.append("StartTLS")
        return [("extendedResp", _result(ExtendedResponse(), 0))]

    def on_bindRequest(self, request: object) -> list:
        dn, password = str(request["name"]), bytes(request["authentication"].getComponent()).decode()
        self.server.seen.append(dn)
        is_right = self.server.people.get(dn, ("", None))[1] == password or not password
        return [("bindResponse", _result(BindResponse(), self.server.code or (0 if is_right else 49)))]

    def on_searchRequest(self, request: object) -> list:
        asked = bytes(request["filter"].getComponent()["assertionValue"]).decode().lower()
        found = [(dn, {"uid": [uid]}) for dn, (uid, _) in self.server.people.items() if uid == asked]
        return [("searchResEntry", _entry(*each)) for each in found] + [("searchResDone", _result(SearchResultDone(), 0))]

    def _send(self, number: object, name: str, answer: object) -> None:
        message = LDAPMessage()
        message["messageID"] = number
        message["protocolOp"] = ProtocolOp().setComponentByName(name, answer)
        self.request.sendall(encoder.encode(message))


def _result(response: object, code: int) -> object:
    response["resultCode"] = ResultCode(code)
    response["matchedDN"] = LDAPDN("")
    response["diagnosticMessage"] = LDAPString("")
    return response


def _entry(dn: str, attributes: dict[str, list[str]]) -> object:
    entry, found = SearchResultEntry(), PartialAttributeList()
    for index, (name, values) in enumerate(attributes.items()):
        attribute = PartialAttribute()
        attribute["type"] = name
        for place, value in enumerate(values):
            attribute["vals"][place] = value
        found[index] = attribute
    entry["object"], entry["attributes"] = dn, found
    return entry


@contextlib.contextmanager
def silent_server(answer: bytes = b"") -> Iterator[int]:
    """A port that accepts connections and says nothing, or the same to everybody. Yields it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    if not answer:
                        kept.append(connection)
                        continue
                    connection.recv(1000)
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=run, daemon=True).start()
        yield server.getsockname()[1]
        for connection in kept:
            connection.close()
