"""Reads the files of a git repository that may be hostile.

Git runs with an account of its own and with limits, and never writes out a working tree: hooks, filters, links and submodules of a
repository do nothing. The hub reads plain files out of the object database.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from ..outbound import Proxy
from ..server_settings import Content
from .open_safely import parts_of
from .versions import File

# Not nobody, as whom the page of the room runs: a repository that attacks git would reach that program and its token.
_ACCOUNT = 65533
_MIB = 1 << 20
_MOST_OUTPUT = 4 * _MIB  # of one program; a list of 2000 files is a tenth of it
_SECRET = "SWARMHUB_CONTENT_TOKEN"  # noqa: S105
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class ContentError(Exception):
    """The repository cannot be used; the message is for the log."""


@dataclass(frozen=True)
class Limits:
    """Seconds for one look at the repository, bytes of all files and of the pack, and the number of files."""

    seconds: float = 60
    size: int = 100 * _MIB
    files: int = 2000


def fetch(  # noqa: PLR0913
    content: Content,
    token: str | None,
    known: str | None,
    into: Path,
    limits: Limits,
    protocol: str = "https",
    proxy: Proxy | None = None,
    ca: Path | None = None,
) -> tuple[str, list]:
    """Writes the files of the newest commit to a folder; returns the commit and the files, none if the commit is `known`.

    `ca` is a file with the root certificates that the server may have, instead of the public ones.
    Raises ContentError and OSError. It blocks for `limits.seconds` at most.
    """
    with tempfile.TemporaryDirectory(prefix="content-") as folder:
        git = _Git(Path(folder), content, token, limits, protocol, proxy, ca)
        commit = git.newest()
        if commit == known:
            return commit, []
        git.fetch(commit)
        return commit, git.read_files(content.folder, into)


class _Git:
    def __init__(  # noqa: PLR0913
        self,
        folder: Path,
        content: Content,
        token: str | None,
        limits: Limits,
        protocol: str,
        proxy: Proxy | None = None,
        ca: Path | None = None,
    ) -> None:
        self._folder, self._content, self._limits = folder, content, limits
        self._end = time.monotonic() + limits.seconds
        self._account = {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._account:
            os.chown(folder, _ACCOUNT, _ACCOUNT)
        if ca:  # only root may enter its folder
            (folder / "ca").write_bytes(ca.read_bytes())
        self._environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": protocol,
            "LC_ALL": "C.UTF-8",
            **({_SECRET: token} if token else {}),
            **({"GIT_SSL_CAINFO": str(folder / "ca")} if ca else {}),
            **(proxy.variables() if proxy else {}),
        }
        host = re.match(r"https://[^/]+", content.repository)
        # Only for this host: where it redirects to another one, that one gets no token.
        helper = f'!f() {{ printf "username=x-token-auth\\npassword=%s\\n" "${_SECRET}"; }}; f'
        self._options = ["-c", f"credential.{host[0]}.helper={helper}"] if token and host else []

    def newest(self) -> str:
        ref = f"refs/heads/{self._content.branch}" if self._content.branch else "HEAD"
        lines = self._run("ls-remote", "--", self._content.repository, ref).decode(errors="replace").splitlines()
        found = [line.split("\t") for line in lines]
        for commit, name in (each for each in found if len(each) == 2):
            if name == ref and _COMMIT.fullmatch(commit):
                return commit
        raise ContentError(f"it has no branch {self._content.branch}" if self._content.branch else "it is empty")

    def fetch(self, commit: str) -> None:
        self._run("init", "-q", "--bare", "--template=", ".")
        # Small packs would be unpacked, and a packed file can be a thousand times as large as its pack; large files go past the memory.
        options = ("-c", "fetch.unpackLimit=1", "-c", "core.bigFileThreshold=1m", "-c", "pack.threads=1", "-c", "gc.auto=0")
        ref = f"refs/heads/{self._content.branch}" if self._content.branch else "HEAD"
        arguments = ("-q", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        self._run(*options, "fetch", *arguments, "--", self._content.repository, f"+{ref}:refs/heads/content")
        got = self._run("rev-parse", "refs/heads/content").decode().strip()
        if got != commit:
            raise ContentError("it changed during the download")

    def read_files(self, place: str, into: Path) -> list[File]:
        entries, total = [], 0
        for entry in self._run("ls-tree", "-r", "-l", "-z", "--full-tree", "refs/heads/content").split(b"\0"):
            if not entry:
                continue
            head, _, raw = entry.partition(b"\t")
            mode, _, blob, size = head.decode().split()
            path = _safe_path(place, raw)
            if mode not in ("100644", "100755", "100664") or path is None:
                continue  # a link, a submodule, or a name that no home should have
            total += int(size)
            entries.append((path, blob, int(size), mode == "100755"))
            if len(entries) > self._limits.files or total > self._limits.size:
                raise self._too_large()
        return self._write(entries, into)

    def _write(self, entries: list[tuple[str, str, int, bool]], into: Path) -> list[File]:
        wanted = self._folder / "wanted"
        wanted.write_text("".join(f"{blob}\n" for _, blob, _, _ in entries), encoding="ascii")
        with wanted.open("rb") as names, self._start(["cat-file", "--batch"], names) as process:
            try:
                return [self._copy(process.stdout, each, into) for each in entries]
            finally:
                _end(process)

    def _copy(self, source: BinaryIO, entry: tuple[str, str, int, bool], into: Path) -> File:
        path, blob, size, executable = entry
        if source.readline() != f"{blob} blob {size}\n".encode():
            raise ContentError(f"{path!r} cannot be read")
        target, digest, left = into / path, sha256(), size
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as copy:
            while left:
                block = source.read(min(left, _MIB))
                if not block or time.monotonic() > self._end:
                    raise ContentError(f"{path!r} could not be read in time")
                digest.update(block)
                copy.write(block)
                left -= len(block)
        source.read(1)
        return File(path, digest.hexdigest(), size, executable)

    def _run(self, *arguments: str) -> bytes:
        # Into a file, whose size is limited: a few kilobytes of trees that contain each other make a list of gigabytes.
        with tempfile.TemporaryFile() as written:
            with self._start([*self._options, *arguments], subprocess.DEVNULL, written) as process:
                try:
                    process.wait(timeout=max(self._end - time.monotonic(), 0.1))
                except subprocess.TimeoutExpired:
                    raise ContentError(f"no answer in {self._limits.seconds:.0f} s") from None
                finally:
                    _end(process)
            written.seek(0)
            output = written.read(_MOST_OUTPUT + 1)
        if process.returncode:
            # The limits end git without a word.
            text = (self._folder / "errors").read_text(encoding="utf-8", errors="replace").strip()
            raise ContentError(self._reason(text) or "it exceeds the limits of memory or size")
        if len(output) > _MOST_OUTPUT:
            raise self._too_large()
        return output

    def _too_large(self) -> ContentError:
        return ContentError(f"it is too large: at most {self._limits.files} files and {self._limits.size // _MIB}M")

    def _reason(self, text: str) -> str:
        """Returns in our words what git says of a repository that it may not read; else git's own words."""
        has_token = _SECRET in self._environment
        if "could not read Username" in text:
            return "it is private or does not exist; a private one needs a token (servers.content.token)"
        if "Authentication failed" in text and has_token:
            return "it refuses the token (servers.content.token), which may have expired or be for another repository"
        # The words of libcurl with GnuTLS, in its version 8 and before, and with OpenSSL.
        if re.search("server (certificate )?verification failed|SSL certificate problem", text):
            return "its certificate is not valid, or its root is private and not in servers.content.ca"
        if re.search(r"repository '.*' not found", text):
            return "it does not exist, or the token may not read it" if has_token else "it does not exist"
        return "".join(filter(str.isprintable, text[-300:]))

    def _start(self, arguments: list[str], stdin: int | BinaryIO, stdout: int | BinaryIO = subprocess.PIPE) -> subprocess.Popen:
        # By prlimit, since code of Python between fork and exec can block in a process with threads.
        limits = ["prlimit", f"--fsize={self._limits.size}", f"--as={400 * _MIB}", "--core=0", "--nofile=256"]
        with (self._folder / "errors").open("wb") as errors:
            return subprocess.Popen(  # noqa: S603
                [*limits, "git", *arguments],
                cwd=self._folder,
                env=self._environment,
                stdin=stdin,
                stdout=stdout,
                stderr=errors,
                start_new_session=True,
                **self._account,
            )


def _end(process: subprocess.Popen) -> None:
    # Git's helpers too: they would keep the connection, and their end of the pipe.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _safe_path(place: str, raw: bytes) -> str | None:
    try:
        path = f"{place}/{raw.decode()}"
        parts = parts_of(path)
    except ValueError:
        return None
    is_plain = path.isprintable() and len(parts) <= 20 and all(len(part.encode()) <= 200 for part in parts)
    return path if is_plain else None
