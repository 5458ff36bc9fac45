#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""screens.py WEIR PAINT PINS DIRECTORY INTERVAL SCENE...: what a person sees of weir top.

Screens are compared with those in screens/*.txt. WEIR_TEST_SCREENS=write writes these anew, as
they are; git diff shows what that changes. PINS is a directory in a bpffs, scratch files go to
DIRECTORY, INTERVAL is how many milliseconds a picture covers.
"""

import contextlib
import difflib
import os
import signal
import subprocess
import sys
import termios
import time

import terminal
from api import say
from xterm import Xterm

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "screens")
WRITES = os.environ.get("WEIR_TEST_SCREENS") == "write"
PATIENCE = terminal.PATIENCE * (10 if os.environ.get("WEIR_TEST_EMULATED") else 1)
MARK = "==== "  # before a screen's name

SMALL, LARGE = (24, 80), (50, 200)
ASCII, UTF8 = ("C", "ascii"), ("C.UTF-8", "utf-8")
UP, DOWN, HOME, END = "\x1bOA", "\x1bOB", "\x1bOH", "\x1bOF"  # as curses told the terminal
PAGE_UP, PAGE_DOWN, ESCAPE, BACKSPACE = "\x1b[5~", "\x1b[6~", "\x1b", "\x7f"
LETTERS = {"": " ", "7": "r", "1": "b", "1;31": "B", "32": "g", "33": "y"}


class Golden:
    """A file of screens, each below its name."""

    def __init__(self, name):
        self.name, self.path = name, os.path.join(HERE, f"{name}.txt")
        self.screens, self.used = {}, set()
        if WRITES:
            return
        with open(self.path, encoding="utf-8") as file:
            for line in file.read().splitlines():
                if line.startswith(MARK):
                    screen = self.screens.setdefault(line[len(MARK) :], [])
                else:
                    screen.append(line)

    def check(self, top, name, look=Xterm.text, after=None):
        """The screen is that of this name, or becomes it."""
        if WRITES and name not in self.used:
            self.screens[name] = top.settled(look)
        self.used.add(name)
        wanted = self.screens.get(name, [])
        found = top.becomes(lambda: look(top.xterm) == wanted)
        diff = [] if found else difflib.unified_diff(
            wanted, look(top.xterm), self.name, "what was seen", lineterm="")
        say(found, f"{self.name}: {name}{after or ''}", *diff)

    def done(self):
        if WRITES:
            with open(self.path, "w", encoding="utf-8") as file:
                for name, screen in self.screens.items():
                    file.write("\n".join([MARK + name, *screen, ""]))
        say(set(self.screens) == self.used, f"{self.name}: every screen was looked at",
            *(set(self.screens) - self.used))


def plain(size, locale):
    """The screens before any key: of 0, 5 and 1000 containers."""
    return Golden(f"{size[1]}x{size[0]}-{locale[1]}")


class Top:
    """weir top on a terminal, and the screen that it leaves."""

    def __init__(self, argv, size, locale, **variables):
        self.xterm, self.fed, self.alive = Xterm(*size, locale[1]), 0, True
        self.terminal = terminal.Terminal(*argv, size=size, LC_ALL=locale[0], **variables)
        self.type = self.terminal.type

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminal.__exit__()

    def is_quiet(self):
        """Whether nothing came; what did is on the screen."""
        self.alive = self.terminal.read()
        new = self.terminal.screen[self.fed :]
        self.xterm.feed(new)
        self.fed += len(new)
        return not new

    def becomes(self, holds):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.is_quiet():
                if holds():
                    return True
                if not self.alive:
                    break
        return False

    def settled(self, look):
        """The screen once it does not change any more."""
        seen, since = look(self.xterm), time.monotonic()
        while time.monotonic() - since < 3:
            self.is_quiet()
            if look(self.xterm) != seen:
                seen, since = look(self.xterm), time.monotonic()
        return seen

    def resize(self, lines, columns):
        # What was sent before is for the size that was.
        while not self.is_quiet():
            pass
        self.xterm.resize(lines, columns)
        self.terminal.resize(lines, columns)

    def line(self, number):
        return self.xterm.text()[number]

    def ends(self):
        code = self.terminal.ends()
        while not self.is_quiet() and self.alive:
            pass
        return code


class Scenes:
    def __init__(self, weir, paint, pins, directory, interval):
        self.weir, self.paint, self.pins, self.directory = weir, paint, pins, directory
        self.interval_s = int(interval) / 1000
        self.painters = {}
        self.stack = contextlib.ExitStack()

    def painter(self, n, name=None):
        """Where its tables are."""
        name = name or str(n)
        pins = os.path.join(self.pins, name)
        if name not in self.painters:
            os.makedirs(pins)
            painter = subprocess.Popen([self.paint, pins, os.path.join(self.directory, name), str(n)],
                                       stdout=subprocess.PIPE, text=True)
            self.stack.callback(painter.wait)
            self.stack.callback(painter.kill)
            if painter.stdout.readline() != "ready\n":
                raise SystemExit(f"{self.paint} did not get ready")
            self.painters[name] = painter
        return pins

    def top(self, n, size=SMALL, locale=ASCII, name=None, before=(), **variables):
        pins = self.painter(n, name)
        interval = f"{int(self.interval_s * 1000)}ms"
        argv = [*before, self.weir, "--pin-dir", pins, "top", "--interval", interval]
        return Top(argv, size, locale, **variables)

    def sizes(self):
        for size in (SMALL, LARGE):
            for locale in (ASCII, UTF8):
                golden = plain(size, locale)
                for n in (0, 5, 1000):
                    with self.top(n, size, locale) as top:
                        golden.check(top, f"{n} containers")
                golden.done()

    def styles(self):
        def look(xterm):
            return xterm.styles(LETTERS)

        golden = Golden("styles")
        for n, locale in ((0, ASCII), (5, ASCII), (5, UTF8)):
            with self.top(n, locale=locale) as top:
                golden.check(top, f"{n} containers", look)
        with self.top(5, NO_COLOR="1") as top:
            golden.check(top, "5 containers, NO_COLOR", look)
        golden.done()

    def keys(self):
        golden, first = Golden("keys"), plain(SMALL, ASCII)
        with self.top(5) as top:
            first.check(top, "5 containers")
            for key, name in (("c", "by CPU"), ("b", "by CPU beyond the request"), ("w", "by wait"),
                              ("m", "by memory"), ("r", "by memory, reversed")):
                top.type(key)
                golden.check(top, name)
            top.type("n")
            first.check(top, "5 containers", after=" again, by id")
            top.type("t")
            golden.check(top, "one after the other")
            top.type("t")
            first.check(top, "5 containers", after=" again, as a tree")
            for key, back in (("h", "c"), ("?", "q")):
                top.type(key)
                golden.check(top, "help")
                top.type(back)
                first.check(top, "5 containers", after=f" again, after help and {back}")
            self.filter(golden, first, top)
        self.pause(golden, first)
        golden.done()

    @staticmethod
    def filter(golden, first, top):
        top.type("/ex")
        golden.check(top, "filter, half typed")
        top.type("xq")  # no key but of the filter, now
        say(top.becomes(lambda: top.line(-1) == "filter: exxq_"), "filter: any letter is of it")
        top.type(BACKSPACE * 2 + "ec")
        say(top.becomes(lambda: top.line(-1) == "filter: exec_"), "filter: backspace")
        top.type("\r")
        golden.check(top, "filtered")
        top.type("t")
        golden.check(top, "filtered, one after the other")
        top.type("t/-7/t2")
        golden.check(top, "a task without its executor")
        top.type(ESCAPE)
        first.check(top, "5 containers", after=" again, without a filter")

    def pause(self, golden, first):
        with self.top(5, name="still") as top:
            first.check(top, "5 containers")
            top.type(" ")
            golden.check(top, "paused")
            self.painters["still"].send_signal(signal.SIGUSR1)
            time.sleep(3 * self.interval_s)  # that nothing happens takes its time
            for key, name in (("h", "help"), (" ", "paused"), (" ", "the counters stand still")):
                top.type(key)
                golden.check(top, name)

    def scroll(self):
        golden, first = Golden("scroll"), plain(SMALL, ASCII)
        with self.top(1000) as top:
            first.check(top, "1000 containers")
            for key, name, number in ((DOWN, "down", 1), (PAGE_DOWN, "page down", 13), (UP, "up", 12),
                                      (PAGE_UP, "page up", 0), (UP, "up, on top", 0),
                                      (PAGE_DOWN * 3, "page down, three times", 36)):
                top.type(key)
                say(top.becomes(lambda: top.line(4).startswith(f"web-{number:04} ")), f"scroll: {name}")
            for key in (END, DOWN):
                top.type(key)
                golden.check(top, "the end")
            top.type("/5\r" + END)
            golden.check(top, "filtered, the end")
            top.type(ESCAPE + HOME)
            first.check(top, "1000 containers", after=" again, after Home")
        golden.done()

    def resize(self):
        golden, sizes = Golden("resize"), (SMALL, LARGE, (6, 30), (12, 60), (1, 1), SMALL)
        with self.top(1000, locale=UTF8) as top:
            for size in sizes:
                top.resize(*size)
                if size in (SMALL, LARGE):
                    plain(size, UTF8).check(top, "1000 containers", after=", of that size now")
                else:
                    golden.check(top, f"{size[1]}x{size[0]}")
            self.resize_in_the_middle(top)
            top.type("h")
            say(top.becomes(lambda: top.line(9) == "any key: back"), "resize: help is there")
            top.resize(10, 40)
            golden.check(top, "help, 40x10")
        golden.done()

    def resize_in_the_middle(self, top):
        """While it waits for fresh figures, and not for keys."""
        painter = self.painters["1000"]
        painter.send_signal(signal.SIGSTOP)
        time.sleep(2 * self.interval_s)
        top.resize(*LARGE)
        painter.send_signal(signal.SIGCONT)
        plain(LARGE, UTF8).check(top, "1000 containers", after=", resized while it read")

    def quit(self):
        for key, name, code in (("q", "q", 0), ("Q", "Q", 0), (terminal.CTRL_C, "Ctrl-C", 1)):
            shell = ["sh", "-c", "echo before; exec \"$@\"", "sh"]
            with self.top(5, before=shell) as top:
                say(top.becomes(lambda: top.line(-1).endswith("q quit")), f"{name}: before, the screen is top's")
                say(top.xterm.is_full_screen() and not top.xterm.shows_cursor(),
                    f"{name}: before, what was on it is hidden, and the cursor")
                top.type(key)
                code_seen = top.ends()
                say(code_seen == code, f"{name}: ends it, exit code {code}", f"got {code_seen}")
                seen = top.xterm.text()
                say(not top.xterm.is_full_screen() and seen[0] == "before" and not any(seen[1:]),
                    f"{name}: the screen is as it was", *seen)
                say(top.xterm.shows_cursor() and top.xterm.style == "",
                    f"{name}: the cursor shows, in no style")
                say(is_cooked(top.terminal.fd), f"{name}: the terminal echoes again, and waits for lines")

    def unknown_terminal(self):
        name = "a terminal that curses does not know"
        with self.top(5, before=["env", "TERM=typewriter"]) as top:
            code, seen = top.ends(), top.xterm.text()
            say(code == 0, f"{name}: exit code 0", f"got {code}")
            say(seen[0].startswith("weir: note: terminal 'typewriter' is not known"), f"{name} is named", *seen)
            say(seen[4].startswith("ID "), f"{name} gets one picture as text", *seen)


def is_cooked(fd):
    wanted = termios.ECHO | termios.ICANON | termios.ISIG
    return termios.tcgetattr(fd)[3] & wanted == wanted


def main():
    scenes = Scenes(*sys.argv[1:6])
    with scenes.stack:
        for scene in sys.argv[6:]:
            getattr(scenes, scene)()


if __name__ == "__main__":
    main()
