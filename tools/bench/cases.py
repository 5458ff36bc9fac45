# SPDX-License-Identifier: Apache-2.0
"""
The cases of `make bench`. Each has arms that do the same thing in different ways, and times
one arm at a time; preparing it is not timed. Those of the bands are in beside.py and booked.py,
those of the fence in fences.py, that of `weir top` is in frames.py.
"""

import contextlib
import json
import os
import re
import resource
import shutil
import statistics
import tempfile
import time

import answers
import benchlib
import beside
import booked
import fences
import frames
import reservations
from case import Case, bar, output
from loader import Loader
from node import Node


class MeterCase(Case):
    """The same load without any program, with an empty one, with the meter, and in weir."""

    base = "off"
    arms = ["off", "empty", "meter", "weir"]
    note = ("`off`: no program at sched_switch; `empty`: one that does nothing; `meter`: weir's "
            "programs and nothing else of it; `weir`: in a container of the daemon's.")

    def set_up(self):
        name = f"weirbench-{os.getpid()}-{self.name}"
        self.group = self.stack.enter_context(benchlib.groups(name))[0]
        self.node = None

    @contextlib.contextmanager
    def prepared(self, arm):
        if arm == "weir":
            with Node(self.build) as self.node:
                yield lambda: self.parse(output(self.node.command(
                    "run", "--name", "load", "--cpu", "1:max", "--", *self.load)))
            self.node = None
        elif arm == "off":
            yield self.in_group
        else:
            technique = {"empty": "empty", "meter": "tree"}[arm]
            with contextlib.closing(
                    Loader(self.build, technique, self.group.cgroup2)) as loader:
                with loader.attached():
                    yield self.in_group

    def in_group(self):
        return self.parse(output(self.load, preexec_fn=self.group.join))

    def own(self):
        return [self.node.cpu_ns] if self.node else []


class Pipe(MeterCase):
    name, unit = "pipe", "ns a switch"
    title = "Metering a context switch: `perf bench sched pipe` on one CPU"
    load = ["taskset", "-c", str(os.cpu_count() - 1), "perf", "bench", "sched", "pipe",
            "-l", "100000"]

    @staticmethod
    def parse(text):
        return float(re.search(r"([\d.]+) usecs/op", text).group(1)) * 1000 / 2

    def extra(self, results):
        return {f"{arm}: ns a switch net of the empty program":
                statistics.median(r[arm] - r["empty"] for r in results)
                for arm in ("meter", "weir")}


class Messaging(MeterCase):
    name, unit = "messaging", "s"
    title = "Metering a crowd: `perf bench sched messaging`"
    load = ["perf", "bench", "sched", "messaging", "-g", "10", "-l", "400"]

    @staticmethod
    def parse(text):
        return float(re.search(r"Total time: ([\d.]+)", text).group(1))


class Read(Case):
    name, unit, base = "read", "us a pass", "mmap"
    title = "Reading the figures of 1,000 containers"
    arms = ["mmap", "lookup", "kept", "reopened"]
    note = ("`mmap`: include/weir/metrics.h; `lookup`: one bpf() call a record; `kept`, `reopened`: "
            "CPU and memory use from two cgroup files a container, kept open, or opened each time.")
    n_containers = 1000

    def set_up(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * self.n_containers), hard))
        self.node = self.stack.enter_context(Node(self.build))
        for i in range(self.n_containers):
            output(self.node.command("run", "--detach", "--name", f"c{i}", "--",
                                     "sleep", "infinity"))
        memory = benchlib.MOUNTS.get("memory")
        usage = "memory.usage_in_bytes" if memory else "memory.current"
        self.files = []
        for i in range(self.n_containers):
            name = f"{self.node.prefix}c{i}"
            self.files.append(os.path.join(benchlib.MOUNTS["cgroup2"], name, "cpu.stat"))
            self.files.append(os.path.join(memory or benchlib.MOUNTS["cgroup2"], name, usage))

    @contextlib.contextmanager
    def prepared(self, arm):
        what = ["-p", self.node.pins] if arm in ("mmap", "lookup") else self.files
        yield lambda: self.parse(output([f"{self.build}/bench/readall", "-w", arm, *what]), arm)

    def parse(self, text, arm):
        n, us = text.split()
        expected = self.n_containers * (1 if arm in ("mmap", "lookup") else 2)
        if int(n) != expected:
            raise SystemExit(f"{arm}: {n} records were read where {expected} are")
        return float(us)

    def own(self):
        return [self.node.cpu_ns]


