# SPDX-License-Identifier: Apache-2.0
"""What a picture of `weir top` costs, on a terminal that nobody looks at."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import benchlib
from case import Case, bar
from node import Node

INTERVAL_S = 0.1
WARM_S = 1  # the first pictures are drawn whole


@contextlib.contextmanager
def on_terminal(argv, lines, columns):
    """(process, fd of the terminal's other end): whoever has that has to drain it."""
    ours, its = pty.openpty()
    try:
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        process = subprocess.Popen(argv, stdin=its, stdout=its, stderr=its, start_new_session=True,
                                   env=os.environ | {"TERM": "xterm", "LC_ALL": "C.UTF-8"})
        try:
            yield process, ours
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(ours)
        os.close(its)


def drain(fd, seconds):
    """What came, for so long."""
    text, deadline = b"", time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            text += os.read(fd, 65536)
    return text


def usage(pid):
    """(now, CPU time in ns, times it went to sleep)."""
    sleeps = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", benchlib.read(f"/proc/{pid}/status"), re.M)
    return (time.monotonic(), int(benchlib.read(f"/proc/{pid}/schedstat").split()[0]),
            int(sleeps.group(1)))


class Frame(Case):
    name, unit, base = "frame", "ms a picture", "80x24"
    title = "A picture of `weir top` with 1,000 containers"
    what = "CPU time"
    arms = ["80x24", "200x50"]
    note = ("What `weir top` takes for a picture on a terminal of that size: fresh figures from the "
            "kernel, reading the tables, and drawing. All containers sleep.")
    n_containers = 1000
    span_s = 5

    def set_up(self):
        self.node = self.stack.enter_context(Node(self.build))
        self.node.sleepers(self.n_containers)

    @contextlib.contextmanager
    def prepared(self, arm):
        columns, lines = map(int, arm.split("x"))
        yield lambda: self.timed(lines, columns)

    def timed(self, lines, columns):
        argv = [f"{self.build}/weir", "--pin-dir", self.node.pins, "top",
                "--interval", f"{INTERVAL_S * 1000:.0f}ms"]
        with on_terminal(argv, lines, columns) as (process, fd):
            screen = drain(fd, WARM_S)
            if f"{self.n_containers} running".encode() not in screen:
                raise SystemExit(f"weir top does not show {self.n_containers} containers: {screen!r}")
            since, cpu_before, sleeps_before = usage(process.pid)
            drain(fd, max(self.seconds, self.span_s))
            until, cpu, sleeps = usage(process.pid)
        # It sleeps once a picture. Pictures may come late; more than one an interval there are not.
        pictures = min(sleeps - sleeps_before, (until - since) / INTERVAL_S)
        return (cpu - cpu_before) / pictures / 1e6

    def own(self):
        return [self.node.cpu_ns]

    def bars(self, results):
        return [bar(f"{self.title}, {arm}: CPU time", [r[arm] for r in results], most=5, unit=" ms")
                for arm in self.arms]
