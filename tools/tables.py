# SPDX-License-Identifier: Apache-2.0
"""What the documents that are made of test results have in common: the order of places, and tables."""

import re


def order(guest):
    """Native first, then by kernel and kind."""
    kernel, kind = (guest.split() + [""])[:2]
    version = [int(part) for part in re.findall(r"\d+", kernel)]
    return (guest != "native", kind != "unified", kind, version)


def table(head, lines):
    return "\n".join(["| " + " | ".join(row) + " |" for row in
                      [head, ["---"] * len(head)] + lines]) + "\n"
