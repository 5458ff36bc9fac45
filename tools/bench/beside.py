# SPDX-License-Identifier: Apache-2.0
"""
A service beside bursters: what becomes of its latency, and how much of what it leaves over the
bursters get, by weights, by quotas, and by weir's bands.
"""

import contextlib
import os
import time

import benchlib
from bursters import A_CPU, REQUEST, Bursters, Rule
from case import Case, bar, output
from node import Node
from services import MARGIN, Latency, Redis

SETTLE_S = 1
QUOTA_SHARE = 2 / 3  # of the spare CPU, where the bursters have a limit
JOBS = {
    "loop": ["spin"],
    "sleep": ["churn", "sleep"],
    "fork": ["churn", "--work", "500", "fork"],
}
# The node is armed by somebody within their request; where the service is outside, by this one.
KEEPER = ["latency", "--work", "100", "--period", "10000", "--duration", "86400"]
KEEPER_REQUEST = 0.1


class Beside(Case):
    unit, base, what = "us, p99", "alone", "p99"
    arms = ["alone", "weights", "quota", "rule", "weir"]
    outside = False
    below = False  # a cgroup_parent
    job = "loop"
    p99_most = None  # times alone
    spare_least = None  # of the spare CPU
    with_bands = ("alone", "weir", "unarmed")

    @contextlib.contextmanager
    def prepared(self, arm):
        bands = "yes" if arm in self.with_bands else "no"
        with contextlib.ExitStack() as stack:
            parent = f"weirbench-{os.getpid()}-parent" if self.below else None
            self.node = stack.enter_context(
                Node(self.build, f"[bursting]\nbands = {bands}\n", parent))
            group = None
            if self.outside:
                name = f"weirbench-{os.getpid()}-outside"
                group = stack.enter_context(benchlib.groups(name))[0]
            self.keepers = []
            if self.outside and arm != "unarmed":
                self.start_keeper()
            stack.enter_context(self.service.placed(self.node, group))
            self.bursters = self.start_bursters(arm)
            if arm == "rule":
                stack.enter_context(Rule(self.bursters))
            time.sleep(SETTLE_S)
            yield self.timed

    def start_keeper(self):
        output(self.node.command("run", "--detach", "--name", "keeper",
                                 "--cpu", f"{KEEPER_REQUEST}:max", "--",
                                 f"{self.build}/bench/{KEEPER[0]}", *KEEPER[1:]))
        self.keepers = ["keeper"]

    def start_bursters(self, arm):
        if arm == "alone":
            return None
        program, *words = JOBS[self.job]
        spare = os.cpu_count() - self.service.need
        each = QUOTA_SHARE * spare / (A_CPU * os.cpu_count())
        # The rule moves a limit, so it has to have one.
        limit = {"quota": f"{max(each, REQUEST):.3f}", "rule": os.cpu_count()}.get(arm, "max")
        bursters = Bursters(self.node, [f"{self.build}/bench/{program}", *words], limit)
        if arm == "idle":
            bursters.make_idle()
        return bursters

    def counters(self):
        return (time.monotonic_ns() * os.cpu_count() - benchlib.steal_ns(), benchlib.machine_ns(),
                self.bursters.cpu_ns() if self.bursters else 0, self.node.cpu_ns())

    def timed(self):
        """What weir itself takes is charged to it: it is spare CPU that nobody got."""
        before = self.counters()
        result = self.service.run(self.seconds, self.round + 1)
        there, used, burst, weir = (b - a for a, b in zip(before, self.counters()))
        result["of_spare"] = burst / (there - (used - burst - weir))
        return result

    def own(self):
        return [self.node.cpu_ns, self.service.cpu_ns,
                lambda: self.bursters.cpu_ns() if self.bursters else 0,
                lambda: self.node.containers_ns(*self.keepers)]

    def value(self, measured):
        return measured["p99_us"]

    def ratios(self, results, arm, what):
        return [r[arm][what] / r[self.base][what] for r in results]

    def columns(self, results):
        found = {
            "p50": {arm: benchlib.spread(self.ratios(results, arm, "p50_us")) for arm in self.arms},
            "p99.9": {arm: benchlib.spread(self.ratios(results, arm, "p99.9_us"))
                      for arm in self.arms},
            "of the spare CPU": {arm: benchlib.spread([r[arm]["of_spare"] for r in results])
                                 for arm in self.arms if arm != "alone"},
        }
        changes = {arm: [r[arm].get("band_changes", 0) for r in results] for arm in self.arms}
        # It should not have been over its request: nothing to see, unless it was.
        if any(sum(counts) for counts in changes.values()):
            found["the service's own band changes"] = {
                arm: benchlib.spread(counts) for arm, counts in changes.items() if sum(counts)}
        return found

    def bars(self, results):
        found = []
        if self.p99_most:
            found.append(bar(f"{self.title}: p99", self.ratios(results, "weir", "p99_us"),
                             most=self.p99_most, unit=" x alone"))
        if self.spare_least:
            found.append(bar(f"{self.title}: of the spare CPU, the bursters get",
                             [r["weir"]["of_spare"] for r in results], least=self.spare_least))
        return found

    def marks(self, results):
        return {"weir": self.p99_most} if self.p99_most else {}


