"""A real hub with a password for each person: who gets in, and what ends when a password or the roster changes."""

import html
import json
import re
import shutil
import subprocess
import sys
import threading

import pytest

from swarmhub.login.password_hash import make_hash

from ..support.fake_docker import RUNS, FakeDocker
from ..support.real_hub import ADMIN_PASSWORD, FOLDER, PROXY, TEACHER_PASSWORD, RunningHub
from ..support.user_server import UserServer
from ..support.wait import wait_in_thread_for
from .support import call, change_settings, is_logged_in, make_token
from .test_logins import token_of_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROXY.exists() and shutil.which("node")), reason="the real proxy is not installed, type: npm ci"),
]
WRONG = "Wrong user name or password. Both are on your slip. Your instructor can give you a new password."
SLIPS = {name: f"slip-of-{name}" for name in ("alice", "bob", "carol", "dora", "erik", "frank", "linus")}
HASHES = {name: make_hash(password) for name, password in SLIPS.items()}


class Class(RunningHub):
    """A hub with the people above; ada is an admin and grace a teacher who are not on the roster, linus a teacher who is."""

    def __init__(self, folder, swarm, *options):
        self.swarm = swarm
        self.people = dict(HASHES)
        super().__init__(
            folder, swarm.url, *options, storage=None, roster=True, loginMethod={"kind": "passwords"}, teachers=["grace", "linus"]
        )

    def start_hub(self):
        self.write_roster()
        super().start_hub()

    def write_roster(self, **changes):
        """Writes the file as `up` does; a None takes a person off."""
        self.people = {name: value for name, value in (self.people | changes).items() if value}
        people = [{"name": name, "shown": f"{name.title()} <b>", "groups": [], "password": value} for name, value in self.people.items()]
        path = self.root / "etc/swarmhub/roster.json"
        path.with_suffix(".new").write_text(json.dumps({"people": people}))
        path.with_suffix(".new").replace(path)

    def logged_in(self, name, password=None):
        browser = self.browser()
        status, page = browser.log_in(name, password or SLIPS[name])
        assert (status, is_logged_in(browser)) == (200, True), page
        return browser

    def operate(self, command, **arguments):
        """Runs a command as `swarmhub` does in the hub's container."""
        environment = {"SWARMHUB_ROOT": str(self.root), "SWARMHUB_PORT": str(self.hub_port), "PYTHONPATH": str(FOLDER)}
        run = [sys.executable, "-m", "swarmhub.services.operator_api", command]
        ended = subprocess.run(run, input=json.dumps(arguments), env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder, swarm = tmp_path_factory.mktemp("passwords"), FakeDocker()
    swarm.script = RUNS
    server, patch = UserServer(folder), pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(folder))
    running = Class(folder, swarm, "--SwarmHubSpawner.start_poll_interval=0.1", "--AccessRules.upkeep_seconds=0.3", *server.options)
    yield running
    running.close()
    server.close()
    patch.undo()
    swarm.close()


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))


def server_token(hub, name):
    environment = hub.swarm.services[f"geo-101-nb-{name}"]["TaskTemplate"]["ContainerSpec"]["Env"]
    return next(line.split("=", 1)[1] for line in environment if line.startswith("JUPYTERHUB_API_TOKEN="))


def test_each_name_has_one_right_password_and_a_wrong_name_is_answered_like_a_wrong_password(hub):
    answers = {}
    for name, password in (
        ("alice", SLIPS["bob"]),
        ("nobody", SLIPS["bob"]),
        ("ada", "wrong"),
        ("ada", TEACHER_PASSWORD),
        ("linus", TEACHER_PASSWORD),
        ("alice", ADMIN_PASSWORD),
        ("alice", "x" * 2000),
        ("n" * 5000, "wrong"),
    ):
        status, page = hub.browser().log_in(name, password)
        assert (status, WRONG in text_of(page)) == (403, True)
        answers[name] = page.replace(name, "NAME")
    without_tokens = {re.sub(r'(_xsrf" value=|xsrf_token: )"[^"]*"', "", page) for name, page in answers.items() if len(name) < 100}
    assert len(without_tokens) == 1
    assert hub.browser().log_in("alice", "")[0] == 400
    alice, ada, grace = (
        hub.logged_in(" ALICE", SLIPS["alice"]),
        hub.logged_in("ada", ADMIN_PASSWORD),
        hub.logged_in("grace", TEACHER_PASSWORD),
    )
    hub.logged_in("linus")
    models = [json.loads(browser.open("/hub/api/user")[1]) for browser in (alice, ada, grace)]
    assert [(model["name"], model["admin"]) for model in models] == [("alice", False), ("ada", True), ("grace", False)]
    assert "scrypt" not in hub.log()


