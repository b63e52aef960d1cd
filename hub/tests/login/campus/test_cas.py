import pytest

from swarmhub.login.campus.cas import CasAuthenticator, RefusedTicketError, _ended_ticket, read_verdict
from swarmhub.login.campus.cas_tickets import CasTickets

from .servers import success, verdict

FAILURE = '<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>'


def attributes(*groups):
    return "<cas:attributes>" + "".join(f"<cas:memberOf> {group} </cas:memberOf>" for group in groups) + "</cas:attributes>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (success("ada"), ("ada", set())),
        (success("ada", attributes()), ("ada", set())),
        (success("ada", attributes("staff")), ("ada", {"staff"})),
        (success("ada", attributes("staff", "geo")), ("ada", {"staff", "geo"})),
        (success("ada", "<cas:memberOf>staff</cas:memberOf>"), ("ada", set())),
        (success("ada<!-- x -->m"), ("adam", set())),
        (success(""), ("", set())),
    ],
)
def test_name_and_groups_are_read_from_the_verdict(text, expected):
    assert read_verdict(text, "memberOf") == expected
    assert read_verdict(text, "")[1] == set()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        "not xml",
        verdict(""),
        success("ada").replace("http://www.yale.edu/tp/cas", "http://evil"),
        success("ada") + success("eve"),
        verdict(f"{FAILURE}<cas:authenticationSuccess><cas:user>ada</cas:user></cas:authenticationSuccess>"),
        '<!DOCTYPE x [<!ENTITY e "ada">]>' + success("&e;"),
        success("&e;"),
        "<x>" * 100_000,
        "\ud800",
    ],
)
def test_a_verdict_that_is_none_of_a_cas_server_is_an_error(text):
    with pytest.raises(ValueError, match="XML|type|CAS|surrogates"):
        read_verdict(text, "memberOf")


def test_a_refused_ticket_says_why():
    with pytest.raises(RefusedTicketError, match="INVALID_TICKET"):
        read_verdict(verdict(FAILURE), "")


def test_the_ticket_of_a_log_out_is_read_and_nonsense_is_none():
    text = '<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><p:SessionIndex>ST-1</p:SessionIndex></p:LogoutRequest>'
    assert _ended_ticket(text) == "ST-1"
    assert [
        _ended_ticket(each) for each in ("", "<x/>", '<!DOCTYPE x [<!ENTITY e "ST-1">]>' + text.replace("ST-1", "&e;"), "<x>" * 9999)
    ] == [""] * 4


def test_tickets_are_found_after_a_restart_once_and_for_30_days_without_being_written_in_clear(tmp_path):
    clock, path = [0.0], tmp_path / "tickets.json"
    tickets = CasTickets(path, size=3, now=lambda: clock[0])
    tickets.add("ST-1", "ada")
    assert "ST-1" not in path.read_text()
    assert CasTickets(path).take("ST-1") == "ada"
    assert tickets.take("ST-1") is None
    for number in range(5):
        tickets.add(f"ST-{number}", f"user-{number}")
    assert [tickets.take(f"ST-{number}") for number in range(5)] == [None, None, "user-2", "user-3", "user-4"]
    tickets.add("ST-old", "ada")
    clock[0] = 31 * 86400
    tickets.add("ST-new", "ada")
    assert tickets.take("ST-old") is None
    path.write_text('{"a": 1}')
    assert tickets.take("ST-new") is None, "a damaged file"
    path.unlink()
    path.mkdir()
    tickets.add("ST-9", "ada")  # a disk that refuses prevents no login


async def test_nothing_but_the_own_page_logs_in():
    data = {"ticket": "ST-1", "service": "https://other.example.edu", "username": "ada", "password": "x"}
    for handler in (None, object()):
        assert await CasAuthenticator().authenticate(handler, data) is None
