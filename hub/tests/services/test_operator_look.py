"""The operator's list of servers, of which some answer anything, or nothing; hub and Docker are fakes."""

import contextlib
import json
import time
from types import SimpleNamespace

from swarmhub.labels import USER
from swarmhub.services.operator_api import Hub, list_servers

from ..support.hostile_server import HOSTILE, HostileServer, numbered, once, response, servers_of


def service(user):
    environment = [f"JUPYTERHUB_USER={user}", "JUPYTERHUB_API_TOKEN=token-of-the-server"]
    return {"Spec": {"Name": user, "Labels": {USER: user}, "TaskTemplate": {"ContainerSpec": {"Env": environment}}}}


def kernels(*states):
    return once(response(body=json.dumps([{"execution_state": state} for state in states]).encode()))


def test_one_server_cannot_delay_or_end_the_list_whatever_it_answers():
    hostile = numbered()
    answers = {user: HOSTILE[title] for user, title in hostile.items()} | {"xc8": kernels("idle", "idle"), "xc9": kernels("idle", "busy")}
    model = [{"name": user, "servers": {"": {"url": "/user/x/", "ready": True}}} for user in answers]
    page = once(response(body=json.dumps({"items": model, "_pagination": {"next": None}}).encode()))
    with servers_of(answers) as servers, contextlib.closing(HostileServer(page)) as api:
        docker = SimpleNamespace(services=lambda filters: [service(user) for user in answers])
        hub = Hub(api.url, "token-of-the-operator", docker, "", server=f"http://127.0.0.0{{service}}:{api_port(servers)}")
        started = time.monotonic()
        found = {each["user"]: each["busy"] for each in list_servers(hub, set(answers))}
        assert time.monotonic() - started < 30, "all servers together have 5 s"
        assert sorted(found) == sorted(answers)
        assert [found["xc8"], found["xc9"]] == [False, True]
        unknown = [title for user, title in hostile.items() if found[user] is None]
        assert {"nothing", "200,000 [", "20,000 [", "one byte each 0.1 s", "a body without end", "status 500"} <= set(unknown)
        assert b"token-of-the-operator" not in b"".join(request for each in servers.values() for request in each.requests)


def api_port(servers):
    return next(iter(servers.values())).port