def test_nobody_logs_in_through_the_api(hub):
    hub.logged_in("alice")
    hub.logged_in("ada", ADMIN_PASSWORD)
    for name, password in (("alice", SLIPS["alice"]), ("ada", ADMIN_PASSWORD)):
        fields = {"username": name, "password": password, "name": name, "admin": True, "groups": [], "auth_state": {}, "user": name}
        for auth in (fields, {"username": name, "password": password}, {"username": [name]}, name, [name], 1, True, None, {}):
            assert call(hub, "POST", f"/users/{name}/tokens", {"auth": auth})[0] == 403
            assert call(hub, "POST", f"/users/{name}/tokens", {"auth": auth, "_xsrf": "x", "roles": ["admin"]})[0] == 403


def test_a_new_password_ends_all_other_logins_and_the_old_one_is_asked_for(hub):
    here, there = hub.logged_in("bob"), hub.logged_in("bob")
    token = make_token(here, "bob")
    assert here.start_server("bob")[-1]["ready"]
    own = server_token(hub, "bob")
    new = "Größe, 12 Ellen"
    assert "Change password" in here.open("/hub/password")[1]
    for form, sentence in (
        ({"old": "wrong", "new": new, "again": new}, "The old password is wrong."),
        ({"old": SLIPS["bob"], "new": new, "again": "other"}, "The two new passwords are different."),
        ({"old": SLIPS["bob"], "new": "short", "again": "short"}, "The new password must have at least 8 characters."),
        ({"old": SLIPS["bob"], "new": "x" * 2000, "again": "x" * 2000}, "The new password is too long."),
        ({"old": SLIPS["bob"], "new": SLIPS["bob"], "again": SLIPS["bob"]}, "The new password is the old one."),
    ):
        assert sentence in text_of(here.open("/hub/password", form)[1])
    assert is_logged_in(there)
    assert "Your password is changed." in here.open("/hub/password", {"old": SLIPS["bob"], "new": new, "again": new})[1]
    assert [is_logged_in(here), is_logged_in(there)] == [True, False]
    assert [call(hub, "GET", "/user", token=each)[0] for each in (token, own)] == [403, 200]
    assert "geo-101-nb-bob" in hub.swarm.services
    assert hub.browser().log_in("bob", SLIPS["bob"])[0] == 403
    hub.logged_in("bob", new)
    assert call(hub, "POST", "/users/bob/tokens", {"auth": {"username": "bob", "password": new}})[0] == 403
    # Nobody else has a password of one's own there, and no page of another site sends the form.
    assert 'name="old"' not in hub.logged_in("ada", ADMIN_PASSWORD).open("/hub/password")[1]
    form = {"old": ADMIN_PASSWORD, "new": "x" * 9, "again": "x" * 9}
    assert hub.logged_in("ada", ADMIN_PASSWORD).open("/hub/password", form)[0] == 404
    there.cookies.clear()
    assert there.open("/hub/password", {"old": new, "new": "x" * 9, "again": "x" * 9})[0] in (403, 405)
    # A new slip is the newest password, without a restart of the hub.
    hub.write_roster(bob=make_hash("slip 2 of bob"))
    wait_in_thread_for(lambda: not is_logged_in(here))
    hub.logged_in("bob", "slip 2 of bob")
    assert hub.browser().log_in("bob", new)[0] == 403


