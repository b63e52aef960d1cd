"""What the real hub answers to requests that a page of a user's server could send with the visitor's cookies."""

import http.client
import json
import shutil
from urllib.parse import urlsplit

import pytest

from ..support.fake_docker import FakeDocker
from ..support.real_hub import ADMIN_PASSWORD, PROXY, RunningHub

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]

TAB = {"Mode": "navigate", "Dest": "document"}
NO_CORS = {"Mode": "no-cors", "Dest": "empty"}
FETCH = {"Mode": "cors", "Dest": "empty"}
FRAME = {"Mode": "navigate", "Dest": "iframe"}
WORKER = {"Mode": "same-origin", "Dest": "serviceworker"}
PAGES = ["/hub/token", "/hub/home", "/hub/admin", "/hub/spawn", "/hub/spawn-pending/ada", "/hub/user/ada/lab", "/hub/login", "/hub/none"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    docker = FakeDocker()
    running = RunningHub(tmp_path_factory.mktemp("hub"), docker.url)
    yield running
    running.close()
    docker.close()


@pytest.fixture(scope="module")
def ada(hub):
    browser = hub.browser()
    browser.log_in("ada", ADMIN_PASSWORD)
    return browser


def ask(browser, path, purpose, method="GET", headers=None, body=None):
    """Sends one request with the cookies of the browser and follows no redirect."""
    connection = http.client.HTTPConnection(urlsplit(browser.address).netloc, timeout=20)
    sent = {f"Sec-Fetch-{name}": value for name, value in purpose.items()} | {"Sec-Fetch-Site": "same-origin"}
    sent["Cookie"] = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    connection.request(method, path, body, sent | (headers or {}))
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    connection.close()
    return response, text


@pytest.mark.parametrize("purpose", [NO_CORS, FETCH, FRAME, WORKER], ids=["no-cors", "fetch", "frame", "worker"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_hub_is_only_for_tabs(ada, path, purpose):
    assert ask(ada, path, TAB)[0].status != 403
    response, text = ask(ada, path, purpose)
    assert response.status in (403, 424)
    assert "xsrf" not in text.lower()


@pytest.mark.parametrize("purpose", [NO_CORS, FRAME], ids=["no-cors", "frame"])
def test_the_api_answers_no_request_that_jupyterhub_excuses_from_the_xsrf_token(ada, purpose):
    response, text = ask(ada, "/hub/api/users", purpose)
    assert response.status == 403
    assert "ada" not in text


def test_programs_and_old_browsers_which_send_no_such_headers_get_the_pages(ada):
    response, text = ask(ada, "/hub/home", {})
    assert response.status == 200
    assert response.headers["Cross-Origin-Opener-Policy"] == "noopener-allow-popups"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "xsrf_token" in text


def test_health_and_static_files_are_for_everyone(ada):
    for path in ("/hub/health", "/hub/logo", "/hub/static/css/style.min.css"):
        assert ask(ada, path, NO_CORS)[0].status == 200


def test_jupyterlab_learns_that_its_server_has_stopped_and_gets_no_page(ada):
    response, _ = ask(ada, "/user/ada/api/kernels", FETCH, headers={"Accept": "*/*"})
    assert response.status == 302
    assert response.headers["Location"] == "/hub/user/ada/api/kernels"
    response, text = ask(ada, response.headers["Location"], FETCH, headers={"Accept": "*/*"})
    assert response.status == 424
    assert "no longer running" in json.loads(text)["message"]
    response, text = ask(ada, "/hub/user/nobody/api/kernels", FETCH, headers={"Accept": "*/*"})
    assert json.loads(text) == {"status": 404}


def test_scripts_cannot_read_the_xsrf_cookie(ada):
    (cookie,) = [cookie for cookie in ada.cookies if cookie.name == "_xsrf" and cookie.path == "/hub/"]
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_a_link_of_another_site_to_a_file_leads_everybody_to_their_own_start_and_keeps_the_file(ada):
    link, place = "/hub/user-redirect/lab/tree/Week%25202/lab1.ipynb", "%2Fuser%2Fada%2Flab%2Ftree%2FWeek%25202%2Flab1.ipynb"
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    stranger = ada.__class__(ada.address)
    assert "/hub/login?next=" in ask(stranger, link, TAB, headers=elsewhere)[0].getheader("Location")
    spawn = ask(ada, link, TAB, headers=elsewhere)[0].getheader("Location")
    assert spawn == f"/hub/spawn/ada?next={place}"
