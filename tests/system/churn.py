#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""churn.py LAUNCHES WEIR LOAD HOLD DIRECTORY…: containers of all kinds that come and go, and nothing that stays.

Some agents at once, each on a connection of its own: plain ones, executors with tasks of either kind,
commands that join, groups that are adopted. LOAD is what they run, a program without a loader, whose
cost is not what is to be seen; HOLD is a container that runs all the time; in each DIRECTORY, one in
each hierarchy, groups are to be made. Prints a point for each kind, and on a line of
comment how many launches a second it was.
"""

import os
import subprocess
import sys
import threading
import time

from api import Connection, container_id, launch_fields, say

AGENTS = 4


class Agent(threading.Thread):
    def __init__(self, number, launches, weir, load, hold, directories):
        super().__init__()
        self.name = f"agent{number}"
        self.launches, self.weir, self.hold, self.directories = launches, weir, hold, directories
        self.ends, self.naps = (load, "end"), (load, "nap")
        self.done, self.wrong, self.kinds = 0, [], {}

    def run(self):
        self.connection = Connection(timeout=120)
        turn = 0
        try:
            while self.done < self.launches and not self.wrong:
                kind = (self.plain, self.executor, self.shared, self.plain)[turn % 4]
                if turn % 50 == 25:
                    kind = self.joins
                if turn % 50 == 49:
                    kind = self.adopts
                self.kinds[kind.__name__] = self.kinds.get(kind.__name__, 0) + 1
                kind(f"{self.name}-{turn}")
                turn += 1
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append(repr(error))

    def call(self, kind, **fields):
        status, answer = self.connection.call(kind, **fields)
        if status != 200:
            self.wrong.append(f"{kind} {fields.get('container_id')}: {status} {answer}")
        return answer

    def launch(self, name, argv, extra=None, **about):
        self.call("LAUNCH_CONTAINER", **launch_fields(name, argv, **about), **(extra or {}))
        self.done += 1

    def plain(self, name):
        self.launch(name, self.ends, cpus=0.05, mem=32)
        self.call("WAIT_CONTAINER", container_id={"value": name})
        self.call("REMOVE_CONTAINER", container_id={"value": name})

    def family(self, name, share):
        """One task ends by itself, one is killed, one is there when the executor is."""
        amounts = {} if share else {"cpus": 0.05, "mem": 32}
        self.launch(name, self.naps, extra={"weir": {"executor": True}}, cpus=0.05, mem=32)
        for task, argv in (("ends", self.ends), ("killed", self.naps), ("left", self.naps)):
            self.launch(task, argv, parent=name, share=share, **amounts)
        ends, killed = (container_id(task, name) for task in ("ends", "killed"))
        self.call("KILL_CONTAINER", container_id=killed)
        self.call("WAIT_CONTAINER", container_id=ends)
        self.call("WAIT_CONTAINER", container_id=killed)
        self.call("REMOVE_CONTAINER", container_id=ends)
        self.call("KILL_CONTAINER", container_id={"value": name})
        self.call("WAIT_CONTAINER", container_id={"value": name})
        self.call("REMOVE_CONTAINER", container_id={"value": name})

    def executor(self, name):
        self.family(name, False)

    def shared(self, name):
        self.family(name, True)

    def joins(self, _):
        subprocess.run([self.weir, "exec", self.hold, "--", *self.ends], check=True)

    def adopts(self, name):
        groups = [f"{directory}/{name}" for directory in self.directories]
        child = subprocess.Popen(self.naps)
        try:
            for group in groups:
                os.mkdir(group)
                with open(f"{group}/cgroup.procs", "w", encoding="ascii") as procs:
                    procs.write(str(child.pid))
            self.call("ADOPT_CONTAINER", container_id={"value": name}, pid=child.pid)
            self.call("RELEASE_CONTAINER", container_id={"value": name})
        finally:
            child.kill()
            child.wait()
            for group in groups:
                remove(group)


def remove(group):
    """A group is busy for an instant after its last process."""
    for _ in range(100):
        try:
            return os.rmdir(group)
        except OSError:
            time.sleep(0.02)
    return os.rmdir(group)


def main():
    launches, weir, load, hold, *directories = int(sys.argv[1]), *sys.argv[2:]
    agents = [Agent(i, -(-launches // AGENTS), weir, load, hold, directories) for i in range(AGENTS)]
    begun = time.monotonic()
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()
    took = time.monotonic() - begun

    done = sum(agent.done for agent in agents)
    wrong = [line for agent in agents for line in agent.wrong]
    kinds = {kind: sum(agent.kinds.get(kind, 0) for agent in agents) for agent in agents for kind in agent.kinds}
    print(f"# {done} launches, {done / took:.0f} a second: "
          + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    say(done >= launches and not wrong, "all that was asked for was done", *wrong[:10])
    status, answer = Connection().call("GET_CONTAINERS", show_standalone=True, show_nested=True)
    left = [one["container_id"]["value"] for one in answer["get_containers"]["containers"]]
    say(status == 200 and left == [hold], "no record is left but that of the one that runs", *left[:10])


if __name__ == "__main__":
    main()
