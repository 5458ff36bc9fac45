#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py WEIR DIRECTORY SCENE...: what a person does at a terminal, to a command of weir run.

Everything waits for what the screen shows or the kernel says, never for a time. Scratch files
go to DIRECTORY.
"""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

from api import say

PATIENCE = 20  # seconds, for what comes at once as a rule
CTRL_C, CTRL_D, CTRL_Z, CTRL_BACKSLASH, ESCAPE = b"\x03", b"\x04", b"\x1a", b"\x1c", b"\x1b"
PROMPT = "ready> "
COLOUR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|9[0-7])[;m]")


class Terminal:
    """A program that leads a session on a terminal of its own."""

    def __init__(self, *argv, size=None, **variables):
        """size: lines and columns, as the program finds them."""
        self.screen, self.seen = b"", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if size:
                set_size(pty.STDOUT_FILENO, *size)
            for name, action in ((signal.SIGPIPE, signal.SIG_DFL), (signal.SIGINT, signal.SIG_DFL)):
                signal.signal(name, action)
            os.execvpe(argv[0], argv, dict(os.environ, TERM="xterm", **variables))
        os.set_blocking(self.fd, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.fd)

    def type(self, text):
        os.write(self.fd, text if isinstance(text, bytes) else text.encode())

    def resize(self, rows, columns):
        set_size(self.fd, rows, columns)

    def read(self):
        try:
            self.screen += os.read(self.fd, 65536)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:  # nobody has the other end any more
            return False
        return True

    def shows(self, pattern):
        """The match, in what was not looked at before; None when it does not come."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            text = self.screen[self.seen :].decode("utf-8", "replace")
            match = re.search(pattern, text)
            if match:
                self.seen += len(text[: match.end()].encode())
                return match
            if not self.read():
                break
        print(f"# '{pattern}' did not come; the screen had {self.screen[-2000:]!r}")
        return None

    def foreground(self):
        """The terminal's process group."""
        return os.tcgetpgrp(self.fd)

    def ends(self):
        """Its exit code as a shell tells it, or None."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                return 128 - code if code < 0 else code
        return None


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def shell():
    return Terminal("bash", "--norc", "--noprofile", "--noediting", "-i", PS1=PROMPT)


class Terminals:
    def __init__(self, weir, directory):
        self.weir, self.directory = weir, directory

    def run(self, *command):
        return Terminal(self.weir, "run", "--", *command)

    def vim(self):
        path = os.path.join(self.directory, "poem")
        with open(path, "w", encoding="ascii") as file:
            file.write("the weir\n")
        with self.run("vim.tiny", "-u", "NONE", "-n", path) as screen:
            screen.resize(24, 80)
            screen.shows("the weir")
            screen.type(b"Aholds" + ESCAPE)
            screen.shows("holds")
            screen.type(":wq\r")
            is_equal(screen.ends(), 0, "vim edits a file: it ends well")
        with open(path, encoding="ascii") as file:
            is_equal(file.read(), "the weirholds\n", "vim edits a file: what was typed is in it")

    def keys(self):
        for key, name, code in ((CTRL_C, "Ctrl-C", 130), (CTRL_BACKSLASH, "Ctrl-\\", 131)):
            with self.run("sh", "-c", "ulimit -c 0; echo begun; exec sleep 600") as screen:
                screen.shows("begun")
                screen.type(key)
                is_equal(screen.ends(), code, f"{name} ends the command, exit code {code}")
        handler = "trap 'echo caught; exit 7' INT; echo begun; while :; do sleep 0.02; done"
        with self.run("sh", "-c", handler) as screen:
            screen.shows("begun")
            screen.type(CTRL_C)
            screen.shows("caught")
            is_equal(screen.ends(), 7, "a command that handles Ctrl-C chooses its exit code")

    def window(self):
        watch = "trap 'stty size' WINCH; echo begun; while :; do sleep 0.02; done"
        with self.run("sh", "-c", watch) as screen:
            screen.shows("begun")
            screen.resize(40, 123)
            say(screen.shows("40 123"), "a change of the window's size reaches the command")
            screen.type(CTRL_C)
            screen.ends()

    def job(self):
        with shell() as screen:
            screen.shows(PROMPT)
            group = screen.foreground()
            screen.type(f"{self.weir} run --name job -- cat\r")
            self.wait_until(lambda: screen.foreground() != group)
            screen.type("one\r")
            say(screen.shows("one\r\none\r\n"), "a job reads from the terminal")
            pid = self.first_pid("job")
            screen.type(CTRL_Z)
            say(screen.shows(r"Stopped[^\n]*\n[^\n]*" + PROMPT), "Ctrl-Z gives the shell back")
            is_equal(state_of(pid), "T", "Ctrl-Z: the command has stopped")
            screen.type("fg\r")
            self.wait_until(lambda: screen.foreground() != group)
            screen.type("two\r")
            say(screen.shows("two\r\ntwo\r\n"), "fg: the command goes on, at the terminal")
            screen.type(CTRL_Z)
            screen.shows(r"Stopped[^\n]*\n[^\n]*" + PROMPT)
            screen.type("fg\r")
            self.wait_until(lambda: screen.foreground() != group)
            screen.type(CTRL_D)
            screen.shows(PROMPT)
            screen.type("echo code=$?\r")
            say(screen.shows("code=0\r"), "fg, a second time: it ends as it would have")
            screen.type("exit\r")
            screen.ends()

    def stopped_job_is_killed(self):
        with shell() as screen:
            screen.shows(PROMPT)
            screen.type(f"{self.weir} run -- sh -c 'echo begun; exec sleep 600'\r")
            screen.shows("\nbegun")
            screen.type(CTRL_Z)
            screen.shows(r"Stopped[^\n]*\n[^\n]*" + PROMPT)
            # The news may come with the next prompt already, and they come once.
            screen.type("kill %1\r")
            say(self.is_told(screen, "Exit 143"), "kill of a stopped job ends its command")
            screen.type("exit\r")
            screen.ends()

    def stopped_job_is_killed_from_below(self):
        """The command has ended before its caller sees the signal that both got."""
        with shell() as screen:
            screen.shows(PROMPT)
            screen.type(f"{self.weir} run --name below -- sh -c 'echo begun; exec sleep 600'\r")
            screen.shows("\nbegun")
            caller, command = screen.foreground(), self.first_pid("below")
            screen.type(CTRL_Z)
            screen.shows(r"Stopped[^\n]*\n[^\n]*" + PROMPT)
            os.kill(caller, signal.SIGTERM)
            os.kill(command, signal.SIGKILL)
            self.wait_until(lambda: state_of(command) == "Z")
            os.kill(caller, signal.SIGCONT)
            say(self.is_told(screen, "Exit 137"), "a late signal does not hide how the command ended")
            screen.type("exit\r")
            screen.ends()

    def background(self):
        with shell() as screen:
            screen.shows(PROMPT)
            group = screen.foreground()
            screen.type(f"{self.weir} run -- sh -c 'echo behind' & wait $!; echo code=$?\r")
            say(screen.shows("\nbehind"), "a job in the background runs")
            say(screen.shows("code=0\r"), "a job in the background: its exit code")
            screen.type(f"{self.weir} run -- cat &\r")
            screen.shows(PROMPT)
            self.is_told(screen, "Stopped")
            screen.type("fg\r")
            self.wait_until(lambda: screen.foreground() != group)
            screen.type("mine\r")
            say(screen.shows("mine\r\nmine\r\n"),
                         "a job in the background that reads stops, and reads after fg")
            screen.type(CTRL_C)
            screen.shows(PROMPT)
            screen.type("exit\r")
            screen.ends()

    def is_told(self, screen, news):
        """Shells tell of jobs when they print a prompt, so they are asked again and again."""

        def asked():
            screen.type("jobs\r")
            match = screen.shows(f"{news}|{PROMPT}")
            return match and match[0] == news

        return self.wait_until(asked)

    def kinship(self):
        """Process group, session, terminal, the terminal's group: as the caller has them."""
        ours = "sh -c 'cut -d\" \" -f5-8 /proc/$$/stat; exec \"$@\"' sh"
        show = f"{self.weir} run -- cut -d' ' -f5-8 /proc/self/stat"
        with Terminal("sh", "-c", f"{ours} {show}") as screen:
            match = screen.shows(r"([0-9 ]+)\r\n([0-9 ]+)\r\n")
            say(match and match[1] == match[2] and match[1].count(" ") == 3,
                         "its caller's process group, session and terminal", match and match[0])
            screen.ends()

    def hang_up(self):
        """As when the terminal goes away."""
        path = os.path.join(self.directory, "hung")
        hear = f"trap 'echo hup >{path}; exit 0' HUP; echo begun; while :; do sleep 0.02; done"
        with self.run("sh", "-c", hear) as screen:
            screen.shows("begun")
            os.kill(screen.pid, signal.SIGHUP)
            screen.ends()
        say(os.path.exists(path), "SIGHUP to its caller reaches the command")

    def top(self):
        for variables, colours in (({}, "colours"), ({"NO_COLOR": "1"}, "no colours, with NO_COLOR")):
            with Terminal(self.weir, "top", "--interval", "100ms", **variables) as screen:
                screen.resize(24, 80)
                screen.shows("running")
                screen.type("q")
                is_equal(screen.ends(), 0, f"top at a terminal: q ends it ({colours})")
                is_equal(bool(COLOUR.search(screen.screen)), not variables, f"top at a terminal: {colours}")

    def first_pid(self, name):
        pid = subprocess.run(
            ["jq", ".container_status.executor_pid"], check=True, text=True, stdout=subprocess.PIPE,
            input=subprocess.check_output([self.weir, "inspect", name], text=True),
        )
        return int(pid.stdout)

    @staticmethod
    def wait_until(holds):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if holds():
                return True
            time.sleep(0.01)
        return False


def is_equal(got, wanted, name):
    say(got == wanted, name, f"got    {got!r}", f"wanted {wanted!r}")


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def main():
    terminals = Terminals(*sys.argv[1:3])
    for scene in sys.argv[3:]:
        getattr(terminals, scene)()


if __name__ == "__main__":
    main()
