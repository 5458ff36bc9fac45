# SPDX-License-Identifier: Apache-2.0
"""
Services whose latency is measured. Each has a request with half as much again as it needs, and
runs in a container of weir's, or outside weir: in a group of ours, of default weight, beside
weir's containers at the top of the hierarchy.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time

from case import output

MARGIN = 1.5
READY_S = 10


def band_changes(node, name):
    """A service within its request should never be in another band."""
    return int(output([f"{node.build}/bench/changes", node.pins, name]))


class Latency:
    """Our own: tools/bench/latency.c. It lives as long as it is measured."""

    def __init__(self, threads, work_us, period_us):
        self.words = ["--threads", str(threads), "--work", str(work_us), "--period", str(period_us),
                      "--poisson", "--json"]
        self.need = threads * work_us / period_us  # CPUs
        self.text = (f"{work_us / 1000:g} ms of work every {period_us / 1000:g} ms, "
                     f"{threads} thread{'s' * (threads > 1)}")

    @contextlib.contextmanager
    def placed(self, node, group):
        self.node, self.group = node, group
        yield

    def run(self, seconds, seed):
        argv = [f"{self.node.build}/bench/latency", *self.words,
                "--duration", str(seconds), "--seed", str(seed)]
        if self.group:
            return json.loads(output(argv, preexec_fn=self.group.join))
        result = json.loads(output(self.node.command(
            "run", "--keep", "--name", "service", "--cpu", f"{MARGIN * self.need:g}:max", "--",
            *argv)))
        result["band_changes"] = band_changes(self.node, "service")
        output(self.node.command("rm", "service"))
        return result

    def cpu_ns(self):
        """Of what goes on after a measurement; what ended was our child and is counted as such."""
        return 0


class Redis:
    """redis-server on a unix socket, asked by tools/bench/redisload.c from outside weir."""

    rate = 4000
    need = 0.3
    text = f"redis-server, {rate} requests a second"

    @contextlib.contextmanager
    def placed(self, node, group):
        self.node, self.group = node, group
        # By this name the program of the Debian package redis-tools is the server.
        server = os.path.join(node.dir, "redis-server")
        found = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not found:
            raise SystemExit("there is no redis-server: run 'tools/setup bench'")
        with contextlib.suppress(FileExistsError):
            os.symlink(found, server)
        self.socket = os.path.join(node.dir, "redis.sock")
        argv = [server, "--port", "0", "--unixsocket", self.socket, "--save", "",
                "--appendonly", "no", "--dir", node.dir]
        if not group:
            output(node.command("run", "--detach", "--name", "redis",
                                "--cpu", f"{MARGIN * self.need:g}:max", "--", *argv))
            self.wait_until_ready()
            yield
            return
        process = subprocess.Popen(argv, preexec_fn=group.join, stdout=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            self.wait_until_ready()
            yield
        finally:
            process.kill()
            process.wait()

    def wait_until_ready(self):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_UNIX) as s, contextlib.suppress(OSError):
                s.connect(self.socket)
                return
            time.sleep(0.05)
        raise SystemExit("redis-server did not become ready")

    def run(self, seconds, seed):
        result = json.loads(output([f"{self.node.build}/bench/redisload", "--rate", str(self.rate),
                                    "--duration", str(seconds), "--seed", str(seed), "--json",
                                    self.socket]))
        if not self.group:
            result["band_changes"] = band_changes(self.node, "redis")
        return result

    def cpu_ns(self):
        return self.group.v2_ns() if self.group else self.node.containers_ns("redis")