class Launch(Case):
    name, unit, base = "launch", "us, median", "weir"
    title = "From the request to the first instruction of the command, 100 ms idle between launches"
    arms = ["weir", "weir run", "crun", "runc"]
    note = ("`weir`: a call on the control socket; `weir run`, `crun`, `runc`: the command line, "
            "its own start included. The same static command under the same CPU and memory limits. "
            "The OCI runtimes' bundle has no namespace but the mount namespace they insist on; weir "
            "makes none.")
    n_launches = 20

    def set_up(self):
        self.node = self.stack.enter_context(Node(self.build))
        self.dir = tempfile.mkdtemp(prefix="weirbench-oci-")
        self.stack.callback(shutil.rmtree, self.dir)
        for needed in ("proc", "dev"):
            os.makedirs(f"{self.dir}/bundle/rootfs/{needed}")
        shutil.copy(f"{self.build}/bench/first", f"{self.dir}/bundle/rootfs/first")
        benchlib.write(json.dumps({
            "ociVersion": "1.0.2",
            "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": "/",
                        "args": ["/first"]},
            "root": {"path": "rootfs"},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
            "linux": {
                "cgroupsPath": f"/weirbench-{os.getpid()}-oci",
                "namespaces": [{"type": "mount"}],
                "resources": {
                    "cpu": {"shares": 102, "quota": 100000, "period": 100000},
                    "memory": {"reservation": 64 << 20, "limit": 128 << 20},
                },
            },
        }), self.dir, "bundle", "config.json")

    def argv(self, arm):
        first = f"{self.build}/bench/first"
        if arm == "weir":
            return ["-S", self.node.socket, first]
        if arm == "weir run":
            return ["--", *self.node.command("run", "--name", "b-%d", "--cpu", "0.1:1",
                                             "--mem", "64Mi:128Mi", "--", first)]
        return ["--", arm, "--root", f"{self.dir}/{arm}", "run",
                "--bundle", f"{self.dir}/bundle", "b-%d"]

    @contextlib.contextmanager
    def prepared(self, arm):
        yield lambda: self.timed(arm)

    def without_cgroup2(self, arm):
        """crun refuses a machine where v1 and v2 share the controllers: let it see v1 alone."""
        if arm != "crun" or "cpu" not in benchlib.MOUNTS:
            return []
        return ["unshare", "--mount", "sh", "-c", 'umount "$0" && exec "$@"',
                benchlib.MOUNTS["cgroup2"]]

    def timed(self, arm):
        text = output([*self.without_cgroup2(arm), f"{self.build}/bench/launch",
                       "-n", str(self.n_launches), *self.argv(arm)])
        return list(map(float, text.split()))

    def value(self, measured):
        return statistics.median(measured)

    def own(self):
        return [self.node.cpu_ns]

    def extra(self, results):
        figures = {}
        for arm in self.arms:
            times = sorted(t for r in results for t in r[arm])
            figures[f"{arm}: p99 of {len(times)} launches, us"] = times[-(-len(times) * 99 // 100) - 1]
        return figures


class Thousand(Case):
    name, unit, base = "thousand", "of a CPU", "calm"
    title = "weir-daemon with 1,000 containers that sleep"
    what = "CPU time"
    arms = ["calm", "armed"]
    note = ("`calm`: nothing else runs; `armed`: beside them a service within its request, and four "
            "bursters that give way.")
    n_containers = 1000
    service = beside.KEEPER
    span_s = 10  # a tick a second is part of it

    def set_up(self):
        self.node = self.stack.enter_context(Node(self.build))
        self.node.sleepers(self.n_containers)

    @contextlib.contextmanager
    def prepared(self, arm):
        self.ids = []
        if arm == "armed":
            self.start("service", [f"{self.build}/bench/{self.service[0]}", *self.service[1:]],
                       "--cpu", f"{beside.KEEPER_REQUEST}:max")
            for i in range(4):
                self.start(f"burst{i}", [f"{self.build}/bench/spin"])
        time.sleep(beside.SETTLE_S + 1)  # it lingers for a second
        try:
            yield self.timed
        finally:
            for name in self.ids:
                output(self.node.command("rm", "--force", name))
            self.ids = []

    def start(self, name, argv, *options):
        output(self.node.command("run", "--detach", "--name", name, *options, "--", *argv))
        self.ids.append(name)

    def timed(self):
        since, before = time.monotonic_ns(), self.node.run_ns()
        time.sleep(max(self.seconds, self.span_s))
        used = (self.node.run_ns() - before) / (time.monotonic_ns() - since)
        return {"cpu": used, "rss_mib": self.node.rss_bytes() / 2**20}

    def value(self, measured):
        return measured["cpu"]

    def own(self):
        return [self.node.cpu_ns, lambda: self.node.containers_ns(*self.ids)]

    def columns(self, results):
        return {"percent of a CPU": {arm: benchlib.spread([100 * r[arm]["cpu"] for r in results])
                                     for arm in self.arms},
                "MiB resident": {arm: benchlib.spread([r[arm]["rss_mib"] for r in results])
                                 for arm in self.arms}}

    def bars(self, results):
        return [bar(f"{self.title}: CPU when calm", [100 * r["calm"]["cpu"] for r in results],
                    most=0.2, unit=" %"),
                bar(f"{self.title}: resident", [r["calm"]["rss_mib"] for r in results],
                    most=24, unit=" MiB")]


ALL = [Pipe, Messaging, Read, Launch, Thousand, frames.Frame, *answers.ALL, *reservations.ALL, *beside.ALL, *booked.ALL,
       *fences.ALL]
