"""Visits every method through the package asyncvarlink: `asyncvarlink_client.py SOCKET` prints a report as
JSON. Parameters and replies are held against the types that the service introspects."""

import asyncio
import json
import sys

import asyncvarlink
from asyncvarlink.serviceinterface import VarlinkServiceInterface
from varlink import scanner

import typed
import visit


class Client:
    """Calls by the proxies of asyncvarlink, one call at a time."""

    def __init__(self, socket):
        self.socket = socket
        self.runner = asyncio.Runner()
        self.protocol = self.connect()
        # org.varlink.service is declared in asyncvarlink itself.
        self.classes = {visit.SERVICE: VarlinkServiceInterface}
        self.definitions = {}

    def connect(self):
        _, protocol = self.runner.run(
            asyncvarlink.connect_unix_varlink(asyncvarlink.VarlinkClientProtocol, self.socket)
        )
        return protocol

    def definition(self, interface):
        if interface not in self.definitions:
            reply = self.call(f"{visit.SERVICE}.GetInterfaceDescription", {"interface": interface})
            self.definitions[interface] = typed.Typed(reply["description"])
        return self.definitions[interface]

    def proxy_class(self, interface):
        if interface not in self.classes:
            streams = {m.rpartition(".")[2] for m in visit.STREAMS if m.startswith(f"{interface}.")}
            self.classes[interface] = self.definition(interface).proxy_class(streams)
        return self.classes[interface]

    def parameters(self, interface):
        return {
            name: {
                field: isinstance(kind, scanner._Maybe)
                for field, kind in method.in_type.fields.items()
            }
            for name, method in self.definition(interface).methods.items()
        }

    def method(self, protocol, method):
        interface, _, name = method.rpartition(".")
        return getattr(protocol.make_proxy(self.proxy_class(interface)), name)

    def call(self, method, parameters):
        bound = self.method(self.protocol, method)

        async def answered():
            return await bound(**parameters)

        return self.run(answered())

    def stream(self, method, parameters):
        """On a connection of its own, which closing the iterator closes."""
        protocol = self.connect()
        replies = self.method(protocol, method)(**parameters)

        async def following():
            return await anext(replies, None)

        try:
            while (reply := self.run(following())) is not None:
                yield reply
        finally:
            protocol.close()

    def run(self, coroutine):
        try:
            return self.runner.run(coroutine)
        except asyncvarlink.VarlinkErrorReply as error:
            raise visit.CallError(error.name, error.paramstojson()) from None


if __name__ == "__main__":
    print(json.dumps(visit.Visit(Client(sys.argv[1])).run()))
