"""A git repository behind real HTTPS on loopback, served by git's own `http-backend`."""

import os
import re
import shutil
import ssl
import subprocess
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .stand_in import make_certificates


class GitServer:
    """Serves `course` with one file, lab.txt, and what is pushed. `ca` is the file of its root certificate.

    With a `login` ("name:password") it is private. `logins` are the hosts that were asked for, with the login that each got; `calls`
    are the ids and arguments of the git in the folder `programs`. Once it `redirects`, localhost sends to the same repository at
    127.0.0.1.
    """

    def __init__(self, folder: Path, login: str | None = None) -> None:
        self.logins: list[tuple[str, str]] = []
        self.redirects = False
        self.login = login
        self._work = folder / "course"
        self._work.mkdir()
        self._environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder)}
        self._git("init", "-q", "-b", "main")
        self.push({"lab.txt": "1"})
        self._environment |= {"GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1"}
        self.ca, certificate = make_certificates(folder)
        self.programs = folder / "programs"
        self.programs.mkdir()
        program = self.programs / "git"
        self._calls = folder / "calls"
        self._calls.touch()
        self._calls.chmod(0o666)
        note = f"""printf '%s\\n' "$(id -u) $(id -G) $*" >>{self._calls}"""
        program.write_text(f'#!/bin/sh\n{note}\nexec {shutil.which("git")} "$@"\n')
        program.chmod(0o755)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        fields = {"environment": self._environment, "server_of_git": self}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), fields))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()

    def push(self, files: dict[str, str]) -> None:
        """Adds a commit with these files."""
        for path, text in files.items():
            (self._work / path).parent.mkdir(parents=True, exist_ok=True)
            (self._work / path).write_text(text)
        self._git("add", "-A")
        self._git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "x")

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self._work, env=self._environment, check=True)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    environment: dict
    server_of_git: GitServer

    def do_GET(self) -> None:
        """Answers as a web server with CGI does (RFC 3875)."""
        given = self.headers.get("Authorization", "")
        host, _, port = self.headers["Host"].partition(":")
        self.server_of_git.logins.append((host, given))
        if self.server_of_git.redirects and host == "localhost":
            return self._refuse("302 Found", f"Location: https://127.0.0.1:{port}{self.path}")
        login = self.server_of_git.login
        if login is not None and given != f"Basic {b64encode(login.encode()).decode()}":
            return self._refuse("401 Unauthorized", 'WWW-Authenticate: Basic realm="git"')
        path, _, query = self.path.partition("?")
        length = self.headers.get("Content-Length", "0")
        names = {"Content-Type": "CONTENT_TYPE", "Content-Encoding": "HTTP_CONTENT_ENCODING", "Git-Protocol": "HTTP_GIT_PROTOCOL"}
        request = {name: self.headers[header] for header, name in names.items() if self.headers[header]}
        request |= {"REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_LENGTH": length}
        done = subprocess.run(
            ["git", "http-backend"], env=self.environment | request, input=self.rfile.read(int(length)), capture_output=True, check=True
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        status = re.search(rb"^Status: ([^\r\n]*)", head, re.MULTILINE)
        line = status[1] if status else b"200 OK"
        self.wfile.write(b"HTTP/1.0 %s\r\nContent-Length: %d\r\n%s\r\n\r\n%s" % (line, len(body), head, body))

        return None

    do_POST = do_GET

    def _refuse(self, status: str, header: str) -> None:
        self.wfile.write(f"HTTP/1.0 {status}\r\nContent-Length: 0\r\n{header}\r\n\r\n".encode())

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""