class Within(Beside):
    """The neighbour is one loop that its request covers: nothing is burst, nobody gives way."""

    arms = ["alone", "weights", "weir"]

    def start_bursters(self, arm):
        if arm == "alone":
            return None
        output(self.node.command("run", "--detach", "--name", "within", "--cpu", "1:max", "--",
                                 f"{self.build}/bench/spin"))
        return self

    def cpu_ns(self):
        return self.node.containers_ns("within")

    def columns(self, results):
        found = super().columns(results)
        del found["of the spare CPU"]
        return found


ARMS_NOTE = (
    f"Poisson arrivals, open loop; the service asks for {MARGIN:g} times the CPU it needs, each of "
    f"{A_CPU} bursters a CPU for {REQUEST:g} CPUs, without a limit. `weights`: bands switched off; "
    f"`quota`: the same, and the bursters' limits are {QUOTA_SHARE:.0%} of the spare CPU; `rule`: "
    "the same, and the limits are rewritten each second, times 1.2 when throttled, times 0.8 when "
    "the node is over half used; `weir`: bands. ")
IDLE_NOTE = ("`idle`: bands switched off, and the bursters put into the kernel's idle class by hand, for "
             "good: no controller can do more by that means. ")
BELOW_NOTE = "All that is in weir lies below a `cgroup_parent` of default weight. "
OUTSIDE_NOTE = (
    "The service is outside weir, in a group of default weight beside weir's. Bands need somebody "
    f"within their request in weir: a container that uses a hundredth of a CPU of the "
    f"{KEEPER_REQUEST:g} it asks for. `unarmed` is without it, so weights rule. ")

SHAPES = {
    "short": (Latency(1, 200, 2000), 1.10),
    "short4": (Latency(4, 200, 2000), 1.10),
    "long": (Latency(2, 1000, 5000), 1.30),
}


def case(name, service, title, base=Beside, **fields):
    outside = fields.get("outside", False)
    fields.setdefault("arms", base.arms + ["unarmed"] * outside)
    fields.setdefault("note", ARMS_NOTE + IDLE_NOTE * ("idle" in fields["arms"]) +
                      BELOW_NOTE * fields.get("below", False) + OUTSIDE_NOTE * outside)
    return type(name, (base,), {"name": name, "service": service, "title": title, **fields})


def all_cases():
    for shape, (service, most) in SHAPES.items():
        for outside in (False, True):
            place = "outside" if outside else "inside"
            # Where more than one thread wakes, the class itself bounds the bands: it is shown beside.
            further = ["idle"] * (shape != "short") + ["unarmed"] * outside
            yield case(f"latency-{shape}-{place}", service,
                       f"A service {place} weir beside bursters: {service.text}",
                       outside=outside, arms=Beside.arms + further, p99_most=most,
                       spare_least=0.97)
    for outside in (False, True):
        place = "outside" if outside else "inside"
        yield case(f"redis-{place}", Redis(), f"{place.capitalize()} weir: {Redis.text}",
                   outside=outside)
    for job, text in (("sleep", "that sleep half the time"), ("fork", "whose children come and go")):
        for shape in ("short", "long"):
            service, most = SHAPES[shape]
            yield case(f"{job}-{shape}", service, f"Beside bursters {text}: {service.text}",
                       job=job, arms=["alone", "weights", "weir", "idle"], p99_most=most)
    service = SHAPES["short"][0]
    for outside in (False, True):
        place = "outside" if outside else "inside"
        yield case(f"parent-{place}", service,
                   f"Below a `cgroup_parent`, the service {place} it: {service.text}",
                   outside=outside, below=True, arms=["alone", "weights", "weir"])
    service = SHAPES["long"][0]
    yield case("within-long", service, f"Beside a loop within its request: {service.text}", Within,
               note="A limit of the design: a container that loops and asked for a whole CPU is "
               "within its request, so it does not give way, and its neighbours see what weights "
               "give.")


ALL = list(all_cases())
