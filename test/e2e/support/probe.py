"""Runs in the container of a user's server and uses it as JupyterLab does; prints a line of JSON with what worked.

probe.py [NOTEBOOK]: NOTEBOOK, by default probe.ipynb, is opened if it is there, else created.
"""

import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
import uuid

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
base = f"127.0.0.1:8888{prefix}"
headers = {"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}"}
notebook = sys.argv[1] if len(sys.argv) > 1 else "probe.ipynb"
content = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def ask(path, method="GET", body=None):
    request = urllib.request.Request(f"http://{base}{path}", method=method, headers=headers)  # noqa: S310
    if body is not None:
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def run_cell(code):
    status, text = ask("api/kernels", "POST", {"name": "python3"})
    if status != 201:
        return f"no kernel: {status}"
    kernel = json.loads(text)["id"]
    try:
        socket = await websocket_connect(HTTPRequest(f"ws://{base}api/kernels/{kernel}/channels", headers=headers))
        header = {"msg_id": uuid.uuid4().hex, "username": "", "session": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        request = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": request, "channel": "shell"}
        await socket.write_message(json.dumps(message))
        while True:
            answer = await asyncio.wait_for(socket.read_message(), 60)
            if answer is None:
                return "the connection was closed"
            if isinstance(answer, str):
                found = json.loads(answer)
                if found["msg_type"] == "stream":
                    return found["content"]["text"].strip()
                if found["msg_type"] == "error":
                    return found["content"]["evalue"]
    except TimeoutError:
        return "no output in 60 s"
    finally:
        ask(f"api/kernels/{kernel}", "DELETE")


specs = ask("api/kernelspecs")
opened = ask(f"api/contents/{notebook}?content=1")[0]
result = {
    "lab": ask("lab")[0],
    "kernels": sorted(json.loads(specs[1])["kernelspecs"]) if specs[0] == 200 else specs[0],
    "cell": asyncio.run(run_cell("print(6 * 7)")),
    "opened": opened,
    "saved": ask(f"api/contents/{notebook}", "PUT", {"type": "notebook", "content": content})[0],
}
print(json.dumps(result))
