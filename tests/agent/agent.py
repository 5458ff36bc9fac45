#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""agent.py --socket PATH: a node agent's side of Mesos' executor API, for tests.

It listens on a unix socket, as Mesos does with `http_executor_domain_sockets`, and by --tcp on
127.0.0.1, too. It starts no executor and knows no master: whoever subscribes gets a task,
and what a scheduler would do, it does by itself. Updates are acknowledged, a message is sent back.

One line of JSON on stdout for each thing that happened; the key "what" tells which: registered,
listening, subscribed, launch, update, message, heartbeat, refused, disconnected, ended. "listening"
comes when all is set. peer_pid and peer_uid are the kernel's word (SO_PEERCRED), null over TCP.

SIGTERM sends SHUTDOWN to who is subscribed, waits for them to go, and ends it with 0 and without
its socket. Mesos does so by SIGUSR1. SIGKILL leaves the socket and the executors, as there.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading

from agent_http import PROCESS_ID, Server, UnixServer
from executor_api import SOCKET_PATH_BYTES, Refusal, id_of, say, task_of

MESOS_PORT = 5051  # told to executors when there is no other
AGENT_ID = {"value": "agent-S0"}
GRACE_SECONDS = 5  # to end, for who was told SHUTDOWN
REGISTER_SECONDS = 60


class Agent:
    """The executors it knows, and what it says to them."""

    def __init__(self, options):
        self.options = options
        self.changed = threading.Condition()
        # (framework, executor) -> the last stream of theirs; None: never subscribed
        self.known = dict.fromkeys(options.expect)
        self.streams = {}  # the open ones -> whose
        self.launched = 0
        self.is_ending = False

    def find(self, call):
        """Whose call it is, as (framework, executor). Refusal: an agent would not know them."""
        framework, executor = id_of(call, "framework_id"), id_of(call, "executor_id")
        with self.changed:
            if call["type"] == "SUBSCRIBE" and not self.options.expect:
                self.known.setdefault((framework, executor), None)
            if framework not in (one for one, _ in self.known):
                raise Refusal(400, "Framework cannot be found")
            if (framework, executor) not in self.known:
                raise Refusal(400, "Executor cannot be found")
            if call["type"] != "SUBSCRIBE" and self.known[framework, executor] is None:
                raise Refusal(403, "Executor is not subscribed")
        return framework, executor

    def subscribe(self, whose, stream, call, peer):
        """Serve `stream` for as long as it lasts."""
        brought = call["subscribe"]
        say("subscribed", **names(whose), **peer,
            unacknowledged_updates=len(brought.get("unacknowledged_updates", [])),
            unacknowledged_tasks=len(brought.get("unacknowledged_tasks", [])))
        stream.send("SUBSCRIBED", subscribed=self.subscribed(whose))
        with self.changed:
            former, self.known[whose] = self.known[whose], stream
            self.streams[stream] = whose
            is_ending = self.is_ending
        if former:
            former.end()
        if is_ending:
            stream.send("SHUTDOWN")
        else:
            for update in brought.get("unacknowledged_updates", []):
                self.take_update(whose, update["status"], peer, resent=True)
            for _ in range(self.options.tasks):
                self.launch(whose, stream)
        stream.wait(self.options.heartbeat)
        say("disconnected", **names(whose), **peer)
        with self.changed:
            del self.streams[stream]
            self.changed.notify_all()

    def subscribed(self, whose):
        """The first event, with what Mesos requires in it."""
        framework, executor = ({"value": one} for one in whose)
        return {
            "executor_info": {"executor_id": executor, "framework_id": framework},
            "framework_info": {"id": framework, "name": whose[0], "user": "root"},
            "agent_info": {"id": AGENT_ID, "hostname": "localhost", "port": self.options.port},
        }

    def launch(self, whose, stream):
        """Give an executor a task whose name no agent before this one has used."""
        with self.changed:
            self.launched += 1
            task_id = f"task-{os.getpid()}-{self.launched}"
        say("launch", **names(whose), task_id=task_id)
        stream.send("LAUNCH", launch={"task": {
            "name": task_id,
            "task_id": {"value": task_id},
            "agent_id": AGENT_ID,
            "command": {"shell": False, "value": "true"},
        }})

    def take_update(self, whose, status, peer, resent=False):
        acknowledge = "uuid" in status and not self.options.no_ack
        say("update", **names(whose), **peer, task_id=task_of(status), state=status["state"],
            uuid=status.get("uuid"), resent=resent, acknowledged=acknowledge)
        if acknowledge:
            self.known[whose].send(
                "ACKNOWLEDGED",
                acknowledged={"task_id": status["task_id"], "uuid": status["uuid"]})

    def take_message(self, whose, message, peer):
        """Say it, and send it back, as a scheduler that answers would."""
        say("message", **names(whose), **peer, data=message["data"])
        self.known[whose].send("MESSAGE", message={"data": message["data"]})

    def end(self):
        """Shut down who is subscribed; cut off who stays."""
        with self.changed:
            self.is_ending = True
            open_streams = list(self.streams)
        for stream in open_streams:
            stream.send("SHUTDOWN")
        with self.changed:
            self.changed.wait_for(lambda: not self.streams, GRACE_SECONDS)
            open_streams = list(self.streams)
        for stream in open_streams:
            stream.end()


