# SPDX-License-Identifier: Apache-2.0
"""Reservations for system tests in Python: Mesos' resources, short to write."""

from api import Connection


def level(role, principal="root", kind="DYNAMIC", **labels):
    made = {"type": kind, "role": role} | ({"principal": principal} if principal else {})
    if labels:
        made["labels"] = {"labels": [{"key": key, "value": value} for key, value in labels.items()]}
    return made


def stack(roles):
    """Of "eng eng/ads", or of levels; "" is unreserved."""
    return [level(role) for role in roles.split()] if isinstance(roles, str) else list(roles)


def held(roles="", volume=None, source=None, **amounts):
    """held("eng", cpus=1, mem=64): Mesos' resources; mem and disk in MiB."""
    found = []
    for name, value in amounts.items():
        one = {"name": name, "type": "SCALAR", "scalar": {"value": value}, "reservations": stack(roles)}
        if volume:
            one["disk"] = {"persistence": {"id": volume, "principal": "root"},
                           "volume": {"container_path": "data", "mode": "RW"}}
        if source:
            one.setdefault("disk", {})["source"] = source
        found.append(one)
    return found


class Operator(Connection):
    """Each call's status; what was said is in `said`."""

    def operate(self, kind, options=None, **fields):
        if options:
            fields["weir"] = {key.rstrip("_"): value for key, value in options.items()}
        status, self.said = self.call(kind, **fields)
        return status

    def reserve(self, target, source=None, **options):
        fields = {"resources": target} | ({} if source is None else {"source": source})
        return self.operate("RESERVE_RESOURCES", options, **fields)

    def unreserve(self, resources, **options):
        return self.operate("UNRESERVE_RESOURCES", options, resources=resources)

    def create(self, volumes, **options):
        return self.operate("CREATE_VOLUMES", options, volumes=volumes)

    def destroy(self, volumes, **options):
        return self.operate("DESTROY_VOLUMES", options, volumes=volumes)

    def grow(self, volume, addition):
        return self.operate("GROW_VOLUME", volume=volume, addition=addition)

    def shrink(self, volume, mib):
        return self.operate("SHRINK_VOLUME", volume=volume, subtract={"value": mib})

    def reservations(self):
        return self.call("GET_RESERVATIONS")[1]["get_reservations"]

    def holds(self):
        """{"eng+eng/ads cpus": amount}, as GET_AGENTS tells it; volumes by their ids."""
        agent = self.call("GET_AGENTS")[1]["get_agents"]["agents"][0]
        found = {}
        for one in agent["total_resources"]:
            roles = "+".join(
                r["role"] + "".join(f"={label['value']}" for label in r.get("labels", {}).get("labels", []))
                for r in one.get("reservations", []))
            volume = one.get("disk", {}).get("persistence", {}).get("id")
            found[f"{roles or '*'} {'volume ' + volume if volume else one['name']}"] = one["scalar"]["value"]
        return found
