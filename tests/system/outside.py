#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""outside.py inherited|received|taken PORT COMMAND…: runs it within reach of a socket that was made outside.

The socket leads to PORT. By "inherited" it is the command's standard input, by "received" a message there brings
it, by "taken" it stays in this process, as REACH_DONOR says (see reach.c).

One of datagrams: a recorder loses patience with a connection in which nothing is said, and here a whole
program starts before something is.
"""

import os
import socket
import subprocess
import sys


def main():
    way, port, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.connect(("127.0.0.1", port))
        ours, theirs = socket.socketpair()
        socket.send_fds(ours, [b"x"], [made.fileno()])
        environment = dict(os.environ, REACH_DONOR=f"{os.getpid()}:{made.fileno()}")
        given = made if way == "inherited" else theirs
        return subprocess.run(command, stdin=given, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
