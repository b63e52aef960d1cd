"""Checks the notebook image before it is pushed, in a fresh container: a user's server starts, serves JupyterLab and runs a cell."""
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers the requests that a starting server sends to the hub."""

    def do_GET(self):
        answer = {"version": "6.1.1", "kind": "user", "name": "ada", "admin": False, "groups": [], "scopes": ["access:servers"]}
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", "6.1.1")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


def request(path, method="GET", body=None):
    http_request = urllib.request.Request(base + path, method=method, headers={"Authorization": "token secret"})
    if body is not None:
        http_request.data = json.dumps(body).encode()
        http_request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(http_request, timeout=30) as response:
        return response.read().decode()


hub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=hub.serve_forever, daemon=True).start()
hub_api = f"http://127.0.0.1:{hub.server_port}/hub/api"
base = f"http://127.0.0.1:{hub.server_port + 1}/user/ada/"
environment = {
    "JUPYTERHUB_API_URL": hub_api,
    "JUPYTERHUB_ACTIVITY_URL": f"{hub_api}/users/ada/activity",
    "JUPYTERHUB_API_TOKEN": "secret",
    "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ada",
    "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:servers"]',
    "JUPYTERHUB_OAUTH_CALLBACK_URL": "/user/ada/oauth_callback",
    "JUPYTERHUB_OAUTH_SCOPES": '["access:servers"]',
    "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
    "JUPYTERHUB_SERVICE_URL": base,
    "JUPYTERHUB_USER": "ada",
}
started = time.monotonic()
log = open("/tmp/server.log", "w+")
# The same arguments as in jupyterhub_config.py.
arguments = ["--ResourceUseDisplay.track_disk_usage=True", "--ResourceUseDisplay.enable_prometheus_metrics=False"]
server = subprocess.Popen(["jupyterhub-singleuser", *arguments], env={**os.environ, **environment}, stdout=log, stderr=log)
try:
    while True:
        try:
            request("api")
            break
        except OSError:
            if server.poll() is not None or time.monotonic() - started > 120:
                sys.exit(f"the server does not answer:\n{open('/tmp/server.log').read()}")
            time.sleep(0.05)
    seconds = time.monotonic() - started
    status = open(f"/proc/{server.pid}/status").read()
    stat = open(f"/proc/{server.pid}/stat").read().rsplit(")", 1)[1].split()
    if '"baseUrl"' not in request("lab"):
        sys.exit("the answer to /lab is not the page of JupyterLab")
    request("api/contents/check.txt", "PUT", {"type": "file", "format": "text", "content": "kept"})
    if "kept" not in request("api/contents/check.txt?content=1"):
        sys.exit("a file that was saved cannot be read")
    if "disk_total" not in json.loads(request("api/metrics/v1")):
        sys.exit("the server does not report how full the home is")
    text = open("/tmp/server.log").read()
    if "Traceback" in text:
        sys.exit(f"there is a traceback in the log of the server:\n{text}")
    from jupyter_client.manager import run_kernel

    started = time.monotonic()
    with run_kernel() as client:
        outputs = []
        client.execute_interactive("print(6 * 7)", timeout=60, output_hook=lambda message: outputs.append(message["content"]))
    if not any(content.get("text") == "42\n" for content in outputs):
        sys.exit(f"a cell did not print 42: {outputs}")
    memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024
    cpu = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    print(f"a user's server answers after {seconds:.1f} s ({cpu:.2f} s of CPU, {memory} MB); first cell of a kernel after {time.monotonic() - started:.1f} s")
finally:
    server.kill()
