# SPDX-License-Identifier: Apache-2.0
"""What answers cost: long ones as they are written, short ones as they come over the socket."""

import contextlib
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import benchlib
from case import Case, bar, output
from node import Node

TIMES = {100: 300, 1000: 60, 10000: 12}


class Answer(Case):
    """One call over so many containers. An arm's value is milliseconds."""
    unit, base = "ms an answer", "json"
    arms = ["json", "protobuf", "tree", "pack"]
    what = "time"
    note = ("Containers that are made up. `json` and `protobuf`: written straight from the state, as the daemon "
            "does. `tree`: a tree of jansson's with the same in it is copied, which is less than to build it by "
            "name, and dumped. `pack`: protobuf-c packs a message that is there already.")

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.bytes = {}

    @contextlib.contextmanager
    def prepared(self, arm):
        yield lambda: self.timed(arm)

    def timed(self, arm):
        ns, size = output([f"{self.build}/bench/answers", arm, self.call, str(self.n), str(TIMES[self.n])]).split()
        self.bytes[arm] = int(size)
        return float(ns) / 1e6

    def extra(self, results):
        return {f"bytes, {arm}": size for arm, size in self.bytes.items()}

    def bars(self, results):
        found = [bar(f"{self.title}: a tree over writing it straight", [r["tree"] / r["json"] for r in results], least=5)]
        for arm, most in self.most.items():
            found.append(bar(f"{self.title}: {arm}", [r[arm] for r in results], most=most, unit=" ms"))
        return found


def answer(call, n, most):
    title = f"GET_{call.upper()} of {n:,} containers"
    return type(f"{call.title()}{n}", (Answer,), {"name": f"answer-{call}-{n}", "title": title, "call": call, "n": n,
                                                  "most": most})


class Ask(Case):
    name, unit, base = "ask", "calls a second", "16"
    title = "Small calls over the control socket"
    what = "GET_HEALTH"
    arms = ["1", "16", "anew"]
    note = ("How many are answered in a second: one after the other on one connection, on each of 16, and with a "
            "connection for each. The client is one thread, on the same CPUs as the daemon.")

    def set_up(self):
        self.node = self.stack.enter_context(Node(self.build))

    @contextlib.contextmanager
    def prepared(self, arm):
        argv = [f"{self.build}/bench/ask", self.node.socket, arm if arm != "anew" else "1", "2", "health"]
        yield lambda: float(output(argv + (["anew"] if arm == "anew" else [])).split()[0])

    def own(self):
        return [self.node.cpu_ns]

    def bars(self, results):
        return [bar(f"{self.title}, 16 connections", [r["16"] for r in results], least=100000, unit=" a second")]


READER_GID = 64001
SIZES = (100, 1000, 10000)
KINDS = {"containers json": "GET_CONTAINERS/json", "containers protobuf": "GET_CONTAINERS/protobuf",
         "state json": "GET_STATE/json", "state protobuf": "GET_STATE/protobuf", "metrics": "metrics"}