def names(whose):
    return {"framework_id": whose[0], "executor_id": whose[1]}


def register(command, listener):
    """Run `command`, which may use the listening socket by its number.

    Its exit status; None: it did not end within REGISTER_SECONDS.
    """
    environment = dict(os.environ, LISTEN_FD=str(listener.fileno()), AGENT_PID=str(os.getpid()))
    try:
        # stdout has our lines and no others.
        return subprocess.run(
            ["sh", "-c", command], env=environment, pass_fds=(listener.fileno(),), check=False,
            stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=REGISTER_SECONDS).returncode
    except subprocess.TimeoutExpired:
        return None


def framework_and_executor(text):
    framework, slash, executor = text.partition("/")
    if not (framework and slash and executor):
        raise argparse.ArgumentTypeError(f"'{text}' is not FRAMEWORK/EXECUTOR")
    return framework, executor


def parse_options():
    parser = argparse.ArgumentParser(description="an agent that executors can subscribe to")
    parser.add_argument("--socket", metavar="PATH", required=True, help="listen there")
    parser.add_argument("--tcp", metavar="PORT", type=int, help="and on 127.0.0.1; 0: any port")
    parser.add_argument("--heartbeat", metavar="SECONDS", type=float, default=1800)
    parser.add_argument("--register", metavar="COMMAND",
                        help="for sh, once it listens; sees LISTEN_FD and AGENT_PID")
    parser.add_argument("--expect", metavar="FRAMEWORK/EXECUTOR", action="append", default=[],
                        type=framework_and_executor,
                        help="know these and nobody else; without, whoever subscribes")
    parser.add_argument("--tasks", metavar="N", type=int, default=1,
                        help="launch so many at each subscription (1)")
    parser.add_argument("--no-ack", action="store_true", help="acknowledge no update")
    parser.add_argument("--split", metavar="BYTES", type=int,
                        help="send events in chunks of so many bytes")
    options = parser.parse_args()
    if len(os.fsencode(options.socket)) >= SOCKET_PATH_BYTES:
        parser.error(f"'{options.socket}' must have less than {SOCKET_PATH_BYTES} characters")
    return options


def main():
    options = parse_options()
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    agent = Agent(options)
    try:
        servers = [UnixServer(options.socket, agent)]
        if options.tcp is not None:
            servers.append(Server(("127.0.0.1", options.tcp), agent))
    except OSError as error:
        sys.exit(f"agent.py: {error}")
    options.port = MESOS_PORT if options.tcp is None else servers[1].server_address[1]

    if options.register:
        status = register(options.register, servers[0])
        say("registered", status=status)
        if status != 0:
            servers[0].remove()
            sys.exit(f"agent.py: '{options.register}' did not succeed")
    say("listening", socket=options.socket, pid=os.getpid(),
        slave_pid=f"{PROCESS_ID}@127.0.0.1:{options.port}")
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ending.wait()
    agent.end()
    for server in servers:
        server.shutdown()
        server.server_close()
    servers[0].remove()
    say("ended")


if __name__ == "__main__":
    main()