def test_a_teacher_gives_students_a_new_password_which_is_shown_once(hub):
    carol, grace, ada = hub.logged_in("carol"), hub.logged_in("grace", TEACHER_PASSWORD), hub.logged_in("ada", ADMIN_PASSWORD)
    token = make_token(carol, "carol")
    page = grace.open("/hub/people")[1]
    assert [text in page for text in ('href="/hub/people"', "Carol &lt;b&gt;", "on the slip")] == [True, True, True]
    status, page = grace.open("/hub/people/password", {"name": "carol"})
    (given,) = re.findall(r"<code>([a-z-]{19})</code>", page)
    slip = re.search(r'<dl id="slip".*?</dl>', page, re.DOTALL)[0]
    assert all(f"<dd>{word}</dd>" in slip for word in ("carol", given)), "to print"
    assert (status, given in grace.open("/hub/people")[1]) == (200, False)
    assert [is_logged_in(carol), call(hub, "GET", "/user", token=token)[0]] == [False, 403]
    assert hub.browser().log_in("carol", SLIPS["carol"])[0] == 403
    carol = hub.logged_in("carol", given)
    for name in ("ada", "grace", "linus", "nobody"):
        assert grace.open("/hub/people/password", {"name": name})[0] in (403, 404)
    assert "Only an admin gives a new password to a teacher" in text_of(grace.open("/hub/people/password", {"name": "linus"})[1])
    assert "The new password of Linus" in text_of(ada.open("/hub/people/password", {"name": "linus"})[1])
    # Students, programs with a teacher's token, and visitors get nothing.
    for path in ("/hub/people", "/hub/people/password", "/hub/people/close", "/hub/people/reopen"):
        form = None if path == "/hub/people" else {"name": "alice"}
        assert carol.open(path, form)[0] == 403
        visitor = hub.browser().open(path, form)
        assert visitor[0] == 403 or 'name="password"' in visitor[1]
    assert 'href="/hub/people"' not in carol.open("/hub/home")[1]
    program = hub.browser()
    program.opener.addheaders = [("Authorization", f"token {make_token(grace, 'grace')}")]
    assert program.open("/hub/people/password", {"name": "alice"})[0] == 403
    hub.logged_in("alice")
    assert given not in hub.log()


def test_who_is_taken_off_the_roster_is_out_but_finishes_the_work_in_a_running_server(hub):
    dora, erik = hub.logged_in("dora"), hub.logged_in("erik")
    tokens = make_token(dora, "dora"), make_token(erik, "erik")
    assert dora.start_server("dora")[-1]["ready"]
    own = server_token(hub, "dora")
    page_token = token_of_page(hub, dora, "dora", own)
    hub.write_roster(dora=None, erik=None)
    status, page = erik.open("/hub/home")
    if status == 403:  # the hub ends the login within three seconds, else with the next page
        sentence = "erik is not on the list of the class geo-101. Check the name, or ask your instructor."
        assert (sentence in page, "Forbidden" in page, "Log in under another name" in page) == (True, False, True)
    assert not is_logged_in(erik)
    assert [call(hub, "GET", "/user", token=token)[0] for token in tokens] == [403, 403]
    assert hub.browser().log_in("erik", SLIPS["erik"])[0] == 403
    wait_in_thread_for(lambda: dora.open("/hub/home")[0] == 403 or not is_logged_in(dora))
    assert [call(hub, "GET", "/user", token=token)[0] for token in (own, page_token)] == [200, 200]
    assert call(hub, "POST", "/users/dora/server", {}, page_token)[0] in (403, 404)
    assert "geo-101-nb-dora" in hub.swarm.services
    grace = hub.logged_in("grace", TEACHER_PASSWORD)
    assert grace.open("/hub/api/users/dora/server", method="DELETE")[0] in (202, 204)
    wait_in_thread_for(lambda: call(hub, "GET", "/user", token=page_token)[0] == 403)
    hub.write_roster(dora=HASHES["dora"], erik=HASHES["erik"])
    assert not is_logged_in(erik)
    hub.logged_in("erik")


