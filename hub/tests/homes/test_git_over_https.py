import os
import shutil
import tempfile
from pathlib import Path

import pytest

from swarmhub.homes.git_repository import ContentError, Limits, fetch
from swarmhub.server_settings import Content

from ..support.git_server import GitServer

TOKEN = "geheim-42"  # noqa: S105


@pytest.fixture
def private(monkeypatch):
    """A private repository, whose folder git's own account may read."""
    folder = Path(tempfile.mkdtemp(prefix="https-"))
    folder.chmod(0o755)
    server = GitServer(folder, f"x-token-auth:{TOKEN}")
    monkeypatch.setenv("PATH", f"{server.programs}:{os.environ['PATH']}")
    yield server
    server.close()
    shutil.rmtree(folder)


def read(server, token, into):
    content = Content(f"https://localhost:{server.port}/course/.git", "course", "main")
    return fetch(content, token, None, into, Limits(), ca=server.ca)


def test_a_private_repository_is_read_over_https_with_its_token(private, tmp_path):
    _, files = read(private, TOKEN, tmp_path)
    assert [(file.path, file.size) for file in files] == [("course/lab.txt", 1)]
    assert private.calls
    assert TOKEN not in "".join(private.calls)
    # As root, as the hub is, git runs with an account and a group of its own.
    assert os.geteuid() != 0 or all(call.startswith("65533 65533 ") for call in private.calls)


def test_the_root_certificate_may_be_where_only_root_can_read_it(private, tmp_path):
    closed = tmp_path / "secrets"
    closed.mkdir(0o700)
    private.ca = Path(shutil.copy(private.ca, closed / "content-ca"))
    assert len(read(private, TOKEN, tmp_path / "files")[1]) == 1


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, "it is private or does not exist; a private one needs a token (servers.content.token)"),
        ("wrong-phrase", "it refuses the token (servers.content.token), which may have expired or be for another repository"),
    ],
)
def test_without_the_right_token_the_error_says_so_and_has_no_token(private, tmp_path, token, reason):
    with pytest.raises(ContentError) as caught:
        read(private, token, tmp_path)
    assert str(caught.value) == reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_repository_that_does_not_exist_is_named_as_such(private, tmp_path, token):
    private.login = token and private.login
    content = Content(f"https://localhost:{private.port}/absent", "course")
    with pytest.raises(ContentError) as caught:
        fetch(content, token, None, tmp_path, Limits(), ca=private.ca)
    assert str(caught.value) == ("it does not exist, or the token may not read it" if token else "it does not exist")


def test_a_server_with_an_unknown_root_certificate_gets_no_token(private, tmp_path):
    private.ca = None
    with pytest.raises(ContentError, match=r"its root is private and not in servers\.content\.ca"):
        read(private, TOKEN, tmp_path)
    assert private.logins == []


def test_a_redirect_to_another_host_takes_no_token_along(private, tmp_path):
    private.redirects = True
    with pytest.raises(ContentError):
        read(private, TOKEN, tmp_path)
    assert [login for host, login in private.logins if host == "127.0.0.1"] == [""]
