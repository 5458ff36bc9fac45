# SPDX-License-Identifier: Apache-2.0
"""
What the fence adds to reaching somebody: to a call, by the clock, and a run of each of its programs,
by the kernel's own count; and how long it takes until a policy holds.
"""

import contextlib
import glob
import json
import os
import shutil
import statistics

import benchlib
from case import Case, Skipped, bar, output
from node import Node
from place import ARMS_NOTE, EMPTY, OUTSIDE, POLICIES, RULES, Place, Target, nftables

N_OPERATIONS = 20000
N_RUNS = 3  # from one process to the next a call differs by more than a program takes
MOST_NS = 100  # a hook
TEXTS = {"tcp-connect": "TCP connect", "udp-connect": "UDP connect", "udp-sendto": "UDP sendto",
         "unix-connect": "stream connect", "unix-sendto": "datagram sendto"}
# Of a connection three segments leave and come on the loopback before connect() is done; of a datagram one.
PACKETS = {"tcp-connect": 6, "udp-sendto": 2}


def hooks(operation, tier, sees_packets):
    """How many of the fence's programs an operation calls."""
    with_lsm = tier >= "T2"
    if operation.startswith("unix"):
        return 2 if with_lsm else int(tier == "T1")
    return 1 + with_lsm + sees_packets * PACKETS.get(operation, 0)


class Operations(Case):
    unit, base = "ns", "none"
    by_ip = True

    def set_up(self):
        self.what = TEXTS[self.operations[0]]
        self.target = Target(self.build, self.stack, self.by_ip)
        self.place = self.tier = None

    @contextlib.contextmanager
    def prepared(self, arm):
        with contextlib.ExitStack() as stack:
            self.place = Place(self.build, arm, stack, None if self.by_ip else self.target)
            self.tier = self.place.tier or self.tier
            yield self.timed
        self.place = None

    def timed(self):
        operations = self.able(self.place.arm)
        runs = [self.place.run(self.target, operations, N_OPERATIONS) for _ in range(N_RUNS)]
        return {o: statistics.median(run[o] for run in runs) for o in operations}

    def able(self, arm):
        """The operations that a policy allows."""
        return self.operations

    def own(self):
        return [self.target.cpu_ns, *([self.place.node.cpu_ns] if self.place.node else [])]

    def value(self, measured):
        return measured[self.operations[0]]

    def added(self, results, arm, operation, to=None):
        return [r[arm][operation] - r[to or self.base][operation] for r in results]

    def sees_packets(self, arm):
        return self.by_ip and arm not in ("idle", "open", "empty")

    def empty(self, arm):
        """The arm whose programs are called where this one's are."""
        if not self.by_ip:
            return "empty-unix"
        return "empty-packets" if self.sees_packets(arm) else "empty"

    def hooks(self, arm, operation):
        return hooks(operation, "T1" if arm in EMPTY else self.tier, self.sees_packets(arm))

    def columns(self, results):
        found = {}
        for operation in self.operations:
            found[f"{TEXTS[operation]}: ns added"] = {
                arm: benchlib.spread(self.added(results, arm, operation))
                for arm in self.arms if arm != self.base and operation in self.able(arm)}
        first = self.operations[0]
        found[f"hooks that a {self.what} calls"] = {
            arm: benchlib.spread([self.hooks(arm, first)] * len(results))
            for arm in self.arms if arm in [*EMPTY, *OUTSIDE, *POLICIES]}
        return found

    def a_hook(self, results, arm, operation, net):
        """
        ns added for each hook; net of programs that do nothing, called at the same ones. What a
        container adds by itself is not the fence's.
        """
        to = self.empty(arm) if net else None
        place = [0] * len(results)
        if arm in POLICIES:
            place = self.added(results, "open", operation, "idle")
        return [(ns - container) / self.hooks(arm, operation)
                for ns, container in zip(self.added(results, arm, operation, to), place)]

    def bars(self, results):
        """The dearest arm counts; and it is said which that is."""
        found = []
        if not self.hooks("idle", self.operations[0]):
            return found
        for operation in (o for o in self.operations if o.endswith("connect")):
            for where, arms in (("in no container", OUTSIDE),
                                ("behind a policy", [a for a in self.arms if a in POLICIES[1:]])):
                for net in (False, True):
                    rows = {arm: self.a_hook(results, arm, operation, net) for arm in arms}
                    worst = max(rows, key=lambda arm: statistics.median(rows[arm]))
                    found.append(bar(
                        f"What the fence adds to a {TEXTS[operation]} {where}, a hook"
                        f"{', net of empty programs' * net} (most: {worst})",
                        rows[worst], most=MOST_NS, unit=" ns"))
        return found

    def plot(self, results):
        first = self.operations[0]
        rows = {}
        for arm in self.arms[1:]:
            mark = MOST_NS * self.hooks(arm, first) if arm in OUTSIDE + POLICIES else None
            rows[arm] = {"at": benchlib.spread(self.added(results, arm, first)), "mark": mark,
                         "plain": mark is None}
        return {"rows": rows, "caption": f"ns added to a {self.what}; less is better"}


