#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""manifest.py DIR: a line for all that is in it, with everything that a move must keep."""

import hashlib
import os
import stat
import sys


def attributes(path):
    try:
        return {name: os.getxattr(path, name, follow_symlinks=False).hex()
                for name in sorted(os.listxattr(path, follow_symlinks=False))}
    except OSError:
        return {}


def content(path, found):
    """Of a file, and where its holes are."""
    if stat.S_ISLNK(found.st_mode):
        return os.readlink(path)
    if not stat.S_ISREG(found.st_mode):
        return ""
    if found.st_size > 1 << 20:
        with open(path, "rb") as file:
            at = os.lseek(file.fileno(), 0, os.SEEK_DATA)
            file.seek(at)
            return f"data from {at}: {hashlib.sha256(file.read(1 << 20)).hexdigest()}"
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def main():
    top = sys.argv[1].encode()
    for directory, names, files in os.walk(top):
        for name in sorted(names + files):
            path = os.path.join(directory, name)
            found = os.lstat(path)
            print(repr(os.path.relpath(path, top)), found.st_ino, oct(found.st_mode), found.st_nlink, found.st_uid, found.st_gid,
                  found.st_size, found.st_blocks, found.st_mtime_ns, found.st_ctime_ns, content(path, found), attributes(path))


if __name__ == "__main__":
    main()
