#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""executor.py: an executor's side of Mesos' executor API, for tests.

From its environment, as Mesos gives it: MESOS_SLAVE_PID, "slave(1)@127.0.0.1:5051",
MESOS_FRAMEWORK_ID, MESOS_EXECUTOR_ID, and MESOS_DOMAIN_SOCKET, or else WEIR_AGENT_SOCKET, with the
path of the agent's socket. Without either it goes over TCP to where the process id says.

It runs nothing: a task is running and finished as soon as it is launched, with a message between
the two. When --tasks of them are finished and acknowledged it ends; with --stay it goes on until
SHUTDOWN. An agent that can't be reached or goes away is tried again, as with MESOS_CHECKPOINT, and
told what it has not acknowledged.

One line of JSON on stdout for each thing that happened; the key "what" tells which:
connect_failed (with the name of the errno), connected, refused, disconnected, update, timeout,
ended, and events by their names: subscribed, launch, acknowledged, message, heartbeat, shutdown.

Exit status: 0 after SHUTDOWN, or when all is done; 1 when time is over, or when the agent refused
a call for good.
"""

import argparse
import base64
import contextlib
import errno
import http.client
import json
import os
import socket
import sys
import time
import uuid

import recordio
from executor_api import JSON, SOCKET_PATH_BYTES, executor_path, say

HEADERS = {"Accept": JSON, "Content-Type": JSON}
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1
NOT_YET = (404, 503)  # an agent that is still coming up
READ_BYTES = 65536


class Over(Exception):
    """Nothing is left to do."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class NotConnected(Exception):
    """The agent can't be reached now, which has been said."""


class Connection(http.client.HTTPConnection):
    """HTTP to a path, or to a (host, port)."""

    def __init__(self, address, timeout_s):
        super().__init__("agent", timeout=timeout_s)
        self.address = address

    def connect(self):
        is_path = isinstance(self.address, str)
        self.sock = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.address)


