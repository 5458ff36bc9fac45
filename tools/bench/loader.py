# SPDX-License-Identifier: Apache-2.0
"""One way of metering, loaded by meter-load; attached while a block lasts."""

import contextlib
import json
import os
import subprocess


class Loader:
    def __init__(self, build, technique, *targets):
        """`tree` is the meter of bpf/; targets are cgroup2 directories and pids."""
        path = f"{build}/weir.bpf.o" if technique == "tree" else f"{build}/bench/{technique}.bpf.o"
        self.process = subprocess.Popen(
            [f"{build}/bench/meter-load", path, *targets], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit(f"{os.path.basename(path)} could not be loaded")

    def ask(self, word):
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    @contextlib.contextmanager
    def attached(self):
        if self.ask("on") != "on\n":
            raise SystemExit("the programs could not be attached")
        try:
            yield self
        finally:
            self.ask("off")

    def read(self):
        return json.loads(self.ask("read"))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
