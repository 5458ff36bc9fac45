#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""api_doc.py DOCUMENT ENCODING: its examples, sent in their order to the daemon of WEIR_SOCKET.

With the encoding protobuf they go as that, and are answered in it; what a message comes to is held
against the document.

The cgroup that is adopted is that of ADOPTED_CGROUP.

In a section the first block of JSON is a request, the second, if there is one, its answer.
The answer that comes has to have the same keys, no more and no less, and the same words; of
numbers that they are numbers.
"""

import json
import os
import re
import sys

from api import say
from protobuf import AGENT, JSON, MASTER, PROTOBUF, Client, without_empty

# Words that are of this machine or this build.
OTHER_HERE = {"version", "git_sha", "path", "stdout_path", "stderr_path", "families",
              "fence_tier", "hostname", "operation_id", "uuid", "agent_id", "agent_info.id", "flags[].value"}

# Answered as accepted, as Mesos has it.
OPERATIONS = {"RESERVE_RESOURCES", "UNRESERVE_RESOURCES", "CREATE_VOLUMES", "DESTROY_VOLUMES", "GROW_VOLUME",
              "SHRINK_VOLUME"}


def sections(text):
    """(heading, its blocks of JSON), for those that have any."""
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"^```json\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
        if blocks:
            yield section.splitlines()[0], blocks


def differences(shown, got, where):
    """What is otherwise in the answer than in the document, one line each."""
    if type(shown) is not type(got) and not is_number(shown, got):
        yield f"{where}: shown as {json.dumps(shown)}, it is {json.dumps(got)}"
    elif isinstance(shown, dict):
        for key in sorted(shown.keys() | got.keys()):
            if key not in got:
                yield f"{where}.{key}: not in the answer"
            elif key not in shown:
                yield f"{where}.{key}: not in the document, it is {json.dumps(got[key])}"
            elif not OTHER_HERE & {key, f"{where.rpartition('.')[2]}.{key}"}:
                yield from differences(shown[key], got[key], f"{where}.{key}")
    elif isinstance(shown, list):
        if bool(shown) != bool(got):
            yield f"{where}: shown with {len(shown)} elements, it has {len(got)}"
        for one, other in zip(shown, got):
            yield from differences(one, other, f"{where}[]")
    elif shown != got and not is_number(shown, got):
        yield f"{where}: shown as {json.dumps(shown)}, it is {json.dumps(got)}"


def is_number(*values):
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


class Child:
    """What START_CONTAINER is about: in the cgroups that a launch named, and held."""

    def __init__(self, join):
        placed, self.gate = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.gate[1])
            for group in join:
                file = "cgroup.procs" if group["version"] == 2 else "tasks"
                with open(os.path.join(group["path"], file), "w", encoding="ascii") as tasks:
                    tasks.write("0")
            os.write(placed[1], b"x")
            os.read(self.gate[0], 1)
            os._exit(0)
        os.read(placed[0], 1)

    def release(self):
        os.close(self.gate[1])
        os.waitpid(self.pid, 0)


def replay(client, encoding, heading, blocks, join):
    """Send the request of one section; the places to join that its answer named."""
    request, child = json.loads(blocks[0]), None
    kind = request["type"]
    if kind == "START_CONTAINER":
        child = Child(join)
        request[kind.lower()]["pid"] = child.pid

    if kind == "ADOPT_CONTAINER":
        request[kind.lower()]["cgroup"] = os.environ["ADOPTED_CGROUP"]

    # In protobuf each family has its path.
    family = AGENT if kind in AGENT[1].Call.Type.keys() else MASTER
    status, answer = client.ask(request, encoding, encoding, family)
    wanted = 202 if kind in OPERATIONS else 200
    if say(status == wanted, f"{heading}: {wanted}", f"it is {status}: {answer}") and len(blocks) > 1:
        shown = json.loads(blocks[1])
        if encoding == PROTOBUF:
            shown, answer = without_empty(shown), without_empty(answer)
        wrong = list(differences(shown, answer, "answer"))
        say(not wrong, f"{heading}: the answer is as shown", *wrong)
        join = answer.get(kind.lower(), {}).get("join", join)
    elif status == 200:
        say(answer == "", f"{heading}: no body", str(answer))
    if child:
        child.release()
    return join


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        examples = list(sections(file.read()))
    say(len(examples) >= 10, "the document has an example of each call", f"{len(examples)} of them")
    client, join = Client(), []
    encoding = {"json": JSON, "protobuf": PROTOBUF}[sys.argv[2]]
    for heading, blocks in examples:
        join = replay(client, encoding, f"{sys.argv[2]}: {heading}", blocks, join)


if __name__ == "__main__":
    main()
