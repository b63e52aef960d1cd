"""Makes the files in a home that Jupyter and IPython would otherwise make at their first start.

A home may fill up while its server runs. With these, a kernel still starts in it and an old notebook still opens (issue 16).
"""

import base64
import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from .open_safely import exists, open_folder

_OTHER_FORM = (errno.ENOTDIR, errno.ELOOP, errno.EACCES)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDERS = (
    *((".ipython", "profile_default", name) for name in ("security", "log", "pid", "startup")),
    (".jupyter",),
    (".local", "share", "jupyter"),
)


def make_stock_folders(storage: Path, slug: str) -> None:
    """Makes what is missing in a home; skips what a user has made in another form. Raises OSError if the home is full or missing."""
    with open_folder(storage / "homes" / slug) as home:
        for names in _FOLDERS:
            with _made(home, names):
                pass
        with _made(home, (".jupyter",)) as folder:
            _write(folder, "migrated", b"")  # jupyter_core/migrate.py only looks whether it is there
        with _made(home, (".local", "share", "jupyter")) as folder:
            _write(folder, "notebook_secret", base64.encodebytes(os.urandom(1024)))  # as nbformat/sign.py makes it


@contextlib.contextmanager
def _made(home: int, names: tuple[str, ...]) -> Iterator[int | None]:
    """Yields the folder; None if the user has something else at its place."""
    with contextlib.ExitStack() as stack:
        folder: int | None = home
        for name in names:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=folder)
            try:
                folder = stack.enter_context(open_folder(name, folder))
            except OSError as error:
                if error.errno not in _OTHER_FORM:
                    raise
                folder = None
                break
        yield folder


def _write(folder: int | None, name: str, content: bytes) -> None:
    """Writes a new file as a whole or not at all: an empty secret would sign every notebook alike."""
    if folder is None or exists(folder, name):
        return
    part = f".{name}.part"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part, dir_fd=folder)
    try:
        descriptor = os.open(part, _NEW, 0o600, dir_fd=folder)
        try:
            os.write(descriptor, content)
            os.fsync(descriptor)  # over NFS, a full home is noticed only here
        finally:
            os.close(descriptor)
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise
