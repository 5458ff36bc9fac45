# SPDX-License-Identifier: Apache-2.0
"""The agent's HTTP: its two listeners, who may ask for what, and the open answer to a SUBSCRIBE.

What an executor is told in it is for agent.py, which a server knows as its `agent`.
"""

import contextlib
import http.server
import json
import os
import select
import socket
import socketserver
import stat
import struct
import sys
import threading
import urllib.parse

import recordio
from executor_api import JSON, Refusal, check_accept, executor_path, read_call, say

PROCESS_ID = "slave(1)"
MAX_BODY_BYTES = 1 << 20
SEND_SECONDS = 10  # for who does not read what they subscribed to


class Stream:
    """The open answer to a SUBSCRIBE. Any thread may send; the one that made it waits."""

    def __init__(self, connection, chunk_bytes):
        self.connection = connection
        self.chunk_bytes = chunk_bytes
        self.lock = threading.Lock()
        timeval = struct.pack("ll", SEND_SECONDS, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)

    def send(self, kind, **fields):
        """Send an event. That it can't be sent is for wait() to see, and no error here."""
        record = recordio.encode(json.dumps({"type": kind} | fields).encode())
        step = self.chunk_bytes or len(record)
        with self.lock:
            try:
                for at in range(0, len(record), step):
                    part = record[at : at + step]
                    self.connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            except OSError:
                self.close()

    def wait(self, heartbeat_s):
        """Return when the other side hangs up, or end() was called; send HEARTBEAT meanwhile."""
        poll = select.poll()
        # Calls belong on another connection: whoever sends one here has hung up, too.
        poll.register(self.connection, select.POLLIN | select.POLLRDHUP)
        while not poll.poll(heartbeat_s * 1000):
            self.send("HEARTBEAT")

    def end(self):
        """Close it, as the end of a chunked answer is written."""
        with self.lock:
            with contextlib.suppress(OSError):
                self.connection.sendall(b"0\r\n\r\n")
            self.close()

    def close(self):
        # What was cut short can't be gone on with: a part of a record may be out.
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection; `server` has the agent."""

    protocol_version = "HTTP/1.1"

    def serve(self):
        """Answer a request of any method."""
        try:
            self.serve_call()
        except Refusal as refusal:
            say("refused", method=self.command, path=self.path, status=refusal.status,
                text=refusal.text, **self.peer())
            self.answer(refusal.status, refusal.text)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def serve_call(self):
        """Refusal: the call is answered by that, and nothing was done."""
        body = self.body()
        self.check_path()
        if self.command != "POST":
            raise Refusal(
                405, f"405 Method Not Allowed. Expecting one of {{ 'POST' }}, "
                f"but received '{self.command}'.")
        call = read_call(self.headers.get("Content-Type"), body)
        agent, kind = self.server.agent, call["type"]
        if kind == "HEARTBEAT":
            # Mesos answers before it looks whose it is, as its own library fills in dummies.
            say("heartbeat", **self.peer())
            self.answer(202)
            return
        if kind == "SUBSCRIBE":
            check_accept(self.headers.get("Accept"))
        whose = agent.find(call)
        if kind == "UNKNOWN":
            raise Refusal(501, "501 Not Implemented.")
        if kind == "SUBSCRIBE":
            self.open_stream()
            stream = Stream(self.connection, agent.options.split)
            agent.subscribe(whose, stream, call, self.peer())
            return
        self.answer(202)
        if kind == "UPDATE":
            agent.take_update(whose, call["update"]["status"], self.peer())
        else:
            agent.take_message(whose, call["message"], self.peer())

    def body(self):
        """Read whether or not it is wanted: the next request begins behind it."""
        self.close_connection |= "Transfer-Encoding" in self.headers
        if "Transfer-Encoding" in self.headers:
            raise Refusal(501, "Expecting a body with a 'Content-Length'")
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            raise Refusal(413, f"Expecting a body of at most {MAX_BODY_BYTES} bytes")
        return self.rfile.read(int(length))

    def check_path(self):
        """The unix socket serves two paths and forbids all others, TCP only lacks them."""
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        if path == executor_path(PROCESS_ID):
            return
        if self.connection.family != socket.AF_UNIX:
            if path != "/api/v1/executor":
                raise Refusal(404, "404 Not Found.")
        elif path == f"/{PROCESS_ID}/api/v1":
            raise Refusal(501, "The operator API is not played here")
        else:
            raise Refusal(403, "403 Forbidden.")

    def answer(self, status, text=""):
        self.send_response(status)
        if status == 405:
            self.send_header("Allow", "POST")
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def open_stream(self):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def peer(self):
        """{peer_pid, peer_uid} of who connected; a pid is 0 where ours has none for it."""
        if self.connection.family != socket.AF_UNIX:
            return {"peer_pid": None, "peer_uid": None}
        ucred = struct.Struct("iII")
        pid, uid, _ = ucred.unpack(
            self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, ucred.size))
        return {"peer_pid": pid, "peer_uid": uid}

    def log_message(self, *_):
        """Nothing: what happened has been said."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Over TCP; a thread for each connection."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, agent):
        self.agent = agent
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class UnixServer(Server):
    """Over a unix socket that everybody may connect to."""

    address_family = socket.AF_UNIX
    allow_reuse_address = False
    inode = None

    def server_bind(self):
        """OSError: what is at its path is no socket, and stays as it is; or the path can't be."""
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.lstat(self.server_address).st_mode):
                os.unlink(self.server_address)
        self.socket.bind(self.server_address)
        os.chmod(self.server_address, 0o666)  # executors need not be root
        self.inode = os.stat(self.server_address).st_ino

    def remove(self):
        """Remove the socket, unless another agent has put its own there."""
        with contextlib.suppress(FileNotFoundError):
            if os.lstat(self.server_address).st_ino == self.inode:
                os.unlink(self.server_address)
