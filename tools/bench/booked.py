# SPDX-License-Identifier: Apache-2.0
"""What weir promises when every CPU is promised away, and how soon it takes back what is not."""

import contextlib
import json
import os
import time

import benchlib
from case import Case, bar, output
from node import Node
from services import MARGIN, Latency

RESERVE = 0.05  # of the machine
SETTLE_S = 2
SAMPLE_S = 0.1
SPAN_S = 5  # over which everybody has to have their request, within 2 %
FULL_SPAN, WORST_SECOND = 0.98, 0.95
TICKS_P50 = 1
TICKS_P99, SLACK_S = 2, 0.001


def worst_share(samples, request, span):
    """
    The least CPU time over any `span` seconds, over what the request is worth in them. Samples
    are (time, CPU time), both in ns; None: they span less.
    """
    worst, j = None, 0
    for i, (since, before) in enumerate(samples):
        while j < len(samples) and samples[j][0] - since < span * 10**9:
            j += 1
        if j == len(samples):
            break
        at, used = samples[j]
        share = (used - before) / ((at - since) * request)
        worst = share if worst is None else min(worst, share)
    return worst


class Booked(Case):
    name, unit, base = "booked", "of its request, the worst off", "weights"
    title = "A booked node: what everybody gets of what they asked for"
    arms = ["weights", "weir"]
    beside = 0  # CPUs that somebody else has asked for
    note = ("Requests add up to the machine less a reserve of a twentieth, and everybody has more "
            "loops than they can have CPUs: two bursters that asked for 0.3 and 0.6 CPUs, "
            "without a limit, and one that asked for all the rest and is held to it. "
            "The share is the CPU time over the request, of whoever it is least.")

    def set_up(self):
        n_cpus = os.cpu_count()
        self.requests = {"small": 0.3, "large": 0.6}
        self.requests["rest"] = round(
            n_cpus * (1 - RESERVE) - sum(self.requests.values()) - self.beside, 3)
        if self.requests["rest"] <= 0:
            raise SystemExit(f"{n_cpus} CPU is too little for this case")

    @contextlib.contextmanager
    def prepared(self, arm):
        bands = "yes" if arm == "weir" else "no"
        with Node(self.build, f"[bursting]\nbands = {bands}\n"
                  f"[node]\nreserve_cpu = {os.cpu_count() * RESERVE:.3f}\n") as self.node:
            for name, request in self.requests.items():
                limit = request if name == "rest" else "max"
                output(self.node.command(
                    "run", "--detach", "--name", name, "--cpu", f"{request}:{limit}", "--",
                    f"{self.build}/bench/spin", "--threads", str(os.cpu_count())))
            time.sleep(SETTLE_S)
            yield self.timed

    def look(self):
        """(time, {id: CPU time}), at one time: not if we were kept from running meanwhile."""
        while True:
            before = time.monotonic_ns()
            used = {name: self.node.containers_ns(name) for name in self.requests}
            after = time.monotonic_ns()
            if after - before < 2000000:
                return (before + after) // 2, used

    def timed(self):
        looks, end = [self.look()], time.monotonic() + max(self.seconds, SPAN_S + 2 * SAMPLE_S)
        while time.monotonic() < end:
            time.sleep(SAMPLE_S)
            looks.append(self.look())
        shares = {}
        for name, request in self.requests.items():
            samples = [(at, used[name]) for at, used in looks]
            shares[name] = {"span": worst_share(samples, request, SPAN_S),
                            "second": worst_share(samples, request, 1)}
        return shares

    def own(self):
        return [self.node.cpu_ns, lambda: self.node.containers_ns(*self.requests)]

    def worst(self, measured, what):
        return min(shares[what] for shares in measured.values())

    def value(self, measured):
        return self.worst(measured, "span")

    def spreads(self, results, what):
        return {arm: benchlib.spread([self.worst(r[arm], what) for r in results])
                for arm in self.arms}

    def columns(self, results):
        found = {f"the least over {SPAN_S} s": self.spreads(results, "span"),
                 "the worst second": self.spreads(results, "second")}
        for name, request in self.requests.items():
            found[f"{request:g} CPUs, over {SPAN_S} s"] = {
                arm: benchlib.spread([r[arm][name]["span"] for r in results]) for arm in self.arms}
        return found

    def bars(self, results):
        return [bar(f"{self.title}: over {SPAN_S} s",
                    [self.worst(r["weir"], "span") for r in results], least=FULL_SPAN),
                bar(f"{self.title}: the worst second",
                    [self.worst(r["weir"], "second") for r in results], least=WORST_SECOND)]

    def plot(self, results):
        rows = {}
        for arm in self.arms:
            for text, what, least in ((f"{SPAN_S} s", "span", FULL_SPAN),
                                      ("second", "second", WORST_SECOND)):
                rows[f"{arm}, {text}"] = {"at": self.spreads(results, what)[arm], "mark": least,
                                          "plain": arm == self.base}
        return {"rows": rows, "caption": "share of its request, of whoever gets least; more is better"}


