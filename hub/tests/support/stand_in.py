"""A stand-in for identity providers on loopback, with TLS by an authority of its own; shapes of the answers by their documentation.

OpenID Connect (also that of Google, Globus and CILogon) is below the root, GitHub Enterprise Server below /login and /api/v3.
"""

import asyncio
import base64
import hashlib
import ipaddress
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tornado.httpserver import HTTPServer
from tornado.httputil import url_concat
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

CLIENT, SECRET = "class-client", "class-secret"


class StandIn:
    """The server. `claims` is who logs in next; `fault` is "", or what goes wrong: silent, nonsense, error, huge or redirect."""

    def __init__(self, folder: Path) -> None:
        self.claims: dict = {"sub": "1", "preferred_username": "ada"}
        self.members: dict[str, set[str]] = {}
        self.teams: list = []
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.fault = ""
        self.secret_ways = ["header", "body"]
        self.id_token: dict = {}
        self.requests: list[tuple[str, dict]] = []
        self.codes: dict[str, dict] = {}
        self.callback = ""
        self.ca, certificate = make_certificates(folder)
        self._loop = asyncio.new_event_loop()
        self.port = 0
        started = threading.Event()
        threading.Thread(target=self._serve, args=(certificate, started), daemon=True).start()
        assert started.wait(10)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def seen(self, path: str) -> dict:
        """Returns the arguments of the last request for a path."""
        return [arguments for each, arguments in self.requests if each.endswith(path)][-1]

    def _serve(self, certificate: Path, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)

        async def start() -> None:
            self.tls = context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            sockets = bind_sockets(0, "127.0.0.1")
            self.port = sockets[0].getsockname()[1]
            routes = [
                (r"/.well-known/openid-configuration", _Discovery),
                (r"(?:/login/oauth)?/authorize", _Authorize),
                (r"/token|/login/oauth/access_token", _Token),
                (r"/userinfo|/api/v3/user", _User),
                (r"/keys", _Keys),
                (r"/end_session", _EndSession),
                (r"/api/v3/user/teams", _Teams),
                (r"/api/v3/orgs/(.*)/members/(.*)", _Members),
            ]
            HTTPServer(Application(routes, stand_in=self), ssl_options=context).add_sockets(sockets)
            started.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()


class _Handler(RequestHandler):
    async def prepare(self) -> None:
        self.provider: StandIn = self.settings["stand_in"]
        self.arguments_seen = {name: self.get_argument(name) for name in self.request.arguments}
        self.provider.requests.append((self.request.path, self.arguments_seen))
        if self.request.path.endswith("/authorize"):
            return
        match self.provider.fault:
            case "silent":
                await asyncio.sleep(60)
            case "nonsense":
                self.finish("<html>" + "x" * 1000)
            case "error":
                self.set_status(500)
                self.finish("oops")
            case "huge":
                self.finish(json.dumps({"x": "x" * 5_000_000}))
            case "redirect":
                self.redirect("http://127.0.0.1:1/")
            case "deep":
                self.finish("[" * 100_000)


class _Discovery(_Handler):
    def get(self) -> None:
        url = self.provider.url
        found = {"issuer": url} | {f"{name}_endpoint": f"{url}/{path}" for name, path in _ENDPOINTS.items()}
        self.finish(found | {"scopes_supported": ["openid", "groups"], "jwks_uri": f"{url}/keys"} | _WAYS)


class _Keys(_Handler):
    def get(self) -> None:
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.provider.key.public_key()))
        self.finish({"keys": [public | {"kid": "k-1", "alg": "ES256", "use": "sig"}]})


class _EndSession(_Handler):
    def get(self) -> None:
        self.redirect(self.arguments_seen["post_logout_redirect_uri"])


class _Authorize(_Handler):
    def get(self) -> None:
        seen = self.arguments_seen
        if seen["client_id"] != CLIENT or seen["code_challenge_method"] != "S256" or seen["redirect_uri"] != self.provider.callback:
            self.set_status(400)
            return
        code = f"code-{len(self.provider.codes)}"
        self.provider.codes[code] = seen | {"claims": self.provider.claims}
        self.redirect(url_concat(seen["redirect_uri"], {"code": code, "state": seen["state"]}))


class _Token(_Handler):
    def post(self) -> None:
        seen = parse_qs(self.request.body.decode())
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_known = {
            "header": self.request.headers.get("Authorization") == f"Basic {basic}" and "client_secret" not in seen,
            "body": seen.get("client_secret") == [SECRET],
        }
        if not any(is_known[way] for way in self.provider.secret_ways):
            return self._refuse("invalid_client", 401)
        found = self.provider.codes.pop(seen["code"][0], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(seen["code_verifier"][0].encode()).digest()).decode().rstrip("=")
        if not found or challenge != found["code_challenge"] or seen["redirect_uri"] != [found["redirect_uri"]]:
            return self._refuse("invalid_grant", 400)
        claims = found["claims"]
        token = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
        now = datetime.now(UTC)
        id_token = {"iss": self.provider.url, "aud": CLIENT, "sub": claims.get("sub"), "iat": now, "exp": now + timedelta(minutes=5)}
        signed = jwt.encode(id_token | self.provider.id_token, "k" * 32)
        self.finish({"access_token": token, "token_type": "bearer", "scope": "read:org", "id_token": signed})
        return None

    def _refuse(self, error: str, status: int) -> None:
        self.set_status(200 if "access_token" in self.request.path else status)  # GitHub's errors have status 200
        self.finish({"error": error, "error_description": "<b>details</b>"})


class _User(_Handler):
    def get(self) -> None:
        self.finish(json.loads(base64.urlsafe_b64decode(self.request.headers["Authorization"].removeprefix("Bearer "))))


class _Teams(_Handler):
    def get(self) -> None:
        page = int(self.arguments_seen["page"])
        self.finish(json.dumps(self.provider.teams[100 * page - 100 : 100 * page]))


class _Members(_Handler):
    def get(self, organization: str, login: str) -> None:
        if login in self.provider.members.get(organization.replace("/teams/", ":"), set()):
            self.set_status(204)
        else:
            self.redirect(f"/api/v3/orgs/{organization}/public_members/{login}")  # as GitHub does


_WAYS = {"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]}
_ENDPOINTS = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "end_session"}


def make_certificates(folder: Path, days: int = 1) -> tuple[Path, Path]:
    """Writes a root certificate, and a certificate of it for localhost with its key; valid from two days ago for `days` from now."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("Test CA", "localhost")]
    found = []
    for name, key in zip(names, keys, strict=True):
        is_root = name is names[0]
        found.append(
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + timedelta(days=1 if is_root else days))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
            .sign(keys[0], hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
    key = keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(found[0])
    (folder / "localhost.pem").write_bytes(found[1] + key)
    return folder / "ca.pem", folder / "localhost.pem"


def callback_arguments(**arguments: str) -> str:
    """Returns a path of the hub's callback."""
    return f"/hub/oauth_callback?{urlencode(arguments)}"