PARTS_NOTE = ("What is added in a container has the group's own share in it, which is `open` less `idle`, and "
              "is left out where bounds are: that of memory, of which the kernel keeps account. Behind "
              "other policies the launcher's seccomp filter is part of it, below tier T2. ")
EMPTY_NOTE = "{}: no weir, but programs that do nothing, called where weir's are{}. "


class ByIp(Operations):
    name = "fence-ops-ip"
    title = "What the fence adds to reaching somebody by IP"
    operations = ["tcp-connect", "udp-connect", "udp-sendto"]
    arms = ["none", "empty", "empty-packets", *OUTSIDE,
            *(p for p in POLICIES if p != "agent-socket-only"), "nftables"]
    note = ("Over the loopback, both ends on one CPU. " + ARMS_NOTE + PARTS_NOTE +
            EMPTY_NOTE.format("`empty`, `empty-packets`", " while nobody is fenced, and while somebody is") +
            "`nftables`: no weir, but a rule that knows the group by `socket cgroupv2` and accepts. ")

    def set_up(self):
        super().set_up()
        reason = self.why_no_nftables()
        if reason:
            self.arms = [arm for arm in self.arms if arm != "nftables"]
            self.note += f"It was left out: {reason}. "

    def why_no_nftables(self):
        if not shutil.which("nft"):
            return "there is no nft (tools/setup bench)"
        try:
            with nftables(self.target, benchlib.MOUNTS["cgroup2"]):
                return None
        except Skipped as e:
            return str(e)


class ByUnix(Operations):
    name = "fence-ops-unix"
    title = "What the fence adds to reaching somebody by a unix socket"
    operations = ["unix-connect", "unix-sendto"]
    by_ip = False
    arms = ["none", "empty-unix", *OUTSIDE, "open", "deny-agent-tcp", "agent-socket-only"]
    note = ("Both ends on one CPU. Arms as by IP. " +
            EMPTY_NOTE.format("`empty-unix`", "") +
            "`agent-socket-only`: the target is the agent's socket; that one listens, so there are "
            "no datagrams. ")

    def able(self, arm):
        return self.operations[:1] if arm == "agent-socket-only" else self.operations


def bpftool(*words):
    return json.loads(output(["bpftool", "--json", *words]))


class BpfStats:
    """The kernel's count of what programs take, while the block lasts."""

    path = "/proc/sys/kernel/bpf_stats_enabled"

    def __enter__(self):
        try:
            self.before = benchlib.read(self.path)
            benchlib.write("1", self.path)
        except OSError as e:
            raise Skipped(f"the kernel does not count what programs take: {e}") from e
        return self

    def __exit__(self, *_):
        benchlib.write(self.before, self.path)


BOUND = ["connect4", "connect_unix"]  # where connect() calls them


