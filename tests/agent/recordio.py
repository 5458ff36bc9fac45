# SPDX-License-Identifier: Apache-2.0
"""RecordIO, as Mesos streams events: a length in decimal, a line feed, so many bytes.

It knows nothing of HTTP: whoever takes the chunks of a transfer apart feeds what was in them.
"""

MAX_RECORD_BYTES = 1 << 20
MAX_DIGITS = len(str(MAX_RECORD_BYTES))


def encode(record):
    """`record`, which is bytes, with its length before it."""
    return b"%d\n%s" % (len(record), record)


class Decoder:
    """Takes a stream in pieces, cut anywhere, and gives whole records."""

    def __init__(self):
        self.held = b""

    def feed(self, piece):
        """The records that `piece` completes, in order.

        ValueError: a length that is none, or is above MAX_RECORD_BYTES. No more can be read of
        such a stream, as nobody knows where the next record begins.
        """
        self.held += piece
        records = []
        while (head := self.head()) is not None:
            begin, end = head
            if len(self.held) < end:
                break
            records.append(self.held[begin:end])
            self.held = self.held[end:]
        return records

    def head(self):
        """(begin, end) of the first record in what is held; None: its length is not there yet."""
        digits, line_feed, _ = self.held.partition(b"\n")
        # bytes.isdigit() takes ASCII only, where int() would take signs, blanks and underscores.
        # A wrong length may never get its line feed, so that it is not waited for.
        if (digits or line_feed) and not digits.isdigit() or len(digits) > MAX_DIGITS:
            raise ValueError(f"no length of a record: {digits[:MAX_DIGITS + 1]!r}")
        if not line_feed:
            return None
        length = int(digits)
        if length > MAX_RECORD_BYTES:
            raise ValueError(f"a record of {length} bytes")
        return len(digits) + 1, len(digits) + 1 + length
