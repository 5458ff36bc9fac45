# SPDX-License-Identifier: Apache-2.0
"""
Where somebody lies who reaches others, and whom: for the cases of the fence. What they do is in
tools/bench/fence/ops.c.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import benchlib
from case import Skipped, output
from node import Node

CPU = os.cpu_count() - 1
PORT = 7001  # as tools/bench/fence/ends.h has it
KNOWN_S = 10  # until when the agent's socket has to be known
RULES = (1, 100, 1000)
# Programs that do nothing, at the hooks of tools/bench/fence/empty.bpf.c.
EMPTY = {
    "empty": ["connect4", "sendmsg4"],
    "empty-packets": ["connect4", "sendmsg4", "egress", "ingress"],
    "empty-unix": ["connect_unix", "sendmsg_unix"],
}
OUTSIDE = ["idle", "others"]
POLICIES = ["open", "deny-agent-tcp", *(f"custom-{n}" for n in RULES), "agent-socket-only"]

ARMS_NOTE = (
    "`none`: no weir, and no program; `idle`: weir runs, and nobody is fenced; `others`: somebody "
    "else is, so packets are looked at, too. Whoever reaches somebody lies in no container there. "
    "The rest are policies of the container that they lie in; `custom`: by default all is denied, "
    "and of 1, 100 or 1,000 rules one allows the target. ")


def rules(n):
    """Of a custom policy: n, of which one allows the target."""
    others = [f"allow 10.{i // 256}.{i % 256}.0/24 tcp 443" for i in range(n - 1)]
    return "\n".join(["default deny", *others, f"allow 127.0.0.1 any {PORT}", ""])


@contextlib.contextmanager
def helper(argv, **options):
    """One of our programs, once it has said that it is ready; until the block ends."""
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               start_new_session=True, **options)
    try:
        if process.stdout.readline() != "ready\n":
            raise Skipped(f"{os.path.basename(argv[0])} did not become ready")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class Target:
    """Whom they reach, outside of any container; by IP in a network of its own, where ports are free."""

    def __init__(self, build, stack, by_ip):
        self.build, self.by_ip = build, by_ip
        self.dir = tempfile.mkdtemp(prefix="weirbench-target-")
        stack.callback(shutil.rmtree, self.dir)
        self.pid = stack.enter_context(helper(
            [f"{build}/bench/fence-target", "-c", str(CPU), *["-n"] * by_ip, self.dir])).pid

    def beside(self, *argv):
        """The command, in its network."""
        return [*(["nsenter", f"--net=/proc/{self.pid}/ns/net"] if self.by_ip else []), *argv]

    def load(self, operations, n):
        return [f"{self.build}/bench/fence-ops", "-c", str(CPU), "-n", str(n), self.dir, *operations]

    def cpu_ns(self):
        return int(benchlib.read(f"/proc/{self.pid}/schedstat").split()[0])


@contextlib.contextmanager
def nftables(target, group):
    """
    The rule that does in nftables what a policy does, in the target's network, while the block lasts.
    Groups are named as seen from where nft believes cgroup2 to be mounted.
    """
    path = os.path.relpath(group, "/sys/fs/cgroup")
    done = subprocess.run(target.beside("nft", "-f", "-"), capture_output=True, text=True, input=(
        "table inet bench {\n chain output {\n"
        "  type filter hook output priority 0; policy accept;\n"
        f'  socket cgroupv2 level 1 "{path}" accept\n }}\n}}\n'))
    if done.returncode:
        said = done.stderr.strip() or "and says nothing"
        raise Skipped(f"nft refused its rule: {said.splitlines()[0]}")
    try:
        yield
    finally:
        output(target.beside("nft", "flush", "ruleset"))


class Place:
    """
    One arm of a case. In a container with a policy, or in none; with a daemon, unless the arm does
    without weir. `agent`: the target whose unix socket is the agent's.
    """

    def __init__(self, build, arm, stack, agent=None):
        self.build, self.arm, self.agent = build, arm, agent
        self.node = self.group = self.tier = None
        if arm in EMPTY:
            stack.enter_context(helper([f"{build}/bench/fence-attach",
                                        f"{build}/bench/fence-empty.bpf.o",
                                        benchlib.MOUNTS["cgroup2"], *EMPTY[arm]]))
        elif arm == "nftables":
            self.group = stack.enter_context(benchlib.groups(f"weirbench-{os.getpid()}-nft"))[0]
        elif arm in OUTSIDE + POLICIES:
            settings = f"[fence]\nagent_socket = {agent.dir}/stream\n" if agent else ""
            self.node = stack.enter_context(Node(build, settings))
            self.set_up()

    def set_up(self):
        self.tier = tier_of(self.node)
        if self.arm in OUTSIDE:
            policy = "deny-agent-tcp" if self.arm == "others" else "open"
            output(self.node.command("run", "--detach", "--name", "other", "--net", policy, "--",
                                     "sleep", "infinity"))
        self.policy = ["--net", self.arm.split("-")[0] if self.is_custom() else self.arm,
                       "--net-degraded"]
        if self.is_custom():
            benchlib.write(rules(int(self.arm.split("-")[1])), self.node.dir, "rules")
            self.policy += ["--rules", os.path.join(self.node.dir, "rules")]
        if self.arm == "agent-socket-only":
            self.wait_until_known()

    def is_custom(self):
        return self.arm.startswith("custom-")

    def wait_until_known(self):
        deadline = time.monotonic() + KNOWN_S
        while subprocess.run(self.argv(self.agent, ["unix-connect"], 1), capture_output=True).returncode:
            if time.monotonic() > deadline:
                raise SystemExit("the agent's socket could not be reached")
            time.sleep(0.1)

    def argv(self, target, operations, n):
        load = target.load(operations, n)
        if self.arm in POLICIES:
            # A CPU for itself: it is to be within its request.
            load = self.node.command("run", "--name", "load", "--cpu", "1:max", *self.policy,
                                     "--", *load)
        return target.beside(*load)

    def run(self, target, operations, n):
        """{operation: ns}."""
        argv = self.argv(target, operations, n)
        if not self.group:
            return json.loads(output(argv))
        with nftables(target, self.group.cgroup2):
            return json.loads(output(argv, preexec_fn=self.group.join))


def tier_of(node):
    """T0 to T3: what the fence of this machine comes to."""
    found = re.search(r'^weir_node_fence_tier{.*"(T\d)"} 1$',
                      output(node.command("--pin-dir", node.pins, "metrics")), re.M)
    if not found:
        raise Skipped("there is no fence on this machine: see weir doctor")
    return found.group(1)