class Programs(Case):
    name, unit, base = "fence-programs", "ns a run, on connect()", "idle"
    title = "What a run of the fence's programs takes"
    ratios = False
    arms = ["empty-packets", "empty-unix", *OUTSIDE, *POLICIES]
    note = ("By the kernel's own count (`kernel.bpf_stats_enabled`), during what is measured above. It "
            "reads a clock twice, and that is part of each figure: of programs that do nothing it is "
            "nearly all. Of packets both ends' are counted, and one end lies in no container. ")

    def set_up(self):
        self.stack.enter_context(BpfStats())
        self.ip = Target(self.build, self.stack, True)
        self.unix = Target(self.build, self.stack, False)
        self.place = None

    @contextlib.contextmanager
    def prepared(self, arm):
        with contextlib.ExitStack() as stack:
            self.place = Place(self.build, arm, stack, self.unix)
            yield self.timed
        self.place = None

    def counts(self):
        """
        {program: (ns, runs)}: of the fence's, what looks at this daemon's settings, of which there is
        one map; of those that do nothing, what is called like them.
        """
        shown = bpftool("prog", "show")
        if self.place.node:
            settings = glob.glob(os.path.join(self.place.node.pins, "*", "fence", "settings"))
            number = bpftool("map", "show", "pinned", *settings)["id"]
            shown = [p for p in shown if number in p.get("map_ids", [])]
        else:
            shown = [p for p in shown if p.get("name") in EMPTY[self.place.arm]]
        return {p["name"].removeprefix("weir_"): (p.get("run_time_ns", 0), p.get("run_cnt", 0))
                for p in shown}

    def timed(self):
        arm, before = self.place.arm, self.counts()
        if not arm.endswith(("unix", "socket-only")):
            self.place.run(self.ip, ByIp.operations, N_OPERATIONS)
        if not arm.startswith(("custom", "empty-packets")):
            self.place.run(self.unix, ByUnix.able(ByUnix, arm), N_OPERATIONS)
        found = {}
        for program, (ns, runs) in self.counts().items():
            ns, runs = ns - before[program][0], runs - before[program][1]
            # What ran less is not what was meant.
            if runs >= N_OPERATIONS:
                found[program] = ns / runs
        return found

    def own(self):
        node = self.place.node
        return [self.ip.cpu_ns, self.unix.cpu_ns, *([node.cpu_ns] if node else [])]

    def value(self, measured):
        return max(measured.get(program, 0) for program in BOUND)

    def spreads(self, results, program):
        return {arm: benchlib.spread([r[arm][program] for r in results])
                for arm in self.arms if all(program in r[arm] for r in results)}

    def columns(self, results):
        programs = dict.fromkeys(p for r in results for arm in self.arms for p in r[arm])
        return {f"`weir_{p}`, ns": self.spreads(results, p) for p in programs}

    def called(self, results, program):
        return [arm for arm in self.spreads(results, program) if arm not in EMPTY]

    def net(self, results, arm, program):
        """Of what the kernel counts for a program that does nothing."""
        return [r[arm][program] - r["empty-unix" if "unix" in program else "empty-packets"][program]
                for r in results]

    def bars(self, results):
        found = []
        for program in BOUND:
            rows = {arm: self.net(results, arm, program) for arm in self.called(results, program)}
            if rows:
                worst = max(rows, key=lambda arm: statistics.median(rows[arm]))
                found.append(bar(f"A run of weir_{program}, net of an empty program's (most: {worst})",
                                 rows[worst], most=MOST_NS, unit=" ns"))
        return found

    def plot(self, results):
        rows = {f"{arm}, {program}": {"at": benchlib.spread(self.net(results, arm, program)),
                                      "mark": MOST_NS, "plain": arm in OUTSIDE}
                for program in BOUND for arm in self.called(results, program)}
        return {"rows": rows, "caption": "ns a run, net of an empty program's; less is better"}


class Attach(Case):
    name, unit, base = "fence-attach", "us, median", "1"
    title = "Until a policy holds, beside so many other containers"
    what = "the first on the node"
    arms = ["1", "100", "1000"]
    n_cycles = 20
    note = ("A call on the control socket, until it is answered: `SET_POLICY` for a container that runs, and back to "
            "`open`. The first policy of a node has programs attached that look at packets, and the last takes them "
            "away; further ones find them there. All containers sleep. ")

    @contextlib.contextmanager
    def prepared(self, arm):
        with Node(self.build) as self.node:
            self.node.sleepers(int(arm))
            for name in ("own", "keeper"):
                output(self.node.command("run", "--detach", "--name", name, "--net", "open", "--",
                                         "sleep", "infinity"))
            yield self.timed

    def cycles(self, policy, *options):
        """(there, back): the median of each, in us."""
        text = output([f"{self.build}/bench/fence-policy", "-n", str(self.n_cycles), *options,
                       self.node.socket, "own", policy])
        pairs = [list(map(float, line.split())) for line in text.splitlines()]
        return [statistics.median(column) for column in zip(*pairs)]

    def timed(self):
        found = {}
        found["first"], found["last"] = self.cycles("deny-agent-tcp")
        output(self.node.command("policy", "set", "keeper", "deny-agent-tcp"))
        found["further"], found["back"] = self.cycles("deny-agent-tcp")
        for n in RULES:
            found[f"custom-{n}"] = self.cycles("custom", "-r", str(n))[0]
        output(self.node.command("policy", "set", "keeper", "open"))
        return found

    def value(self, measured):
        return measured["first"]

    def own(self):
        return [self.node.cpu_ns]

    def columns(self, results):
        texts = {"first": "the first, us", "last": "back from the last, us", "further": "a further one, us",
                 "back": "back from it, us",
                 **{f"custom-{n}": f"`custom`, {n:,} rule{'s' * (n > 1)}, us" for n in RULES}}
        return {text: {arm: benchlib.spread([r[arm][key] for r in results]) for arm in self.arms}
                for key, text in texts.items()}


ALL = [ByIp, ByUnix, Programs, Attach]
