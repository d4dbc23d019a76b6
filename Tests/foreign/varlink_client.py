"""Visits every method through the package varlink: `varlink_client.py SOCKET` prints a report as JSON."""

import json
import sys

import varlink
from varlink import scanner

import visit


class Client:
    """Calls by the methods that varlink generates from the definition of an interface."""

    def __init__(self, socket):
        self.client = varlink.Client(f"unix:{socket}")
        self.connections = {}

    def connection(self, interface):
        if interface not in self.connections:
            self.connections[interface] = self.client.open(interface)
        return self.connections[interface]

    def parameters(self, interface):
        members = self.client.get_interface(interface).members.values()
        return {
            member.name: {
                name: isinstance(kind, scanner._Maybe) for name, kind in member.in_type.fields.items()
            }
            for member in members
            if isinstance(member, scanner._Method)
        }

    def call(self, method, parameters):
        interface, _, name = method.rpartition(".")
        try:
            return getattr(self.connection(interface), name)(**parameters)
        except varlink.VarlinkError as error:
            raise visit.CallError(error.error(), error.parameters()) from None

    def stream(self, method, parameters):
        """On a connection of its own, which closing the iterator closes."""
        interface, _, name = method.rpartition(".")
        with self.client.open(interface) as connection:
            try:
                yield from getattr(connection, name)(**parameters, _more=True)
            except varlink.VarlinkError as error:
                raise visit.CallError(error.error(), error.parameters()) from None


if __name__ == "__main__":
    print(json.dumps(visit.Visit(Client(sys.argv[1])).run()))
