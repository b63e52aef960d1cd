import time

import pytest
from tornado.web import HTTPError

from swarmhub.login.campus.server import ANSWER_BYTES, Provider, ProviderError, refusal

from ...support.certificate import make_certificate
from .servers import serve_https, silent_server


async def test_only_a_short_answer_in_time_from_a_server_with_a_trusted_certificate_counts(tmp_path):
    ca, tls = make_certificate(tmp_path)
    answers = {
        "/good": (200, {}, "{}"),
        "/moved": (302, {"Location": "/good"}, ""),
        "/broken": (500, {}, "oh"),
        "/long": (200, {}, "x" * (ANSWER_BYTES + 1)),
        "/endless": (200, {"Content-Length": "9" * 30}, "x"),
        "/list": (200, {}, "[1]"),
        "/deep": (200, {}, "[" * 100_000),
        "/text": (200, {}, "<html>"),
    }
    with serve_https(lambda path, _query: answers[path], tls) as address:
        provider = Provider("Uni", ca)
        assert await provider.ask(f"{address}/good") == "{}"
        assert await provider.ask_json(f"{address}/good") == {}
        for path in set(answers) - {"/good"}:
            with pytest.raises(ProviderError):
                await provider.ask_json(f"{address}{path}", seconds=2)
        with pytest.raises(ProviderError, match="CERTIFICATE_VERIFY_FAILED"):
            await Provider("Uni").ask(f"{address}/good")


async def test_a_server_that_is_silent_down_or_no_web_server_is_an_error_in_time():
    provider, started = Provider("Uni"), time.monotonic()
    with silent_server() as silent, silent_server(b"\x00\xff nonsense\r\n\r\n") as nonsense:
        for address in (f"http://localhost:{silent}", f"http://localhost:{nonsense}", "http://localhost:1", "https://uni.invalid"):
            with pytest.raises(ProviderError):
                await provider.ask(address, seconds=0.3)
    assert time.monotonic() - started < 3
    assert provider.is_silent(ProviderError("detail")).jupyterhub_message.startswith("Uni does not answer. Try again in a minute.")


def test_a_name_at_the_university_is_the_name_here():
    names = ["ada", " ADA ", "jürgen", "o'neil", "12345"]
    assert [Provider("Uni").user_name(each) for each in names] == ["ada", "ada", "jürgen", "o'neil", "12345"]


@pytest.mark.parametrize("found", [None, "", " ", 5, ["ada"], "a/b", "ａｄａ", "ada\u00ad", "ju\u0308rgen", "a\nb", "x" * 255])
def test_a_name_that_is_missing_or_could_be_taken_for_another_one_is_refused(found):
    with pytest.raises(HTTPError) as error:
        Provider("Uni").user_name(found)
    assert error.value.status_code == 403


def test_a_refusal_shows_its_link_and_no_text_of_others_as_html():
    error = refusal(403, "<b> 100%", "detail %s", link=("Again & again", '/hub/"'))
    assert error.jupyterhub_html_message.startswith("&lt;b&gt; 100%</p>")
    assert 'href="/hub/&quot;">Again &amp; again</a>' in error.jupyterhub_html_message
    assert "(<b> 100% (detail %s))" in str(error)
