#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sums.py STEPS SEED EXECUTOR CPU-GROUP MEMORY-GROUP: an executor's knobs against a sum of ours.

Tasks are added, changed and ended at random; after each step the kernel's files of the executor have
to say what its own amounts and those of its tasks come to, and of a task what it was given.
"""

import os
import random
import sys

from api import Connection, container_id, launch_fields, say

MIB = 1 << 20
UNLIMITED = 1 << 62
OWN = (100, None, 64, 128)  # mcpu requested, at most; MiB requested, at most; None: no limit


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().split()


def knobs(cpu, memory):
    """(weight, quota in us, low, max), of either version; None: no limit."""
    if os.path.exists(f"{cpu}/cpu.shares"):
        weight, quota = int(read(f"{cpu}/cpu.shares")[0]), int(read(f"{cpu}/cpu.cfs_quota_us")[0])
    else:
        weight, quota = int(read(f"{cpu}/cpu.weight")[0]), read(f"{cpu}/cpu.max")[0]
    v1 = os.path.exists(f"{memory}/memory.soft_limit_in_bytes")
    names = ("memory.soft_limit_in_bytes", "memory.limit_in_bytes") if v1 else ("memory.low", "memory.max")
    low, most = (read(f"{memory}/{name}")[0] for name in names)
    return (weight, None if quota in (-1, "max") else int(quota), int(low),
            None if most == "max" or int(most) >= UNLIMITED else int(most))


def wanted(parts, v1_cpu):
    """What the kernel has to be told of these amounts, added up."""
    mcpu, low = sum(part[0] for part in parts), sum(part[2] for part in parts)
    quota = None if any(part[1] is None for part in parts) else sum(part[1] for part in parts) * 100
    most = None if any(part[3] is None for part in parts) else sum(part[3] for part in parts) * MIB
    weight = (mcpu * 1024 + 500) // 1000 if v1_cpu else (mcpu * 100 + 500) // 1000
    return max(weight, 2 if v1_cpu else 1), quota, low * MIB, most


def amounts(chance):
    mcpu, mem = chance.randrange(10, 40), chance.randrange(32, 64)
    return (mcpu, chance.choice((None, mcpu, mcpu * 3)), mem, chance.choice((None, mem, mem * 2)))


def fields_of(name, executor, part):
    limits = {"cpus": "Infinity" if part[1] is None else part[1] / 1000,
              "mem": "Infinity" if part[3] is None else part[3]}
    return launch_fields(name, limits=limits, parent=executor, cpus=part[0] / 1000, mem=part[2])


def update_fields(name, executor, part):
    fields = fields_of(name, executor, part)
    return {key: fields[key] for key in ("container_id", "resources", "limits")}


def step(chance, connection, executor, tasks):
    """One change; what it was, and the answer. The executor's own amounts are those of the task called ''."""
    what = chance.choice(("add", "change", "end", "own"))
    name = "" if what == "own" else chance.choice([task for task in tasks if task] or [""])
    if what == "add" and len(tasks) < 12:
        name = f"t{chance.randrange(1 << 30)}"
        tasks[name] = amounts(chance)
        return f"add {name}", connection.call("LAUNCH_CONTAINER", **fields_of(name, executor, tasks[name]))
    if what == "end" and name:
        one = container_id(name, executor)
        del tasks[name]
        connection.call("KILL_CONTAINER", container_id=one)
        connection.call("WAIT_CONTAINER", container_id=one)
        return f"end {name}", connection.call("REMOVE_CONTAINER", container_id=one)
    tasks[name] = amounts(chance)
    fields = update_fields(name, executor, tasks[name]) if name else update_fields(executor, None, tasks[name])
    return f"change '{name}'", connection.call("UPDATE_CONTAINER", **fields)


def main():
    steps, seed, executor, cpu, memory = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:6]
    connection, chance, tasks, wrong = Connection(), random.Random(seed), {"": OWN}, []
    fields = fields_of(executor, None, OWN)
    fields["weir"] = {"executor": True}
    connection.call("LAUNCH_CONTAINER", **fields)
    v1_cpu = os.path.exists(f"{cpu}/cpu.shares")
    for i in range(steps):
        what, (status, answer) = step(chance, connection, executor, tasks)
        if status != 200:
            wrong.append(f"step {i}, {what}: {status} {answer}")
        for name, parts in [("", list(tasks.values()))] + [(name, [part]) for name, part in tasks.items() if name]:
            want, got = wanted(parts, v1_cpu), knobs(f"{cpu}/{name}", f"{memory}/{name}")
            if want != got:
                wrong.append(f"step {i}, {what}: of '{name}' wanted {want}, got {got}")
        if len(wrong) > 5:
            break
    say(not wrong, f"row 9: {steps} random steps (seed {seed}), the sums are the kernel's after each", *wrong)


if __name__ == "__main__":
    main()
