# SPDX-License-Identifier: Apache-2.0
"""What agent and executor agree on: Mesos' executor API, v1 as in 1.10, in JSON.

Calls are checked in Mesos' order, and refused with its status codes. What it also takes and this
does not: protobuf, authentication, and the fields that no test uses, which are passed over.
"""

import base64
import binascii
import json
import sys
import threading

JSON = "application/json"
UUID_BYTES = 16
SOCKET_PATH_BYTES = 108  # in sockaddr_un, with the NUL that ends it
# A call's name -> its field that has to be there.
CALLS = {
    "SUBSCRIBE": "subscribe",
    "UPDATE": "update",
    "MESSAGE": "message",
    "HEARTBEAT": None,
    "UNKNOWN": None,
}
SAYING = threading.Lock()


class Refusal(Exception):
    """An answer that is not the one asked for: an HTTP status and its text."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status
        self.text = text


def say(what, **details):
    """One line of JSON on stdout, whole however many threads have something to say."""
    with SAYING:
        sys.stdout.write(json.dumps({"what": what} | details) + "\n")
        sys.stdout.flush()


def executor_path(process_id):
    """The path that executors of the agent `process_id`, "slave(1)", call."""
    return f"/{process_id}/api/v1/executor"


def id_of(message, name):
    """`message`'s {name: {"value": ID}}. Refusal: it has none."""
    value = part_of(message, name).get("value")
    if not isinstance(value, str):
        raise no_call(f"Missing required fields: {name}.value")
    return value


def part_of(message, name):
    """`message`'s object under `name`. Refusal: it has none."""
    if name not in message:
        raise no_call(f"Missing required fields: {name}")
    if not isinstance(message[name], dict):
        raise no_call(f"Not expecting such a JSON value for field '{name}'")
    return message[name]


def no_call(why):
    return Refusal(400, f"Failed to convert JSON into Call protobuf: {why}")


def invalid(why):
    return Refusal(400, f"Failed to validate Executor::Call: {why}")


def read_call(content_type, body):
    """The call in the bytes of `body`. Refusal, with 400 or 415: it is none."""
    if content_type is None:
        raise Refusal(400, "Expecting 'Content-Type' to be present")
    if content_type != JSON:
        raise Refusal(415, f"Expecting 'Content-Type' of {JSON}")
    try:
        call = json.loads(body)
    except ValueError as error:
        raise Refusal(400, f"Failed to parse body into JSON: {error}") from error
    if not isinstance(call, dict):
        raise no_call("Expecting an object")
    for name in ("executor_id", "framework_id"):
        id_of(call, name)
    # A name of a later version is as good as none to protobuf, and so here.
    kind = call.get("type")
    if not isinstance(kind, str) or kind not in CALLS:
        raise invalid("Expecting 'type' to be present")
    if (field := CALLS[kind]) and field not in call:
        raise invalid(f"Expecting '{field}' to be present")
    if kind == "SUBSCRIBE":
        check_subscribe(part_of(call, "subscribe"))
    if kind == "UPDATE":
        check_update(call)
    if kind == "MESSAGE":
        bytes_of(part_of(call, "message"), "data")
    return call


def check_subscribe(subscribe):
    """What an executor brings along. Refusal: it is no list of updates, or none of tasks."""
    for name, check in (("unacknowledged_updates", status_of), ("unacknowledged_tasks", task_of)):
        brought = subscribe.get(name, [])
        if not isinstance(brought, list) or not all(isinstance(one, dict) for one in brought):
            raise no_call(f"Not expecting such a JSON value for field '{name}'")
        for one in brought:
            check(one)


def task_of(message):
    """The id of a task, or of the task that a status is about. Refusal: it has none."""
    return id_of(message, "task_id")


def status_of(update):
    """The status in an update. Refusal: it lacks what every status has."""
    status = part_of(update, "status")
    task_of(status)
    if not isinstance(status.get("state"), str):
        raise no_call("Missing required fields: state")
    if "uuid" in status:
        bytes_of(status, "uuid")
    return status


def bytes_of(message, name):
    """`message`'s bytes under `name`, which JSON has in base64. Refusal: there are none."""
    try:
        return base64.b64decode(message[name], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise no_call(f"Missing required fields: {name}") from error


def check_update(call):
    """Refusal: an executor may not send such an update, or the agent could not acknowledge it."""
    status = status_of(part_of(call, "update"))
    if "uuid" not in status:
        raise invalid("Expecting 'uuid' to be present")
    if len(uuid := bytes_of(status, "uuid")) != UUID_BYTES:
        raise invalid(f"Expecting a 'uuid' of {UUID_BYTES} bytes, and not of {len(uuid)}")
    if "executor_id" in status and status["executor_id"] != call["executor_id"]:
        raise invalid("ExecutorID in Call does not match ExecutorID in TaskStatus")
    if status.get("source") != "SOURCE_EXECUTOR":
        raise invalid("invalid source, expecting 'SOURCE_EXECUTOR'")
    if status["state"] == "TASK_STAGING":
        raise invalid("Received TASK_STAGING, which is not allowed")


def check_accept(accept):
    """Refusal, with 406: JSON is not among what the caller takes, by its Accept header."""
    kinds = [kind.partition(";")[0].strip() for kind in (accept or "*/*").split(",")]
    if not {"*/*", "application/*", JSON} & set(kinds):
        raise Refusal(406, f"Expecting 'Accept' to allow '{JSON}'")
