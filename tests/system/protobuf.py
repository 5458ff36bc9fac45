# SPDX-License-Identifier: Apache-2.0
"""The control socket in protobuf, by classes that protoc made of include/weir/v1, below PROTO_DIR."""

import json
import math
import os
import sys

from api import Connection

sys.path.insert(0, os.environ["PROTO_DIR"])
# pylint: disable=import-error,wrong-import-position
from google.protobuf import json_format  # noqa: E402
from google.protobuf.descriptor import FieldDescriptor  # noqa: E402
from weir.v1 import agent_pb2, master_pb2  # noqa: E402

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
AGENT, MASTER = ("/api/v1", agent_pb2), ("/master/api/v1", master_pb2)


def plain_value(field, value):
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return plain(value)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return field.enum_type.values_by_number[value].name
    if field.type == FieldDescriptor.TYPE_DOUBLE and math.isinf(value):
        return "Infinity"
    return value


def plain(message):
    """A message as what its JSON comes to, but for lists and maps without entries, which aren't there."""
    result = {}
    for field, value in message.ListFields():
        if field.message_type and field.message_type.GetOptions().map_entry:
            of = field.message_type.fields_by_name["value"]
            result[field.name] = {key: plain_value(of, value[key]) for key in value}
        elif field.label == FieldDescriptor.LABEL_REPEATED:
            result[field.name] = [plain_value(field, entry) for entry in value]
        else:
            result[field.name] = plain_value(field, value)
    return result


def without_empty(value):
    """Of a tree of JSON: the same less lists and objects without entries."""
    if isinstance(value, dict):
        kept = {key: without_empty(entry) for key, entry in value.items()}
        return {key: entry for key, entry in kept.items() if entry not in ([], {})}
    if isinstance(value, list):
        return [without_empty(entry) for entry in value]
    return value


def encode(request, family=AGENT):
    """A call in its JSON as the bytes of a Call. Refuses what the .proto does not know."""
    return json_format.ParseDict(request, family[1].Call()).SerializeToString()


class Client(Connection):
    """Calls in any of both, answers in any of both."""

    def exchange(self, body, content=PROTOBUF, accept=PROTOBUF, family=AGENT):
        """(status, type of the answer, bytes)."""
        self.request("POST", family[0], body, {"Content-Type": content, "Accept": accept})
        answer = self.getresponse()
        return answer.status, answer.headers.get("Content-Type"), answer.read()

    def ask(self, request, content=PROTOBUF, accept=PROTOBUF, family=AGENT):
        """(status, answer), where the answer is a dict, or the text of a refusal, or ""."""
        body = encode(request, family) if content == PROTOBUF else json.dumps(request)
        status, kind, data = self.exchange(body, content, accept, family)
        if not data:
            return status, ""
        if kind == PROTOBUF:
            return status, plain(family[1].Response.FromString(data))
        if kind == JSON:
            return status, json.loads(data)
        return status, data.decode("utf-8", "replace")
