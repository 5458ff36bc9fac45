# SPDX-License-Identifier: Apache-2.0
"""
What the benchmarks share: cgroups of their own, knowing whether the machine was quiet, and
statistics over rounds. Nothing here is timed; what is timed is in C.
"""

import contextlib
import os
import platform
import re
import statistics
import time

FOREIGN_MAX = 0.01  # of the machine; above it a measurement is void


def mounts():
    """{controller or "cgroup2": mount point}, v1 hierarchies by each controller they carry."""
    found = {}
    with open("/proc/self/mountinfo") as f:
        for line in f:
            left, right = line.split(" - ")
            point = left.split()[4]
            kind, _, options = right.split()[:3]
            if kind == "cgroup2":
                found.setdefault("cgroup2", point)
            elif kind == "cgroup":
                for option in options.split(","):
                    found.setdefault(option, point)
    return found


MOUNTS = mounts()


def read(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def write(value, *path):
    with open(os.path.join(*path), "w") as f:
        f.write(value)


def stat(*path):
    return {key: int(value) for key, value in
            (line.split() for line in read(*path).splitlines())}


def usage_ns(name):
    """CPU time of the top-level group `name`. cgroup2 tells it wherever the cpu controller is."""
    return stat(MOUNTS["cgroup2"], name, "cpu.stat")["usage_usec"] * 1000


class Quota:
    """The CPU limit of the top-level group `name`, past whoever manages it."""

    def __init__(self, name):
        self.is_v1 = "cpu" in MOUNTS
        self.dir = os.path.join(MOUNTS["cpu" if self.is_v1 else "cgroup2"], name)
        self.period = int(read(self.dir, "cpu.cfs_period_us") if self.is_v1
                          else read(self.dir, "cpu.max").split()[1])

    def set(self, cpus):
        quota = round(cpus * self.period)
        if self.is_v1:
            write(str(quota), self.dir, "cpu.cfs_quota_us")
        else:
            write(f"{quota} {self.period}", self.dir, "cpu.max")

    def nr_throttled(self):
        return stat(self.dir, "cpu.stat")["nr_throttled"]


def idle_file(name):
    """Where the kernel says whether the top-level group `name` is in the idle class."""
    return os.path.join(MOUNTS.get("cpu", MOUNTS["cgroup2"]), name, "cpu.idle")


class Group:
    """A top-level cgroup on cgroup2 and, where they lie there, on v1's cpu and cpuacct."""

    def __init__(self, name):
        wanted = ["cgroup2", "cpu", "cpuacct"]
        roots = dict.fromkeys(MOUNTS[w] for w in wanted if w in MOUNTS)
        self.dirs = [os.path.join(root, name) for root in roots]
        for d in self.dirs:
            os.makedirs(d, exist_ok=True)
        self.cgroup2 = os.path.join(MOUNTS["cgroup2"], name)
        self.acct = os.path.join(MOUNTS["cpuacct"], name) if "cpuacct" in MOUNTS else None
        self.files = [os.path.join(d, "cgroup.procs") for d in self.dirs]

    def join(self):
        for f in self.files:
            write("0", f)

    def v2_ns(self):
        return usage_ns(os.path.basename(self.cgroup2))

    def cpu_ns(self):
        return int(read(self.acct, "cpuacct.usage")) if self.acct else self.v2_ns()

    def remove(self):
        for d in self.dirs:
            for _ in range(100):  # what has just exited may still be on its way out
                with contextlib.suppress(OSError):
                    os.rmdir(d)
                    break
                time.sleep(0.01)


@contextlib.contextmanager
def groups(*names):
    made = []
    try:
        for name in names:
            made.append(Group(name))
        yield made
    finally:
        for group in made:
            group.remove()


def machine_ns():
    """CPU time of everybody. The v1 root says it to the ns, /proc/stat to the tick."""
    if "cpuacct" in MOUNTS:
        return int(read(MOUNTS["cpuacct"], "cpuacct.usage"))
    user, nice, system, _, _, irq, softirq = map(int, read("/proc/stat").split()[1:8])
    return (user + nice + system + irq + softirq) * (10**9 // os.sysconf("SC_CLK_TCK"))


def steal_ns():
    return int(read("/proc/stat").split()[8]) * (10**9 // os.sysconf("SC_CLK_TCK"))


class Quiet:
    """
    How much of the machine others took, or the hypervisor, between enter and exit. `own` are
    functions that tell the CPU time of ours so far, this process's aside.
    """

    def __init__(self, *own):
        self.own = own

    def __enter__(self):
        self.since = self.now()
        return self

    def now(self):
        own = time.process_time_ns() + sum(ns() for ns in self.own)
        return time.monotonic_ns(), machine_ns() - own, steal_ns()

    def __exit__(self, *_):
        wall, foreign, steal = (b - a for a, b in zip(self.since, self.now()))
        self.foreign = foreign / (wall * os.cpu_count())
        self.steal = steal / (wall * os.cpu_count())

    def broken(self):
        return self.foreign > FOREIGN_MAX or self.steal > FOREIGN_MAX


class TooNoisy(Exception):
    pass


PATIENCE_S = 1800
MAX_DISCARDED = 30  # in a row; then it is not the others, or there is no point in waiting


def wait_for_quiet(own):
    """Returns once others have left the machine alone for a moment; nothing runs meanwhile."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with Quiet(*own) as quiet:
            time.sleep(0.5)
        if not quiet.broken():
            return
    raise TooNoisy(f"others kept using the machine for {PATIENCE_S} s")


def measure(arm, own, discarded):
    """arm(), again until the machine was quiet meanwhile; what was thrown away is counted."""
    for _ in range(MAX_DISCARDED):
        with Quiet(*own) as quiet:
            value = arm()
        if not quiet.broken():
            return value
        discarded.append({"foreign": round(quiet.foreign, 4), "steal": round(quiet.steal, 4)})
        wait_for_quiet(own)
    raise TooNoisy(f"others used the machine in {MAX_DISCARDED} measurements in a row")


def spread(values):
    """Median, and the middle half of the values."""
    quartiles = statistics.quantiles(values * 2 if len(values) == 1 else values, n=4,
                                     method="inclusive")
    return {"median": statistics.median(values), "q1": quartiles[0], "q3": quartiles[2],
            "rounds": len(values)}


def machine():
    cpuinfo = read("/proc/cpuinfo")
    model = re.search(r"model name\s*:\s*(.*)", cpuinfo)
    memory = int(re.search(r"MemTotal:\s*(\d+)", read("/proc/meminfo")).group(1))
    cpu = MOUNTS.get("cpu")
    return {
        "cpus": os.cpu_count(),
        "model": model.group(1) if model else platform.machine(),
        "virtual": " hypervisor" in cpuinfo,
        "memory_gib": round(memory / 2**20),
        "kernel": platform.release().split("-")[0],
        "cgroups": "v2" if not cpu else "hybrid: cpu on v1",
    }
