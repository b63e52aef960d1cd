import base64
import os
import shutil
import ssl
import subprocess
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from swarmhub.homes.git_repository import ContentError, Limits, fetch
from swarmhub.server_settings import Content

BACKEND = Path(subprocess.check_output(["git", "--exec-path"], text=True).strip()) / "git-http-backend"
PATH = os.environ["PATH"]
TOKEN = "geheim-42"  # noqa: S105


class Service(BaseHTTPRequestHandler):
    """What GitHub, GitLab and Gitea are for a private repository: git's own program for CGI, behind a login."""

    logins: list[str]
    repositories: Path
    elsewhere: str | None

    def handle_any(self) -> None:
        login = self.headers.get("Authorization", "")
        self.logins.append(login)
        if self.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.elsewhere + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        expected = base64.b64encode(f"x-token-auth:{TOKEN}".encode()).decode()
        if login != f"Basic {expected}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        answer = subprocess.run(
            [BACKEND],
            input=self.rfile.read(int(self.headers.get("Content-Length", 0))),
            capture_output=True,
            check=True,
            env={
                "PATH": PATH,
                "GIT_PROJECT_ROOT": str(self.repositories),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REMOTE_USER": "teacher",
            },
        ).stdout
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n"))
        self.send_response(int(lines.pop("Status", "200").split()[0]))
        for name, value in {**lines, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = handle_any

    def log_message(self, *_words) -> None:
        pass


@pytest.fixture
def folder():
    """A folder that git's own account may read."""
    path = Path(tempfile.mkdtemp(prefix="https-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def certificate(folder):
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2")
    files = ("-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    subprocess.run(["openssl", "req", "-x509", *curve, *subject, *files], check=True, capture_output=True)
    (folder / "cert.pem").chmod(0o644)
    return folder / "cert.pem"


@pytest.fixture
def serve(folder, certificate):
    """Starts a service, and returns its address and the logins that it gets."""
    running = []

    def start(elsewhere: str | None = None) -> tuple[str, list[str]]:
        logins: list[str] = []
        handler = type("Handler", (Service,), {"logins": logins, "repositories": folder / "git", "elsewhere": elsewhere})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"https://localhost:{server.server_address[1]}", logins

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def arguments(folder, certificate, monkeypatch):
    """Git trusts the certificate, and its arguments, its account and its environment's names are noted."""
    (folder / "bin").mkdir()
    program = folder / "bin/git"
    noted = folder / "noted"
    noted.touch()
    noted.chmod(0o666)
    program.write_text(
        f"""#!/bin/sh
printf '%s\\n' "$(id -u) $(id -G) $*" >>{noted}
exec {shutil.which("git")} -c http.sslCAInfo={certificate} "$@"
""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin:{PATH}")
    return noted.read_text


@pytest.fixture
def repository(folder):
    work = folder / "work"
    work.mkdir()
    (work / "lab.txt").write_text("1", encoding="ascii")
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        (*name, "commit", "-qm", "x"),
        ("clone", "-q", "--bare", ".", folder / "git/course.git"),
    ):
        subprocess.run(["git", *words], cwd=work, check=True, capture_output=True)


@pytest.mark.usefixtures("repository")
def test_a_private_repository_is_read_over_https_with_its_token(serve, arguments, tmp_path):
    address, logins = serve()
    commit, files = fetch(Content(f"{address}/course.git", "course", "main"), TOKEN, None, tmp_path, Limits())
    assert [(file.path, file.size) for file in files] == [("course/lab.txt", 1)]
    assert len(commit) == 40
    assert any(logins)
    lines = arguments().splitlines()
    assert lines
    assert TOKEN not in "".join(lines)
    # As root, as the hub is, git runs with an account and a group of its own.
    assert os.geteuid() != 0 or all(line.startswith("65533 65533 ") for line in lines)


@pytest.mark.usefixtures("repository", "arguments")
@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_the_right_token_the_error_says_so_and_has_no_token(serve, tmp_path, token):
    address, _ = serve()
    with pytest.raises(ContentError, match=r"Authentication failed|could not read Username") as caught:
        fetch(Content(f"{address}/course.git", "course", "main"), token, None, tmp_path, Limits())
    assert "wrong" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("repository", "arguments")
def test_a_redirect_to_another_service_takes_no_token_along(serve, tmp_path):
    other, there = serve()
    address, _ = serve(elsewhere=other)
    with pytest.raises(ContentError):
        fetch(Content(f"{address}/course.git", "course", "main"), TOKEN, None, tmp_path, Limits())
    assert there
    assert not any(there)