class BookedService(Booked):
    """The same with a service among them, and it is the service that is looked at."""

    name, unit, what = "service-on-booked", "us, p99", "p99"
    service = Latency(1, 200, 2000)
    beside = MARGIN * service.need
    title = f"A service on a booked node: {service.text}"
    note = (f"As above, and one of them is a service that asked for {MARGIN:g} times the CPU it needs; "
            "the one that is held to its request asked for as much less.")

    def timed(self):
        with self.service.placed(self.node, None):
            return self.service.run(self.seconds, self.round + 1)

    def value(self, measured):
        return measured["p99_us"]

    def ratios(self, results, what):
        return {arm: benchlib.spread([r[arm][what] / r[self.base][what] for r in results])
                for arm in self.arms}

    def columns(self, results):
        return {text: self.ratios(results, f"{text}_us") for text in ("p50", "p99.9")}

    def bars(self, results):
        return [bar(f"{self.title}: p99", [r["weir"]["p99_us"] / r["weights"]["p99_us"]
                                           for r in results], most=1, unit=" x by weights")]

    def plot(self, results):
        return None


def percentile(values, permille):
    """The least value that at least `permille` of a thousand do not exceed."""
    return sorted(values)[max(-(-len(values) * permille // 1000), 1) - 1]


class Demotion(Case):
    name, unit, base = "demotion", "ticks, median", "weir"
    title = "From an empty bucket to the idle class, on an armed node"
    arms = ["weir"]
    note = ("A container that asked for 0.2 CPUs has a full bucket and begins to loop, beside a "
            "service within its request and two loops without one. Time runs from the moment when, by its CPU "
            "time in the mapped table, the bucket is empty, until its band there says burst, in "
            "ticks of the scheduler. One that never got there in two seconds counts as two seconds.")
    request = 0.2

    @contextlib.contextmanager
    def prepared(self, arm):
        bench = f"{self.build}/bench"
        with Node(self.build) as self.node:
            word = os.path.join(self.node.dir, "word")
            self.ids = [f"burst{i}" for i in range(os.cpu_count())]
            for name in self.ids:
                self.start(name, [], [f"{bench}/spin"])
            self.start("service", ["--cpu", "0.6:max"],
                       [f"{bench}/latency", "--threads", "2", "--work", "1000", "--period", "5000",
                        "--poisson", "--duration", "86400"])
            self.start("over", ["--cpu", f"{self.request}:max"], [f"{bench}/demote", "--worker", word])
            self.ids += ["service", "over"]
            time.sleep(SETTLE_S)
            yield lambda: self.timed([
                f"{bench}/demote", "-n", str(self.trials), "-p", self.node.pins, word, "over",
                benchlib.idle_file(self.node.group("over"))])

    def start(self, name, options, argv):
        output(self.node.command("run", "--detach", "--name", name, *options, "--", *argv))

    def timed(self, argv):
        return json.loads(output(argv))

    def own(self):
        return [self.node.cpu_ns, lambda: self.node.containers_ns(*self.ids)]

    def ticks(self, measured):
        return [us * (measured["hz"] or 250) / 1e6 for us in measured["us"]]

    def value(self, measured):
        return percentile(self.ticks(measured), 500)

    def most_p99(self, results):
        return TICKS_P99 + SLACK_S * (results[0]["weir"]["hz"] or 250)

    def at(self, results, permille):
        return [percentile(self.ticks(r["weir"]), permille) for r in results]

    def columns(self, results):
        found = {f"{text}, ticks": {"weir": benchlib.spread(self.at(results, permille))}
                 for text, permille in (("p50", 500), ("p90", 900), ("p99", 990), ("most", 1000))}
        early = [sum(t < -1 for t in self.ticks(r["weir"])) / len(r["weir"]["us"]) for r in results]
        found["more than a tick too early, of all"] = {"weir": benchlib.spread(early)}
        return found

    def all_ticks(self, results):
        return [t for r in results for t in self.ticks(r["weir"])]

    def bars(self, results):
        n = len(self.all_ticks(results))
        return [bar(f"{self.title}: p50 of {n}", [percentile(self.all_ticks(results), 500)],
                    most=TICKS_P50, unit=" ticks"),
                bar(f"{self.title}: p99 of {n}", [percentile(self.all_ticks(results), 990)],
                    most=self.most_p99(results), unit=" ticks")]

    def plot(self, results):
        marks = {"p50": TICKS_P50, "p99": self.most_p99(results)}
        return {"rows": {text: {"at": benchlib.spread(self.at(results, permille)),
                                "mark": marks.get(text), "plain": False}
                         for text, permille in (("p50", 500), ("p90", 900), ("p99", 990),
                                                ("most", 1000))},
                "caption": "ticks; less is better"}

    def extra(self, results):
        return {"trials that never gave way": sum(r["weir"]["never"] for r in results),
                "trials that gave way before the bucket was drawn empty":
                sum(r["weir"]["early"] for r in results)}


ALL = [Booked, BookedService, Demotion]
