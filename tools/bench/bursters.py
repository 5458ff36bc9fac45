# SPDX-License-Identifier: Apache-2.0
"""Containers that take every cycle they are given, and a rule that is meant to hold them back."""

import os
import threading
import time

import benchlib
from case import output

A_CPU = 2  # so many bursters
REQUEST = 0.2  # CPUs, each


class Bursters:
    """Two a CPU, each in a container of its own. They end with their node."""

    def __init__(self, node, command, limit="max"):
        self.node = node
        self.ids = [f"burst{i}" for i in range(A_CPU * os.cpu_count())]
        for name in self.ids:
            output(node.command("run", "--detach", "--name", name,
                                "--cpu", f"{REQUEST}:{limit}", "--", *command))

    def make_idle(self):
        """Into the kernel's idle class, past whoever manages them."""
        for name in self.ids:
            benchlib.write("1", benchlib.idle_file(self.node.group(name)))

    def cpu_ns(self):
        return self.node.containers_ns(*self.ids)


def next_limit(limit, throttled, busy, request, most):
    """What others do each second: up by a fifth if it was throttled, down if the node is busy."""
    if busy > 0.5:
        limit *= 0.8
    elif throttled:
        limit *= 1.2
    return min(max(limit, request), most)


class Rule:
    """next_limit() of each burster, once a second while the block lasts."""

    def __init__(self, bursters):
        self.quotas = [benchlib.Quota(bursters.node.group(name)) for name in bursters.ids]
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.failure = None

    def __enter__(self):
        self.limits = [REQUEST for _ in self.quotas]
        for quota in self.quotas:
            quota.set(REQUEST)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop.set()
        self.thread.join()
        if self.failure and not kind:
            raise self.failure

    def run(self):
        try:
            self.follow()
        except OSError as e:
            self.failure = e

    def follow(self):
        throttled = [quota.nr_throttled() for quota in self.quotas]
        at, used = time.monotonic_ns(), benchlib.machine_ns()
        while not self.stop.wait(1):
            since, before, counts = at, used, throttled
            at, used = time.monotonic_ns(), benchlib.machine_ns()
            throttled = [quota.nr_throttled() for quota in self.quotas]
            busy = (used - before) / ((at - since) * os.cpu_count())
            for i, quota in enumerate(self.quotas):
                limit = next_limit(self.limits[i], throttled[i] > counts[i], busy,
                                   REQUEST, os.cpu_count())
                if limit != self.limits[i]:
                    self.limits[i] = limit
                    quota.set(limit)
