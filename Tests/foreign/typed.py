"""Classes for asyncvarlink, made from the definition of an interface.

asyncvarlink has no parser of definitions: its interfaces are Python classes with annotations. Here the
annotations come from what a service says of itself, read by the parser of the package varlink, so that
asyncvarlink holds each parameter and each reply against the introspected type: an unknown member, a missing
one or one of another type is an error.
"""

import collections.abc
import inspect
import types
import typing

import asyncvarlink
from varlink import scanner


class Typed:
    """The annotations of one definition."""

    def __init__(self, definition: str):
        self._interface = scanner.Interface(definition)
        self.name = self._interface.name
        self.methods = {
            name: member
            for name, member in self._interface.members.items()
            if isinstance(member, scanner._Method)
        }

    def proxy_class(self, streams: collections.abc.Container[str]) -> type[asyncvarlink.VarlinkInterface]:
        """The interface; the methods named in `streams` are those that are called with `more`."""
        members: dict[str, typing.Any] = {
            name: self._method(name, member, name in streams)
            for name, member in self.methods.items()
        }
        members["errors"] = [
            self._error(member)
            for member in self._interface.members.values()
            if isinstance(member, scanner._Error)
        ]
        return types.new_class(
            self.name.title().replace(".", ""),
            (asyncvarlink.VarlinkInterface,),
            {"name": self.name},
            lambda namespace: namespace.update(members),
        )

    def _method(self, name: str, method: scanner._Method, more: bool) -> typing.Any:
        if more:
            async def body(self, **parameters):
                yield {}
        else:
            async def body(self, **parameters):
                return {}
        parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        for field, varlink_type in method.in_type.fields.items():
            default = None if isinstance(varlink_type, scanner._Maybe) else inspect.Parameter.empty
            parameters.append(
                inspect.Parameter(
                    field,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=default,
                    annotation=self._annotation(varlink_type, f"{name}{field.title()}"),
                )
            )
        result = self._annotation(method.out_type, f"{name}Reply")
        if more:
            result = collections.abc.AsyncIterator[result]
        body.__name__ = name
        body.__signature__ = inspect.Signature(parameters, return_annotation=result)
        return asyncvarlink.varlinkmethod(body, allow_foreign=True)

    def _error(self, error: scanner._Error) -> type[asyncvarlink.TypedVarlinkErrorReply]:
        parameters = types.new_class("Parameters")
        parameters.__annotations__ = {
            field: self._annotation(varlink_type, f"{error.name}{field.title()}")
            for field, varlink_type in error.type.fields.items()
        }
        return types.new_class(
            error.name,
            (asyncvarlink.TypedVarlinkErrorReply,),
            {"name": f"{self.name}.{error.name}"},
            lambda namespace: namespace.update(Parameters=parameters),
        )

    def _annotation(self, varlink_type: typing.Any, name: str) -> typing.Any:
        match varlink_type:
            case scanner._Maybe():
                return typing.Optional[self._annotation(varlink_type.element_type, name)]
            case scanner._Array():
                return list[self._annotation(varlink_type.element_type, name)]
            case scanner._Dict():
                return dict[str, self._annotation(varlink_type.element_type, name)]
            case scanner._CustomType():
                named = self._interface.members[varlink_type.name]
                return self._annotation(named.type, varlink_type.name)
            case scanner._Enum():
                return typing.Literal[tuple(varlink_type.fields)]
            case scanner._Struct():
                return self._structure(varlink_type, name)
            case scanner._Object():
                return typing.Any
            case bool() | int() | float() | str():
                return type(varlink_type)
        raise TypeError(f"{name}: {varlink_type!r}")

    def _structure(self, structure: scanner._Struct, name: str) -> typing.Any:
        """Nullable fields may be absent."""
        required, optional = {}, {}
        for field, varlink_type in structure.fields.items():
            fields = optional if isinstance(varlink_type, scanner._Maybe) else required
            fields[field] = self._annotation(varlink_type, f"{name}{field.title()}")
        base = typing.TypedDict(name, required)
        if not optional:
            return base
        return types.new_class(
            name,
            (base,),
            {"total": False},
            lambda namespace: namespace.update(__annotations__=optional),
        )
