#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""recorder.py PORT|KIND:ADDRESS…: servers that say what reached them, on any address of this network namespace.

KIND is stream, seqpacket or dgram of the unix kind; an address that begins with '@' is abstract.

A line for each connection that was accepted and for each datagram: what was sent, which of reach.c is the
name of the way it came. A connection in which nothing was said is "?". Says "ready" first.
"""

import selectors
import socket
import sys

PATIENCE_S = 0.5


def open_socket(kind, port):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    sock.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        sock.listen(64)
    return sock


def heard(sock):
    if sock.type == socket.SOCK_DGRAM:
        return sock.recv(4096)
    peer, _ = sock.accept()
    with peer:
        peer.settimeout(PATIENCE_S)
        try:
            return peer.recv(4096) or b"?"
        except OSError:
            return b"?"


def open_unix(kind, address):
    sock = socket.socket(socket.AF_UNIX, getattr(socket, f"SOCK_{kind.upper()}"))
    sock.bind(f"\0{address[1:]}" if address[0] == "@" else address)
    if kind != "dgram":
        sock.listen(64)
    return sock


def open_all(what):
    if what.isdigit():
        return [open_socket(kind, int(what)) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
    return [open_unix(*what.split(":", 1))]


def main():
    with selectors.DefaultSelector() as selector:
        for what in sys.argv[1:]:
            for sock in open_all(what):
                selector.register(sock, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                print(heard(key.fileobj).decode("ascii", "backslashreplace"), flush=True)


if __name__ == "__main__":
    main()
