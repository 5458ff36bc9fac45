# SPDX-License-Identifier: Apache-2.0
"""
What a person sees of an xterm: the screen that a program's output leaves.

Knows what curses may send to TERM=xterm, and nothing else: a sequence that is not among that, or
a byte that the encoding does not have, raises ValueError. So a screen is right or an error.
"""

import codecs
import re
import unicodedata

TOKEN = re.compile(
    r"\x1b\[(?P<private>\??)(?P<numbers>[0-9;]*)(?P<csi>[@A-Za-z])|\x1b(?P<escape>\(B|[=>78M])|"
    r"(?P<control>[\b\t\n\r])|(?P<text>[^\x00-\x1f\x7f]+)"
)
UNFINISHED = re.compile(r"\x1b(\(|\[\??[0-9;]*)?\Z")
BLANK = (" ", "")


def columns_of(character):
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Xterm:
    def __init__(self, lines, columns, encoding):
        self.lines, self.columns = lines, columns
        self.decoder = codecs.getincrementaldecoder(encoding)("strict")
        self.left = ""  # of a sequence that has not come whole
        self.cells = self.blank_lines(lines)
        self.line = self.column = 0  # a column beyond the last: the next character wraps
        self.saved = (0, 0)
        self.top, self.bottom = 0, lines - 1  # what scrolls
        self.style = ""
        self.last = " "
        self.hidden = None  # the screen below, while there is another on top
        self.modes = {"25"}  # those that are on; 25: the cursor is shown

    # ---- What is seen ----

    def text(self):
        return ["".join(character for character, _ in line).rstrip() for line in self.cells]

    def styles(self, letters):
        """As text(), with the letter of each cell's style; a style without one is an error."""
        return ["".join(letters[style] for _, style in line).rstrip() for line in self.cells]

    def is_full_screen(self):
        return self.hidden is not None

    def shows_cursor(self):
        return "25" in self.modes

    # ---- What is sent ----

    def resize(self, lines, columns):
        """Terminals differ in what is left where: rubbish, so that everything has to be drawn."""
        self.lines, self.columns = lines, columns
        self.cells = [[("?", "")] * columns for _ in range(lines)]
        self.hidden = self.hidden and self.blank_lines(lines)
        self.top, self.bottom = 0, lines - 1
        self.move(self.line, self.column)

    def feed(self, data):
        text, at = self.left + self.decoder.decode(data), 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                break
            at = match.end()
            self.obey(match)
        self.left = text[at:]
        if self.left and not UNFINISHED.match(self.left):
            raise ValueError(f"not known to curses' xterm: {self.left[:20]!r}")

    def obey(self, match):
        if match["text"]:
            for character in match["text"]:
                self.put(character)
        elif match["control"]:
            self.control(match["control"])
        elif match["escape"]:
            self.escape(match["escape"])
        else:
            numbers = [int(number or 0) for number in match["numbers"].split(";")]
            self.csi(match["private"] + match["csi"], numbers, match[0])

    def put(self, character):
        width = columns_of(character)
        if width == 0:
            raise ValueError(f"{character!r} takes no column")
        if self.column + width > self.columns:
            self.column = 0
            self.feed_line()
        row = self.cells[self.line]
        row[self.column] = (character, self.style)
        if width == 2:
            row[self.column + 1] = ("", self.style)
        self.column += width
        self.last = character

    def control(self, character):
        self.column = min(self.column, self.columns - 1)
        if character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(self.column - 1, 0)
        elif character == "\t":
            self.column = min(self.column // 8 * 8 + 8, self.columns - 1)
        else:
            self.feed_line()

    def escape(self, what):
        if what == "7":
            self.saved = (self.line, self.column)
        elif what == "8":
            self.move(*self.saved)
        elif what == "M" and self.line == self.top:
            self.scroll(self.top, self.bottom, -1)
        elif what == "M":
            self.move(self.line - 1, self.column)
        # "=", ">": what keys send; "(B": ASCII, which it is.

    def csi(self, what, numbers, sequence):
        first, n = numbers[0], max(numbers[0], 1)
        if what in "ABCDGdH":
            self.move_as(what, n, numbers)
        elif what in "JKX@P":
            self.edit_line(what, first, n, sequence)
        elif what == "L":
            self.scroll(self.line, self.bottom, -n)
        elif what == "M":
            self.scroll(self.line, self.bottom, n)
        elif what in "ST":
            self.scroll(self.top, self.bottom, n if what == "S" else -n)
        elif what == "b":
            for _ in range(n):
                self.put(self.last)
        elif what == "r":
            self.top, self.bottom = n - 1, (numbers[1] if len(numbers) > 1 else self.lines) - 1
            self.move(0, 0)
        elif what == "m":
            self.choose_style(numbers)
        elif what in ("?h", "?l"):
            self.switch(numbers, what == "?h")
        elif not (what == "l" and numbers == [4] or what == "t" and first in (22, 23)):
            raise ValueError(f"not known to curses' xterm: {sequence!r}")

    def move(self, line, column):
        self.line = min(max(line, 0), self.lines - 1)
        self.column = min(max(column, 0), self.columns - 1)

    def move_as(self, what, n, numbers):
        self.column = min(self.column, self.columns - 1)
        if what == "H":
            self.move(n - 1, max(numbers[1], 1) - 1 if len(numbers) > 1 else 0)
        elif what == "G":
            self.move(self.line, n - 1)
        elif what == "d":
            self.move(n - 1, self.column)
        elif what in "AB":
            self.move(self.line + (n if what == "B" else -n), self.column)
        else:
            self.move(self.line, self.column + (n if what == "C" else -n))

    def edit_line(self, what, first, n, sequence):
        self.column = min(self.column, self.columns - 1)
        row, at = self.cells[self.line], self.column
        if what in "JK" and first > (2 if what == "J" else 1):
            raise ValueError(f"not known to curses' xterm: {sequence!r}")
        if what == "J" and first == 1 or what == "K" and first == 1:
            row[: at + 1] = [BLANK] * (at + 1)
        elif what in "JK" and first == 0:
            row[at:] = [BLANK] * (self.columns - at)
        elif what == "X":
            n = min(n, self.columns - at)
            row[at : at + n] = [BLANK] * n
        elif what == "@":
            row[at:] = ([BLANK] * n + row[at:])[: self.columns - at]
        elif what == "P":
            row[at:] = (row[at + n :] + [BLANK] * n)[: self.columns - at]
        if what == "J":
            lost = [range(self.line + 1, self.lines), range(self.line), range(self.lines)][first]
            for line in lost:
                self.cells[line] = [BLANK] * self.columns

    def feed_line(self):
        if self.line == self.bottom:
            self.scroll(self.top, self.bottom, 1)
        else:
            self.line = min(self.line + 1, self.lines - 1)

    def scroll(self, top, bottom, n):
        """Up by n, or down by -n."""
        size = bottom - top + 1
        kept = self.cells[top : bottom + 1]
        if n > 0:
            kept = kept[n:] + self.blank_lines(min(n, size))
        else:
            kept = self.blank_lines(min(-n, size)) + kept[: max(size + n, 0)]
        self.cells[top : bottom + 1] = kept

    def choose_style(self, numbers):
        """A style is the numbers that made it, in their order: "1;31"."""
        for number in numbers:
            words = [word for word in self.style.split(";") if word]
            if number == 0:
                words = []
            elif number in (39, 49):
                words = [word for word in words if word[0] != str(number)[0]]
            elif number == 27:
                words = [word for word in words if word != "7"]
            elif number in (1, 7) or 30 <= number <= 37:
                same = str(number)[0] if number >= 30 else str(number)
                words = [word for word in words if not word.startswith(same)] + [str(number)]
            else:
                raise ValueError(f"a style that is not expected: {number}")
            self.style = ";".join(sorted(words, key=int))

    def switch(self, modes, on):
        for mode in map(str, modes):
            if mode not in ("1", "7", "12", "25", "1049"):
                raise ValueError(f"a mode that curses' xterm does not have: {mode}")
            if mode == "1049" and on and self.hidden is None:
                self.saved, self.hidden = (self.line, self.column), self.cells
                self.cells = self.blank_lines(self.lines)
            elif mode == "1049" and not on and self.hidden is not None:
                self.cells, self.hidden = self.hidden, None
                self.move(*self.saved)
            self.modes = self.modes | {mode} if on else self.modes - {mode}

    def blank_lines(self, n):
        return [[BLANK] * self.columns for _ in range(n)]
