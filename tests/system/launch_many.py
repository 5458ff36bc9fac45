#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""launch_many.py COUNT PROGRAM: launch it detached, as an agent would, and print what it wrote.

Some are in flight at once, each is removed when it has ended. PROGRAM gets its container's name
as its argument.
"""

import sys

from api import Connection, launch_fields

IN_FLIGHT = 8


def call(connection, kind, **fields):
    status, answer = connection.call(kind, **fields)
    if status != 200:
        sys.exit(f"launch_many.py: {kind}: {status}: {answer}")
    return answer


def finish(connection, name):
    one = {"container_id": {"value": name}}
    end = call(connection, "WAIT_CONTAINER", **one)["wait_container"]
    if end.get("exit_status") != 0:
        sys.exit(f"launch_many.py: {name}: {end}")
    answer = call(connection, "GET_CONTAINERS", show_standalone=True, weir=one)
    record = answer["get_containers"]["containers"][0]
    with open(record["weir"]["stdout_path"], encoding="utf-8") as written:
        sys.stdout.write(written.read())
    call(connection, "REMOVE_CONTAINER", **one)


def main():
    count, program = int(sys.argv[1]), sys.argv[2]
    connection = Connection()
    pending = []
    for i in range(count):
        name = f"many{i}"
        call(connection, "LAUNCH_CONTAINER", **launch_fields(name, (program, name)))
        pending.append(name)
        if len(pending) == IN_FLIGHT:
            finish(connection, pending.pop(0))
    for name in pending:
        finish(connection, name)


if __name__ == "__main__":
    main()
