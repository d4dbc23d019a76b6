"""Calls one method through the package varlink: `call.py SOCKET METHOD [PARAMETERS]` prints the parameters of
the reply as JSON, or `error` and `parameters` of an error reply."""

import json
import sys

import visit
from varlink_client import Client


if __name__ == "__main__":
    socket, method, *rest = sys.argv[1:]
    try:
        print(json.dumps(Client(socket).call(method, json.loads(rest[0]) if rest else {})))
    except visit.CallError as error:
        print(json.dumps({"error": error.name, "parameters": error.parameters}))
