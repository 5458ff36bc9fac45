# SPDX-License-Identifier: Apache-2.0
"""What a case of the benchmarks is: arms, timed one at a time, and what there is to say of them."""

import contextlib
import subprocess

import benchlib


class Skipped(Exception):
    """What a case needs is not to be had on this machine; it says what."""


def output(argv, **options):
    done = subprocess.run(argv, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{argv[0]} failed: {done.stderr.strip()}")
    return done.stdout


def bar(what, values, most=None, least=None, unit=""):
    """What a case must reach, and what the rounds gave: the median counts."""
    measured = benchlib.spread(values)
    return {
        "what": what,
        "must": f"<= {most:.3g}{unit}" if most is not None else f">= {least:.3g}{unit}",
        "measured": measured,
        "reached": measured["median"] <= most if most is not None
        else measured["median"] >= least,
    }


class Case:
    note = ""
    what = ""  # the figure, where the title does not say it
    ratios = True  # of the arms' values: whether they say anything
    round = 0  # which one it is, for what has to be another in each

    def __init__(self, build, seconds=10, trials=100):
        self.build, self.seconds, self.trials = build, seconds, trials
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    def set_up(self):
        pass

    def own(self):
        """Further functions that tell CPU time of ours, in ns."""
        return []

    def value(self, measured):
        """The one figure of an arm."""
        return measured

    def extra(self, results):
        """What else there is to say: {text: figure}."""
        return {}

    def columns(self, results):
        """Further columns of the report's table: {heading: {arm: spread}}; times where a bound is one."""
        return {}

    def bars(self, results):
        """What it must reach: bar()s."""
        return []

    def marks(self, results):
        """Where the plot shows what must be reached: {arm: ratio}."""
        return {}

    def plot(self, results):
        """Rows to draw where the arms' ratios say too little, and what they are; or None."""
        return None