class Executor:
    """What it has to do, and what the agent does not know yet."""

    def __init__(self, options, environment):
        process_id, host, port = parse_process_id(wanted(environment, "MESOS_SLAVE_PID"))
        path = environment.get("MESOS_DOMAIN_SOCKET", environment.get("WEIR_AGENT_SOCKET"))
        self.address = (host, port) if path is None else fitting(path)
        self.path = executor_path(process_id)
        self.identity = {
            "executor_id": {"value": wanted(environment, "MESOS_EXECUTOR_ID")},
            "framework_id": {"value": wanted(environment, "MESOS_FRAMEWORK_ID")},
        }
        self.options = options
        self.deadline = time.monotonic() + options.timeout
        self.calls = None  # the connection for them, in a session
        self.updates = {}  # uuid -> status, none of them acknowledged, oldest first
        self.tasks = {}  # id -> task, none of them with an update that is acknowledged
        self.finished = 0  # tasks, with the agent's knowledge
        self.pause_s = FIRST_PAUSE_S

    def live(self):
        """Subscribe again and again, until it is over. The exit status."""
        try:
            while True:
                try:
                    self.session()
                except NotConnected:
                    pass
                except (OSError, ValueError, http.client.HTTPException) as error:
                    self.patience_s()  # or it was the time that is over
                    say("disconnected", why=f"{type(error).__name__}: {error}")
                time.sleep(min(self.pause_s, self.patience_s()))
                self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)
        except Over as over:
            say("ended", status=over.status)
            return over.status

    def patience_s(self):
        """How long to wait for anything. Over: no longer."""
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            say("timeout")
            raise Over(1)
        return left_s

    def silence_s(self):
        """How long an agent may say nothing."""
        return min(self.patience_s(), self.options.silence or self.options.timeout)

    def session(self):
        """Be subscribed for as long as the agent is there; then OSError or so, or Over."""
        with contextlib.ExitStack() as stack:
            # Two, as Mesos has it: the answer to SUBSCRIBE lasts as long as the session.
            stream, self.calls = (stack.enter_context(self.connect()) for _ in range(2))
            answer = self.call(stream, "SUBSCRIBE", subscribe={
                "unacknowledged_tasks": list(self.tasks.values()),
                "unacknowledged_updates": [{"status": one} for one in self.updates.values()],
            })
            stack.enter_context(answer)
            decoder = recordio.Decoder()
            while True:
                stream.sock.settimeout(self.silence_s())
                if not (piece := answer.read1(READ_BYTES)):
                    raise ConnectionError("the agent has ended the stream")
                for record in decoder.feed(piece):
                    self.on_event(json.loads(record))

    @contextlib.contextmanager
    def connect(self):
        """A connection, for as long as it is needed. NotConnected: it can't be had."""
        connection = Connection(self.address, self.silence_s())
        with contextlib.closing(connection):
            try:
                connection.connect()
            except OSError as error:
                name = errno.errorcode.get(error.errno or errno.ETIMEDOUT, str(error.errno))
                say("connect_failed", address=self.address, errno=name)
                raise NotConnected from error
            say("connected", address=self.address)
            yield connection

    def call(self, connection, kind, **fields):
        """The answer to a call, open. Over: it was refused for good. OSError: for now."""
        body = json.dumps({"type": kind} | self.identity | fields)
        connection.request("POST", self.path, body, HEADERS)
        answer = connection.getresponse()
        if answer.status == (200 if kind == "SUBSCRIBE" else 202):
            return answer
        with answer:
            text = answer.read().decode("utf-8", "replace")
        say("refused", call=kind, status=answer.status, text=text)
        if answer.status in NOT_YET:
            raise ConnectionError("the agent is not ready")
        raise Over(1)

    def tell(self, kind, **fields):
        """A call whose answer says no more than that it was taken."""
        with self.call(self.calls, kind, **fields) as answer:
            answer.read()

    def on_event(self, event):
        """OSError, Over: as call() has them; Over, too, when that was the last thing to do."""
        kind = event.get("type")
        fields = event.get(kind.lower(), {})
        if kind == "SUBSCRIBED":
            self.pause_s = FIRST_PAUSE_S
            say("subscribed", agent_id=fields["agent_info"]["id"]["value"])
        elif kind == "LAUNCH":
            self.on_launch(fields["task"])
        elif kind == "ACKNOWLEDGED":
            self.on_acknowledged(fields["task_id"]["value"], fields["uuid"])
        elif kind == "MESSAGE":
            say("message", data=base64.b64decode(fields["data"]).decode("utf-8", "replace"))
        elif kind == "HEARTBEAT":
            # Mesos' library has a beat of its own. This one shows that both ways are open.
            say("heartbeat")
            self.tell("HEARTBEAT")
        elif kind == "SHUTDOWN":
            say("shutdown")
            raise Over(0)
        else:
            say("ignored", event=event)
        is_done = self.finished >= self.options.tasks and not self.updates
        if is_done and not self.options.stay:
            raise Over(0)

    def on_launch(self, task):
        task_id = task["task_id"]["value"]
        say("launch", task_id=task_id)
        self.tasks[task_id] = task
        # Both are written down before one is sent: what gets lost now goes with a SUBSCRIBE.
        running = self.write_down(task["task_id"], "TASK_RUNNING")
        finished = self.write_down(task["task_id"], "TASK_FINISHED")
        self.update(running)
        self.tell("MESSAGE", message={"data": base64.b64encode(task_id.encode()).decode()})
        self.update(finished)

    def write_down(self, task_id, state):
        """The status to send, which is kept until it is acknowledged."""
        identity = base64.b64encode(uuid.uuid4().bytes).decode()
        self.updates[identity] = {
            "task_id": task_id,
            "executor_id": self.identity["executor_id"],
            "source": "SOURCE_EXECUTOR",
            "state": state,
            "uuid": identity,
            "timestamp": time.time(),
        }
        return self.updates[identity]

    def update(self, status):
        task_id = status["task_id"]["value"]
        say("update", task_id=task_id, state=status["state"], uuid=status["uuid"])
        self.tell("UPDATE", update={"status": status})

    def on_acknowledged(self, task_id, identity):
        status = self.updates.pop(identity, None)  # None: an update that was sent twice
        self.tasks.pop(task_id, None)
        say("acknowledged", task_id=task_id, uuid=identity, state=status and status["state"])
        if status and status["state"] == "TASK_FINISHED":
            self.finished += 1


def wanted(environment, name):
    if name not in environment:
        sys.exit(f"executor.py: expecting '{name}' to be set in the environment")
    return environment[name]


def parse_process_id(text):
    """(id, host, port) of "slave(1)@127.0.0.1:5051"."""
    process_id, at, address = text.partition("@")
    host, colon, port = address.rpartition(":")
    if not (process_id and at and colon and port.isdigit()):
        sys.exit(f"executor.py: '{text}' is no process id of an agent")
    return process_id, host, int(port)


def fitting(path):
    """`path`, or, if it is too long for an address, the same from the current directory."""
    if len(os.fsencode(path)) >= SOCKET_PATH_BYTES:
        path = os.path.join(".", os.path.relpath(path))
    if len(os.fsencode(path)) >= SOCKET_PATH_BYTES:
        sys.exit(f"executor.py: '{path}' must have less than {SOCKET_PATH_BYTES} characters")
    return path


def main():
    parser = argparse.ArgumentParser(description="an executor that subscribes to an agent")
    parser.add_argument("--tasks", metavar="N", type=int, default=1, help="end after so many (1)")
    parser.add_argument("--stay", action="store_true", help="do not end before SHUTDOWN")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=300,
                        help="end with 1 after so long (300)")
    parser.add_argument("--silence", metavar="SECONDS", type=float,
                        help="take an agent for gone that says nothing for so long")
    return Executor(parser.parse_args(), os.environ).live()


if __name__ == "__main__":
    sys.exit(main())
