#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""watch.py EVENTS PATH...: say what happens to files, as the kernel tells it (inotify).

EVENTS are names joined by commas: modify, create, delete. Prints "ready" once it watches, then
"EVENT PATH[/NAME]" for each, and ends by SIGTERM when it has told all that happened before. What
it does not print did not happen: nothing is polled.
"""

import ctypes
import os
import signal
import struct
import sys

EVENTS = {"modify": 0x2, "create": 0x100, "delete": 0x200}
HEAD = struct.Struct("iIII")


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    mask = sum(EVENTS[name] for name in sys.argv[1].split(","))
    fd = libc.inotify_init1(os.O_CLOEXEC)
    paths = {}
    for path in sys.argv[2:]:
        watch = libc.inotify_add_watch(fd, os.fsencode(path), mask)
        if watch < 0:
            sys.exit(f"watch.py: {path}: {os.strerror(ctypes.get_errno())}")
        paths[watch] = path
    signal.signal(signal.SIGTERM, lambda *_: os.set_blocking(fd, False))
    print("ready", flush=True)
    while True:
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return
        while data:
            watch, happened, _, length = HEAD.unpack_from(data)
            name = data[HEAD.size : HEAD.size + length].rstrip(b"\0").decode()
            for event, bit in EVENTS.items():
                if happened & bit:
                    print(event, os.path.join(paths[watch], name) if name else paths[watch], flush=True)
            data = data[HEAD.size + length :]


if __name__ == "__main__":
    main()
