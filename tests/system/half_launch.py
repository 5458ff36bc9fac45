#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""half_launch.py NAME placed|forked: begin a launch in the foreground, and die on the way.

It dies of SIGKILL: after the daemon has made the cgroups, or with a child in them besides.
"""

import os
import signal
import sys
import time

from api import Connection, launch_fields


def main():
    name, stage = sys.argv[1:3]
    fields = launch_fields(name)
    fields["weir"] = {"foreground": True}
    connection = Connection()
    status, answer = connection.call("LAUNCH_CONTAINER", **fields)
    if status != 200:
        sys.exit(f"half_launch.py: {status}: {answer}")
    print("placed", flush=True)
    if stage == "forked" and os.fork() == 0:
        for group in answer["launch_container"]["join"]:
            file = "cgroup.procs" if group["version"] == 2 else "tasks"
            with open(os.path.join(group["path"], file), "w", encoding="ascii") as tasks:
                tasks.write("0")
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    if stage == "placed":
        os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


if __name__ == "__main__":
    main()