def test_a_closed_class_lets_only_teachers_and_admins_in_stops_servers_and_opens_again(hub):
    frank, alice = hub.logged_in("frank"), hub.logged_in("alice")
    token = make_token(alice, "alice")
    assert frank.start_server("frank")[-1]["ready"]
    until = "2126-12-01T09:00:00+01:00"
    closed = hub.operate("close", until=until, zone="Europe/Berlin", now="2026-11-30T10:00:00+01:00", stopAfter=3600)
    sentence = "The class geo-101 is closed. It opens again on 1 December 2126 at 09:00 (Europe/Berlin)."
    assert (closed["ok"], closed["sentences"][0]) == (True, sentence)
    assert closed["sentences"][1].startswith("Servers that still run are stopped on ")
    assert closed["servers"] >= 1
    assert sentence in hub.browser().open("/hub/login")[1]
    assert sentence in alice.open("/hub/home")[1]
    assert not is_logged_in(alice)
    assert call(hub, "GET", "/user", token=token)[0] == 403
    status, page = hub.browser().log_in("alice", SLIPS["alice"])
    assert (status, f'<p class="login_error">{sentence}' in page) == (403, True), page
    assert WRONG in text_of(hub.browser().log_in("alice", "wrong")[1])
    grace = hub.logged_in("grace", TEACHER_PASSWORD)
    hub.logged_in("ada", ADMIN_PASSWORD)
    assert "geo-101-nb-frank" in hub.swarm.services, "its user may finish"
    assert grace.open("/hub/people/close", {"until": until, "zone": "Europe/Berlin", "stop_after": "0"})[0] == 200
    assert "All servers are being stopped." in hub.browser().open("/hub/login")[1]
    wait_in_thread_for(lambda: "geo-101-nb-frank" not in hub.swarm.services)
    assert "only teachers and admins can log in." in text_of(grace.open("/hub/people")[1])
    assert grace.open("/hub/people/reopen", {})[0] == 200
    assert is_logged_in(hub.logged_in("alice"))
    assert grace.open("/hub/people/close", {"until": until, "zone": "<script>", "stop_after": ""})[0] == 200
    assert "09:00 (UTC+0100)" in hub.browser().open("/hub/login")[1]
    assert grace.open("/hub/people/close", {"until": "2020-01-01T09:00:00+01:00"})[0] == 400
    assert grace.open("/hub/people/close", {"until": "tomorrow"})[0] == 400
    assert hub.operate("reopen")["wasClosed"]
    hub.logged_in("alice")


def test_guesses_slow_down_but_keep_out_neither_a_browser_that_was_in_before_nor_an_admin(hub):
    alice, guesser = hub.logged_in("alice"), hub.browser()
    guesser.open("/hub/login")

    def guess(answers):
        browser = hub.browser()
        answers.append(browser.log_in("alice", "wrong"))

    answers = []
    threads = [threading.Thread(target=guess, args=(answers,)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(status for status, _ in answers)
    assert statuses.count(403) <= 13, "also those that came at the same time"
    assert set(statuses) == {403, 429}
    assert any("Too many wrong passwords were typed for this name. Try again in" in page for _, page in answers)
    alice.open("/hub/logout")
    assert alice.log_in("alice", SLIPS["alice"])[0] == 200
    hub.logged_in("ada", ADMIN_PASSWORD)


def test_a_damaged_file_of_passwords_is_said_to_users_and_admins_still_get_in(hub):
    path = hub.root / "data/passwords.json"
    before = path.read_text()
    path.write_text("{")
    status, page = hub.browser().log_in("frank", SLIPS["frank"])
    assert (status, "The hub cannot read or write the passwords of this class." in page) == (503, True)
    assert hub.logged_in("ada", ADMIN_PASSWORD).open("/hub/people")[0] == 503
    assert "Traceback" not in hub.log()
    path.write_text(before)
    hub.logged_in("frank")


def test_the_configuration_decides_at_each_start_who_is_an_admin_and_a_former_method_leaves_no_logins(hub):
    frank, ada = hub.logged_in("frank"), hub.logged_in("ada", ADMIN_PASSWORD)
    early, token = make_token(frank, "frank"), make_token(ada, "ada")
    assert call(hub, "PATCH", "/users/frank", {"admin": True}, token)[0] == 200
    wait_in_thread_for(lambda: call(hub, "GET", "/user", token=early)[0] == 403)
    frank = hub.logged_in("frank")
    hub.stop_hub()
    (hub.root / "data/access.json").unlink()  # as in a class that had one password for all
    change_settings(hub, admins=["linus"])
    hub.people["linus"] = make_hash(SLIPS["linus"])  # a new slip
    hub.start_hub()
    assert not is_logged_in(frank)
    assert call(hub, "GET", "/users", token=token)[0] == 403
    assert hub.browser().log_in("ada", ADMIN_PASSWORD)[0] == 403
    models = [json.loads(hub.logged_in(name).open("/hub/api/user")[1]) for name in ("frank", "linus")]
    assert [model["admin"] for model in models] == [False, True]
