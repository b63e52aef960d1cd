"""Runs JupyterHub's own tests of spawners with our spawner."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HUB = Path(__file__).parent.parent
COMMANDS = HUB.parent / "node_modules/.bin"  # of the proxy

# Left out: tests that need a process id, Jupyter itself, a container that is kept for the next start, upstream's progress messages,
# or something to stop after a cancelled start (ours leaves nothing behind), and tests that do not use the spawner class.
SPAWNER = [
    "test_spawner_from_db",
    "test_spawner_insert_api_token",
    "test_spawner_bad_api_token",
    "test_server_token_scopes",
    "test_spawner_delete_server",
    "test_spawner_routing",
    "test_spawner_oauth_scopes",
    "test_spawner_oauth_roles_bad",
]
API = [
    "test_slow_spawn",
    "test_never_spawn",
    "test_bad_spawn",
    "test_spawn_error_log",
    "test_slow_bad_spawn",
    "test_progress_ready",
    "test_progress_bad",
    "test_spawn_progress_cutoff",
    "test_spawn_limit",
    "test_active_server_limit",
]


@pytest.mark.slow
@pytest.mark.timeout(330)  # the suite in there has 300 s
@pytest.mark.skipif(not (COMMANDS / "configurable-http-proxy").exists(), reason="no node_modules")
@pytest.mark.parametrize(("module", "names"), [("test_spawner", SPAWNER), ("test_api", API)])
def test_our_spawner_passes_jupyterhubs_own_tests(module, names, tmp_path):
    plugin = "tests.support.upstream_suite_plugin"
    options = f"-p {plugin} -p no:cacheprovider -q --no-header --rootdir={tmp_path} -c {os.devnull} --pyargs".split()
    loops = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=module", "-o", "asyncio_default_test_loop_scope=module"]
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "pytest", *options, *loops, *(f"jupyterhub.tests.{module}::{name}" for name in names)],
        cwd=HUB,
        env=os.environ | {"PATH": f"{COMMANDS}:{os.environ['PATH']}", "PYTHONPATH": str(HUB)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as suite:
        try:
            output, _ = suite.communicate(timeout=300)
        finally:
            # The hubs, proxies and servers that the suite started are in its process group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(suite.pid, signal.SIGKILL)
    assert suite.returncode == 0, output[-7000:]
