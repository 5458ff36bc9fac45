#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openmetrics.py: is stdin a text in the OpenMetrics format 1.0? Says what is wrong, else nothing.

The rules of the standard that a writer can break, for the types that weir uses.
"""

import math
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
META = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)")
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL}(?:,{LABEL})*)?)\}})? (\S+)")
SUFFIXES = {
    "gauge": [""],
    "counter": ["_total"],
    "stateset": [""],
    "histogram": ["_bucket", "_count", "_sum"],
}


class Family:
    def __init__(self, name):
        self.name, self.meta, self.samples = name, {}, []


class Reader:
    def __init__(self):
        self.errors, self.families, self.series = [], {}, set()
        self.current = None

    def wrong(self, line, why):
        self.errors.append(f"{why}: {line}")

    def take_meta(self, line, kind, name, value):
        if not self.current or self.current.name != name:
            if name in self.families:
                self.wrong(line, "the family was closed before")
            self.current = self.families[name] = Family(name)
        if kind in self.current.meta:
            self.wrong(line, f"a second {kind}")
        if self.current.samples:
            self.wrong(line, "it comes after samples")
        if kind == "TYPE" and value not in SUFFIXES:
            self.wrong(line, "an unknown type")
        if kind == "UNIT" and not name.endswith("_" + value):
            self.wrong(line, "the name does not end in the unit")
        self.current.meta[kind] = value

    def take_sample(self, line, name, labels, value):
        kind = self.current.meta.get("TYPE") if self.current else None
        if not kind or name not in [self.current.name + s for s in SUFFIXES.get(kind, [])]:
            self.wrong(line, "a sample of no open family")
            return
        pairs = dict(re.findall(r'([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"', labels or ""))
        key = (name, tuple(sorted(pairs.items())))
        if key in self.series:
            self.wrong(line, "a second value of the series")
        self.series.add(key)
        try:
            number = float(value)
        except ValueError:
            self.wrong(line, "no number")
            return
        if kind in ("counter", "histogram") and not (number >= 0 and math.isfinite(number)):
            self.wrong(line, "a count below zero or without end")
        if kind == "stateset" and (number not in (0, 1) or self.current.name not in pairs):
            self.wrong(line, "not one state of a set")
        self.current.samples.append((name, pairs, number))

    def check_histogram(self, family):
        groups = {}
        for name, pairs, number in family.samples:
            rest = tuple(sorted((k, v) for k, v in pairs.items() if k != "le"))
            group = groups.setdefault(rest, {"buckets": []})
            if name.endswith("_bucket"):
                group["buckets"].append((float(pairs.get("le", "nan")), number))
            else:
                group[name[len(family.name) :]] = number
        for rest, group in groups.items():
            bounds = [bound for bound, _ in group["buckets"]]
            counts = [count for _, count in group["buckets"]]
            if bounds != sorted(set(bounds)) or not bounds or bounds[-1] != math.inf:
                self.wrong(family.name, f"bounds of {rest} do not rise to +Inf")
            if counts != sorted(counts) or counts[-1:] != [group.get("_count")]:
                self.wrong(family.name, f"buckets of {rest} do not rise to their count")
            if "_sum" not in group:
                self.wrong(family.name, f"no sum of {rest}")

    def read(self, text):
        lines = text.split("\n")
        if lines[-2:] != ["# EOF", ""] or "# EOF" in lines[:-2]:
            self.wrong(lines[-1], "it does not end with its one '# EOF'")
        for line in lines[:-2]:
            meta, sample = META.fullmatch(line), SAMPLE.fullmatch(line)
            if meta:
                self.take_meta(line, *meta.groups())
            elif sample:
                self.take_sample(line, *sample.groups())
            else:
                self.wrong(line, "neither a description nor a sample")
        for family in self.families.values():
            if family.meta.get("TYPE") == "histogram":
                self.check_histogram(family)
        return self.errors


def main():
    errors = Reader().read(sys.stdin.buffer.read().decode("utf-8"))
    print("\n".join(errors))
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
