#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Eight clients at once that reserve, move and give back as they like, against a model that is kept here.
# WEIR_TEST_WALK=100000 for more of it.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

printf '[node]\ndisk = 100Gi\n[roles]\nvolume_grace = 0s\n' >"$scratch/weir.conf"
daemon_start --config "$scratch/weir.conf"
WALK=${WEIR_TEST_WALK:-$(amount walk)}
export WALK

cat >"$scratch/walk.py" <<'PYTHON'
import collections
import os
import random
import threading

from api import say
from resources import Operator, held

CLIENTS, WALK = 8, int(os.environ["WALK"])
STACKS = ["", "a", "b", "a a/x", "a a/x a/x/y", "a a/z", "b b/x"]
IDS = ["v", "w"]
accepted = []  # (version, operation), as they come
refused = collections.Counter()
failures = []


def walk(seed):
    rng, op = random.Random(seed), Operator(timeout=60)
    for _ in range(WALK // CLIENTS):
        kind, one, other = rng.choice("rrruumcdgs"), rng.choice(STACKS), rng.choice(STACKS)
        mcpu, mib, name = rng.randrange(1, 60), rng.choice([1, 2, 4]), rng.choice(IDS)
        if kind == "r":
            status = op.reserve(held(other, cpus=mcpu / 1000, disk=4), held(one, cpus=mcpu / 1000, disk=4))
            what = ("move", one, other, mcpu, 4)
        elif kind == "u":
            status = op.unreserve(held(one, cpus=mcpu / 1000, disk=mib))
            what = ("move", one, " ".join(one.split()[:-1]), mcpu, mib)
        elif kind == "m":
            status = op.reserve(held(other, volume=name, disk=mib), held(one, volume=name, disk=mib))
            what = ("volume", one, other, name, mib)
        elif kind == "c":
            status, what = op.create(held(one, volume=name, disk=mib)), ("create", one, name, mib)
        elif kind == "d":
            status, what = op.destroy(held(one, volume=name, disk=mib)), ("destroy", one, name, mib)
        elif kind == "g":
            status, what = op.grow(held(one, volume=name, disk=mib)[0], held(one, disk=1)[0]), ("grow", one, name, 1)
        else:
            status, what = op.shrink(held(one, volume=name, disk=mib)[0], 1), ("grow", one, name, -1)
        if status == 202 and kind in "rm" and one == other:
            continue  # of that nothing comes
        if status == 202:
            accepted.append((next(iter(v for k, v in op.said.items() if k != "type"))["version"], what))
        elif status in (400, 409):
            refused[status] += 1
        else:
            failures.append((status, op.said))


first = Operator().reservations()
total = {r["name"]: r["scalar"]["value"] for r in first["resources"]}
threads = [threading.Thread(target=walk, args=(seed,)) for seed in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

# ---- The model: what those that were accepted come to, one after the other ----

cpus, disk, volumes = collections.Counter(), collections.Counter(), {}
cpus[""], disk[""] = round(total["cpus"] * 1000), round(total["disk"])
wrong = []
accepted.sort()
if [version for version, _ in accepted] != list(range(1, len(accepted) + 1)):
    wrong.append("versions are not one after the other")


def top(stack):
    return stack.split()[-1] if stack else ""


for version, (kind, one, *rest) in accepted:
    if kind == "move":
        other, mcpu, mib = rest
        for amounts, amount in ((cpus, mcpu), (disk, mib)):
            amounts[one] -= amount
            amounts[other] += amount
    elif kind == "volume":
        other, name, mib = rest
        if volumes.pop((top(one), name), None) != (one, mib) or (top(other), name) in volumes:
            wrong.append(f"{version}: a volume that was not there was moved, or over another")
        volumes[top(other), name] = (other, mib)
    elif kind == "create":
        name, mib = rest
        if not one or (top(one), name) in volumes:
            wrong.append(f"{version}: a volume was made twice, or for nobody")
        volumes[top(one), name] = (one, mib)
        disk[one] -= mib
    else:
        name, mib = rest
        stack, size = volumes.pop((top(one), name), (None, 0))
        if stack != one or (kind == "destroy" and size != mib):
            wrong.append(f"{version}: a volume that was not there was changed")
        disk[one] -= mib if kind == "grow" else -mib
        if kind == "grow":
            volumes[top(one), name] = (one, size + mib)
    # The books balance after each step.
    if min(cpus.values()) < 0 or min(disk.values()) < 0:
        wrong.append(f"{version}: less than nothing")
    if sum(cpus.values()) != round(total["cpus"] * 1000) or sum(disk.values()) + sum(size for _, size in volumes.values()) != total["disk"]:
        wrong.append(f"{version}: something came of nothing, or was lost")

found_cpus, found_disk, found_volumes = collections.Counter(), collections.Counter(), {}
last = Operator().reservations()
for one in last["resources"]:
    stack, value = " ".join(r["role"] for r in one.get("reservations", [])), one["scalar"]["value"]
    if "persistence" in one.get("disk", {}):
        found_volumes[top(stack), one["disk"]["persistence"]["id"]] = (stack, round(value))
    elif one["name"] == "cpus":
        found_cpus[stack] = round(value * 1000)
    elif one["name"] == "disk":
        found_disk[stack] = round(value)

say(not failures, f"{WALK:,} operations by {CLIENTS} clients at once: each is accepted, or refused for a reason", str(failures[:3]))
say(not wrong, "the books balance after each step", *wrong[:5])
say((+cpus, +disk, volumes) == (+found_cpus, +found_disk, found_volumes), "and are those of the model at the end",
    str((+cpus, +disk, volumes)), str((+found_cpus, +found_disk, found_volumes)))
say(last["version"] == len(accepted) > WALK // 20, "their version says how many there were", f"{last['version']} {len(accepted)}")
print(f"# {len(accepted)} accepted, {dict(refused)} refused")
PYTHON
points_of python3 "$scratch/walk.py"

books() {
    weir api GET_RESERVATIONS | jq -S '.get_reservations | del(.volumes)'
}
books >"$scratch/before"
daemon_stop KILL
daemon_start --config "$scratch/weir.conf"
books >"$scratch/after"
succeeds "a daemon that is killed has the same books again" cmp "$scratch/before" "$scratch/after"

done_testing
