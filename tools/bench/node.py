# SPDX-License-Identifier: Apache-2.0
"""
A weir of our own, beside whatever else runs on the machine: private socket, state, bpffs and
cgroup prefix. Nothing of it is left when the block ends.
"""

import contextlib
import itertools
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import benchlib

READY_S = 20

NUMBERS = itertools.count(1)  # of nodes side by side


class Node:
    def __init__(self, build, settings="", parent=None):
        self.build = build
        self.settings = settings  # of weir.conf; the machine's own is not read
        self.prefix = f"weirbench-{os.getpid()}-{next(NUMBERS)}."
        self.parent = parent  # of all its containers; it goes with the node
        if parent:
            self.settings += f"[daemon]\ncgroup_parent = {parent}\n"

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="weirbench-")
        self.bpffs = os.path.join(self.dir, "bpf")
        os.mkdir(self.bpffs)
        subprocess.run(["mount", "-t", "bpf", "bpf", self.bpffs], check=True)
        self.pins = os.path.join(self.bpffs, "weir")
        self.socket = os.path.join(self.dir, "weir.sock")
        self.log = open(os.path.join(self.dir, "log"), "w+")
        benchlib.write(self.settings, self.dir, "weir.conf")
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        """Returns once the daemon has said that it is ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(os.path.join(self.dir, "notify"))
            notify.settimeout(1)
            self.daemon = subprocess.Popen(
                [f"{self.build}/weir-daemon", "--config", os.path.join(self.dir, "weir.conf"),
                 "--socket", self.socket, "--pin-dir", self.pins,
                 "--state-dir", os.path.join(self.dir, "state"),
                 "--run-dir", os.path.join(self.dir, "run"), "--cgroup-prefix", self.prefix],
                env=os.environ | {"NOTIFY_SOCKET": os.path.join(self.dir, "notify")},
                # Ctrl-C is for us, and we tell it when to go.
                stdout=self.log, stderr=self.log, start_new_session=True)
            deadline = time.monotonic() + READY_S
            while time.monotonic() < deadline and self.daemon.poll() is None:
                with contextlib.suppress(TimeoutError):
                    if b"READY=1" in notify.recv(4096):
                        return
        self.log.seek(0)
        raise SystemExit(f"weir-daemon did not become ready:\n{self.log.read()}")

    def sleepers(self, n):
        """Containers c0, c1, … that do nothing."""
        for i in range(n):
            subprocess.run(self.command("run", "--detach", "--name", f"c{i}", "--", "sleep", "infinity"),
                           check=True, stdout=subprocess.DEVNULL)

    def cpu_ns(self):
        """Of the daemon and of what it started and reaped."""
        fields = benchlib.read(f"/proc/{self.daemon.pid}/stat").rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) * (10**9 // os.sysconf("SC_CLK_TCK"))

    def run_ns(self):
        """Of the daemon's threads, to the ns."""
        return sum(int(benchlib.read(path).split()[0])
                   for path in glob.glob(f"/proc/{self.daemon.pid}/task/*/schedstat"))

    def rss_bytes(self):
        return int(benchlib.read(f"/proc/{self.daemon.pid}/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def containers_ns(self, *ids):
        """CPU time of these containers, as the kernel has it."""
        return sum(benchlib.usage_ns(self.group(name)) for name in ids)

    def group(self, name):
        """Of a container: its directory, seen from the root of a hierarchy."""
        return os.path.join(self.parent or "", self.prefix + name)

    def command(self, *words):
        return [f"{self.build}/weir", "--socket", self.socket, *words]

    def cgroups(self):
        for root in set(benchlib.MOUNTS.values()):
            yield from glob.glob(os.path.join(root, self.parent or "", glob.escape(self.prefix) + "*"))
            if self.parent and os.path.isdir(os.path.join(root, self.parent)):
                yield os.path.join(root, self.parent)

    def __exit__(self, *_):
        if hasattr(self, "daemon"):
            self.daemon.terminate()
            self.daemon.wait()
        for _ in range(100):
            left = list(self.cgroups())
            for path in left:
                # Again and again: what forks all the time is not all there at once.
                with contextlib.suppress(OSError):
                    # 0 is one that died while the kernel printed it; to kill(), our own group.
                    for pid in filter(None, map(int, benchlib.read(path, "cgroup.procs").split())):
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                    os.rmdir(path)
            if not left:
                break
            time.sleep(0.05)
        self.log.close()
        # The last reference to pins and links goes with the mount.
        subprocess.run(["umount", self.bpffs], check=True)
        shutil.rmtree(self.dir)