class Served:
    """The daemon's control socket over containers that are made up."""

    def __init__(self, build, n):
        self.build, self.n = build, n

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="weirbench-")
        os.chmod(self.dir, 0o711)
        self.socket = os.path.join(self.dir, "sock")
        self.process = subprocess.Popen([f"{self.build}/bench/serve", self.socket, str(self.n), str(READER_GID)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def ask(self, connections, seconds, *what):
        return output([f"{self.build}/bench/ask", self.socket, str(connections), str(seconds), *what]).split()

    def cpu_ns(self, only=None):
        """CPU time of its threads, or of those of one name."""
        total = 0
        for task in glob.glob(f"/proc/{self.process.pid}/task/*"):
            with contextlib.suppress(OSError):
                if only is None or benchlib.read(task, "comm").strip() == only:
                    total += int(benchlib.read(task, "schedstat").split()[0])
        return total


class Socket(Case):
    """Long answers as clients have them, of so many containers. An arm's value is milliseconds an answer."""
    unit, base = "ms an answer", "containers json"
    arms = [f"{kind}{clients}" for clients in ("", ", 16") for kind in KINDS]
    what = "time an answer"
    note = ("Over the socket, with containers that are made up: GET_CONTAINERS, GET_STATE and a scrape of /metrics, one "
            "client that asks again and again, and 16 at once (time in all over answers in all), who share what is "
            "written while they wait. The client is one thread, on the same CPUs as the daemon.")

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.bytes = {}

    def set_up(self):
        self.served = self.stack.enter_context(Served(self.build, self.n))

    @contextlib.contextmanager
    def prepared(self, arm):
        yield lambda: self.timed(arm)

    def timed(self, arm):
        kind, _, clients = arm.partition(", ")
        rate, size = self.served.ask(clients or 1, 1, KINDS[kind])
        self.bytes[arm] = int(size)
        return 1000 / float(rate)

    def own(self):
        return [self.served.cpu_ns]

    def columns(self, results):
        return {"bytes a container": {arm: benchlib.spread([size / self.n]) for arm, size in self.bytes.items()}}


def socket_case(n):
    return type(f"Socket{n}", (Socket,), {"name": f"socket-{n}", "title": f"Long answers over the socket, {n:,} containers",
                                          "n": n})


class Growth(Case):
    """An arm's value is microseconds a container."""
    name, unit, base = "answers-growth", "us a container", "containers json, 100"
    title = "How long answers grow with the number of containers"
    what = "time a container"
    arms = [f"{kind}, {n:,}" for kind in KINDS for n in SIZES]
    note = ("Over the socket, one client. What takes the same time a container, however many there are, grows as their "
            "number does.")

    def set_up(self):
        self.served = {f"{n:,}": self.stack.enter_context(Served(self.build, n)) for n in SIZES}

    @contextlib.contextmanager
    def prepared(self, arm):
        kind, n = arm.split(", ")
        served = self.served[n]
        yield lambda: 1e6 / float(served.ask(1, 1, KINDS[kind])[0]) / served.n

    def own(self):
        return [served.cpu_ns for served in self.served.values()]


class Crowd(Case):
    """An arm's value is CPU time of the threads that write answers, in ms."""
    name, unit, base = "answers-crowd", "ms of CPU", "one"
    title = "What 50 who ask the same at once cost: GET_STATE of 10,000 containers"
    what = "CPU time of the threads that write answers"
    arms = ["one", "fifty", "fifty of two"]
    note = ("`one` asks alone; of `fifty` all ask before the daemon sees the first; `fifty of two` are two principals in "
            "turns, who never get one body. Sending it to each is not in it.")

    def set_up(self):
        self.served = self.stack.enter_context(Served(self.build, 10000))

    @contextlib.contextmanager
    def prepared(self, arm):
        askers = [self.connect(arm == "fifty of two" and i % 2) for i in range(1 if arm == "one" else 50)]
        yield lambda: self.ask(askers)
        for asker in askers:
            asker.close()

    def connect(self, as_reader):
        """The peer is who it is when it connects."""
        if as_reader:
            os.setgroups([READER_GID])
            os.seteuid(65534)
        asker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        asker.connect(self.served.socket)
        if as_reader:
            os.seteuid(0)
            os.setgroups([])
        return asker

    def ask(self, askers):
        body = b'{"type": "GET_STATE"}'
        request = (b"POST /api/v1 HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\nConnection: close\r\n"
                   b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        before = self.served.cpu_ns("weir-reader")
        os.kill(self.served.process.pid, signal.SIGSTOP)
        for asker in askers:
            asker.sendall(request)
        os.kill(self.served.process.pid, signal.SIGCONT)
        for asker in askers:
            while asker.recv(1 << 20):
                pass
        return (self.served.cpu_ns("weir-reader") - before) / 1e6

    def own(self):
        return [self.served.cpu_ns, time.process_time_ns]

    def bars(self, results):
        return [bar("50 who ask the same at once, over one", [r["fifty"] / r["one"] for r in results], most=1.5),
                bar("50 who ask the same, of two principals, over one", [r["fifty of two"] / r["one"] for r in results],
                    most=3)]


class Healthz(Case):
    """An arm's value is (median, 99th of a hundred, longest) of GET /healthz, in ms."""
    name, unit, base = "healthz", "ms, longest", "hammered"
    title = "GET /healthz while GET_STATE of 10,000 containers is hammered"
    arms = ["idle", "elsewhere", "hammered"]
    note = ("One client asks once a millisecond; in `hammered` beside 16 who ask for the state in JSON, one time after the "
            "other, from one thread on the same CPUs. In `elsewhere` these ask another daemon: what is left is the wait for a "
            "CPU.")

    def set_up(self):
        self.served = self.stack.enter_context(Served(self.build, 10000))
        self.other = self.stack.enter_context(Served(self.build, 10000))

    @contextlib.contextmanager
    def prepared(self, arm):
        hammer = None
        if arm != "idle":
            target = self.served if arm == "hammered" else self.other
            hammer = subprocess.Popen([f"{self.build}/bench/ask", target.socket, "16", "60", "GET_STATE/json"],
                                      stdout=subprocess.DEVNULL)
            time.sleep(0.5)
        self.hammer = hammer
        yield lambda: [float(ms) for ms in self.served.ask(1, 5, "healthz", "late")]
        self.hammer = None
        if hammer:
            hammer.kill()
            hammer.wait()

    def hammer_ns(self):
        if not self.hammer:
            return 0
        return int(benchlib.read(f"/proc/{self.hammer.pid}/schedstat").split()[0])

    def own(self):
        return [self.served.cpu_ns, self.other.cpu_ns, self.hammer_ns]

    def value(self, measured):
        return measured[2]

    def bars(self, results):
        return [bar(f"{self.title}: the 99th of a hundred", [r["hammered"][1] for r in results], most=5, unit=" ms"),
                bar(f"{self.title}: the longest of five seconds", [r["hammered"][2] for r in results], most=5, unit=" ms")]


ALL = [answer("containers", 100, {}), answer("containers", 1000, {"json": 5, "protobuf": 2}),
       answer("containers", 10000, {}), answer("state", 100, {}), answer("state", 1000, {}),
       answer("state", 10000, {"json": 60}), Ask, *(socket_case(n) for n in SIZES), Growth, Crowd, Healthz]
