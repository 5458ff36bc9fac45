# SPDX-License-Identifier: Apache-2.0
"""What answers cost: long ones as they are written, short ones as they come over the socket."""

import contextlib

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
        argv = [f"{self.build}/bench/ask", self.node.socket, arm if arm != "anew" else "1", "2"]
        yield lambda: float(output(argv + (["anew"] if arm == "anew" else [])))

    def own(self):
        return [self.node.cpu_ns]

    def bars(self, results):
        return [bar(f"{self.title}, 16 connections", [r["16"] for r in results], least=100000, unit=" a second")]


ALL = [answer("containers", 100, {}), answer("containers", 1000, {"json": 5, "protobuf": 2}),
       answer("containers", 10000, {}), answer("state", 100, {}), answer("state", 1000, {}),
       answer("state", 10000, {"json": 60}), Ask]
