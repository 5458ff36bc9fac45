# SPDX-License-Identifier: Apache-2.0
"""The control socket for system tests in Python: raw enough to be rude on it."""

import http.client
import json
import os
import socket

JSON = {"Content-Type": "application/json"}


class Connection(http.client.HTTPConnection):
    """HTTP over the unix socket that WEIR_SOCKET names."""

    def __init__(self, timeout=30):
        super().__init__("weir", timeout=timeout)

    def connect(self):
        self.sock = plain_socket(self.timeout)

    def post(self, body, headers=None, method="POST", path="/api/v1"):
        """(status, headers, text) of the answer."""
        self.request(method, path, body, JSON if headers is None else headers)
        answer = self.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")

    def call(self, kind, **fields):
        """One call in Mesos' shape: (status, answer), where the answer is a dict or a text."""
        status, _, text = self.post(json.dumps({"type": kind, kind.lower(): fields}))
        return status, json.loads(text) if text.startswith("{") else text


def plain_socket(timeout=30):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    sock.connect(os.environ["WEIR_SOCKET"])
    return sock


def scalars(**amounts):
    """{"cpus": 0.5, "mem": 64} as Mesos' resources."""
    return [
        {"name": name, "type": "SCALAR", "scalar": {"value": value}}
        for name, value in amounts.items()
    ]


def container_id(name, parent=None):
    return {"value": name} | ({"parent": {"value": parent}} if parent else {})


def launch_fields(name, argv=("sleep", "600"), limits=None, parent=None, share=False, **amounts):
    """A task, if it has a parent."""
    fields = {
        "container_id": container_id(name, parent),
        "command": {"shell": False, "value": argv[0], "arguments": list(argv)},
        "resources": scalars(**amounts),
    }
    if limits:
        fields["limits"] = {key: {"value": value} for key, value in limits.items()}
    if parent:
        fields["container"] = {"type": "MESOS", "linux_info": {"share_cgroups": share}}
    return fields


def say(holds, name, *why):
    """One point, which points_of() in more.sh numbers and counts."""
    print(f"{'ok' if holds else 'not ok'} {name}", flush=True)
    for line in why if not holds else ():
        print(f"# {line}", flush=True)
    return holds
