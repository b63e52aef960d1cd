"""What ends when the roster, a password or the state of the class changes."""

from datetime import UTC, datetime, timedelta

import pytest
from jupyterhub import orm

from swarmhub.login.access import Access
from swarmhub.login.closing import Closed, Closing
from swarmhub.login.roster import Roster
from swarmhub.login.upkeep import Upkeep

from ..support.wait import wait_in_thread_for
from .test_access import write_roster


@pytest.fixture
def school(tmp_path):
    return School(tmp_path)


class School:
    """A class with ada and bob on the roster, whose servers run, and the teacher grace."""

    def __init__(self, folder):
        self.folder, self.stopped, self.cleared = folder, [], 0
        self.db = orm.new_session_factory("sqlite://")()
        for name in ("ada", "bob", "grace"):
            user = orm.User(name=name)
            self.db.add(user)
            server = orm.Server(base_url=f"/user/{name}/")
            self.db.add(orm.Spawner(user=user, name="", server=server, started=datetime(2126, 1, 1)))
        self.db.commit()
        self.write("ada", "bob")
        self.start()

    def write(self, *names, password="slip"):  # noqa: S107
        write_roster(self.folder / "roster.json", *names, password=password)

    def start(self, method="passwords"):
        """Starts the hub, which forgets all but its files."""
        access = Access("geo-101", Closing(self.folder / "closed.json"), Roster(self.folder / "roster.json"), ["grace"])
        self.closing = access.closing
        self.upkeep = Upkeep(self.folder / "access.json", access, method, self.stop, self.clear, {"grace": "long"})
        self.upkeep.run(self.db)

    def stop(self, name):
        self.stopped.append(name)
        return True

    def clear(self):
        self.cleared += 1

    def ended(self, *, after):
        """Returns whose logins the change has ended."""
        before = {user.name: user.cookie_id for user in self.db.query(orm.User)}
        after()
        self.upkeep.run(self.db)
        return {user.name for user in self.db.query(orm.User) if user.cookie_id != before[user.name]}


def test_logins_end_for_those_who_leave_and_those_with_a_new_slip_and_for_nobody_else(school):
    assert school.ended(after=lambda: None) == set()
    assert school.ended(after=lambda: school.write("ada", "bob")) == set()
    assert school.ended(after=lambda: school.write("ada")) == {"bob"}
    assert school.ended(after=lambda: school.write("ada", password="slip 2")) == {"ada", "bob"}
    assert (school.stopped, school.cleared) == ([], 0)


def test_a_change_while_the_hub_did_not_run_counts_and_so_does_another_method(school):
    assert school.ended(after=school.start) == set()
    school.write("bob")
    assert school.ended(after=school.start) == {"ada"}
    assert school.ended(after=lambda: school.start("cas")) == {"ada", "bob", "grace"}
    (school.folder / "access.json").unlink()
    assert school.ended(after=lambda: school.start("shared-password")) >= {"ada", "bob"}


def test_closing_ends_the_queue_once_and_stops_the_servers_of_students_when_it_is_time(school):
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert school.ended(after=lambda: school.closing.close(Closed(datetime.now(UTC), stop_at=soon))) == {"ada", "bob"}
    school.start()
    assert (school.stopped, school.cleared) == ([], 1)
    school.closing.close(Closed(datetime.now(UTC), stop_at=datetime.now(UTC)))
    school.upkeep.run(school.db)
    wait_in_thread_for(lambda: len(school.stopped) == 2)
    assert (set(school.stopped), school.cleared) == ({"ada", "bob"}, 1)
