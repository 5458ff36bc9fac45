# SPDX-License-Identifier: Apache-2.0
"""What operations on reservations and volumes cost, each on disk before it is answered."""

import contextlib
import json
import os
import socket
import time

from case import Case
from node import Node

SETTINGS = "[node]\ndisk = 300Gi\n"
GIB = 1024  # MiB
OPERATIONS = 200  # a measurement


def held(role, mib, volume=None):
    """Mesos' resource: so much disk of that role."""
    found = {"name": "disk", "type": "SCALAR", "scalar": {"value": mib},
             "reservations": [{"type": "DYNAMIC", "role": role, "principal": "root"}] if role else []}
    if volume:
        found["disk"] = {"persistence": {"id": volume, "principal": "root"}}
    return found


class Operator:
    """One connection, no more than bytes to and fro."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(path)

    @staticmethod
    def request(kind, **fields):
        body = json.dumps({"type": kind, kind.lower(): fields}).encode()
        return (b"POST /api/v1 HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                % len(body) + body)

    def send(self, request):
        self.sock.sendall(request)
        answer = self.sock.recv(1 << 20)
        if not answer.startswith(b"HTTP/1.1 202"):
            raise SystemExit(f"not accepted: {answer.decode()}")
        return answer

    def move(self, source, target, mib, volume=None):
        return self.request("RESERVE_RESOURCES", source=[held(source, mib, volume)], resources=[held(target, mib, volume)])


class Reserve(Case):
    """An arm's value is milliseconds an operation."""
    name, unit, base = "reserve", "ms an operation", "10"
    title = "RESERVE_RESOURCES with a source, beside so many other reservations"
    arms = ["10", "1,000", "10,000"]
    what = "time an operation"
    note = ("One client, one after the other; each operation is one transaction, which is on disk when it is answered. The "
            "arms are daemons with so many reservations.")

    def set_up(self):
        self.nodes = {arm: self.stack.enter_context(Node(self.build, SETTINGS)) for arm in self.arms}
        for arm, node in self.nodes.items():
            op = Operator(node.socket)
            for first in range(0, int(arm.replace(",", "")), 500):
                roles = [f"r{i}" for i in range(first, min(first + 500, int(arm.replace(",", ""))))]
                op.send(op.request("RESERVE_RESOURCES", resources=[held(role, 1) for role in roles]))
            op.send(op.move("", "a", GIB))

    @contextlib.contextmanager
    def prepared(self, arm):
        op = Operator(self.nodes[arm].socket)  # one that idles for long is closed
        there, back = op.move("a", "b", GIB), op.move("b", "a", GIB)
        yield lambda: self.timed(op, (there, back))

    @staticmethod
    def timed(op, requests):
        began = time.monotonic()
        for i in range(OPERATIONS):
            op.send(requests[i % 2])
        return (time.monotonic() - began) * 1000 / OPERATIONS

    def own(self):
        return [*(node.cpu_ns for node in self.nodes.values()), time.process_time_ns]


class Move(Case):
    """An arm's value is milliseconds a move."""
    name, unit, base = "volume-move", "ms a move", "1 MiB"
    title = "Moving a volume from role to role"
    arms = ["1 MiB", "100 GiB"]
    what = "time a move"
    note = "RESERVE_RESOURCES with a volume of that size on both sides; the larger has a sparse file of as much in it."
    sizes = {"1 MiB": 1, "100 GiB": 100 * GIB}

    def set_up(self):
        self.node = self.stack.enter_context(Node(self.build, SETTINGS))
        op = Operator(self.node.socket)
        op.send(op.move("", "a", 101 * GIB))
        for arm, mib in self.sizes.items():
            op.send(op.request("CREATE_VOLUMES", volumes=[held("a", mib, arm.replace(" ", ""))]))
        volumes = os.path.join(self.node.dir, "state", "volumes")
        for key in os.listdir(volumes):
            with open(os.path.join(volumes, key, "file"), "wb") as file:
                file.truncate(100 << 30)

    @contextlib.contextmanager
    def prepared(self, arm):
        op, volume = Operator(self.node.socket), arm.replace(" ", "")
        there, back = (op.move(one, other, self.sizes[arm], volume) for one, other in (("a", "b"), ("b", "a")))
        yield lambda: Reserve.timed(op, (there, back))

    def own(self):
        return [self.node.cpu_ns, time.process_time_ns]


ALL = [Reserve, Move]
