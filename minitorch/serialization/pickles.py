"""A reader of pickles that runs nothing: a small machine over the opcodes that data need.

Python's own unpickler calls whatever a file names. This one builds containers itself, looks every name up in a
table (`names.Names`), and calls only what stands there. Opcodes that have no business in data (INST, OBJ, EXT,
out-of-band buffers, ...) are refused.

Source of the opcodes: the standard library's ``pickletools``, which also parses their arguments.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

from .names import Names

__all__ = ["UnpicklingError", "read_pickle"]

_MARK = object()
_DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what a damaged stack leads to


def read_pickle(
    file: IO[bytes], names: Names, persistent: Callable[[Any], Any] | None = None, encoding: str = "utf-8"
) -> Any:
    """Return the object of the next pickle in a file.

    Parameters
    ----------
    file : binary file
        Read up to the end of the pickle.
    names : Names
        What the pickle may name.
    persistent : callable, optional
        From a persistent id to the object that it stands for.
    encoding : str
        Of the byte strings that Python 2 wrote; "bytes" leaves them.

    Raises
    ------
    UnpicklingError
        For a pickle that is damaged or names what the table does not have. Nothing of it has then been run.
    """
    machine = _Machine(names, persistent, encoding)
    try:
        return machine.run(file)
    except _DAMAGE as error:
        raise UnpicklingError(f"the pickle is damaged: {error or type(error).__name__}") from error


class _Machine:
    def __init__(self, names: Names, persistent: Callable[[Any], Any] | None, encoding: str) -> None:
        self.names, self.persistent, self.encoding = names, persistent, encoding
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, file: IO[bytes]) -> Any:
        for opcode, argument, _ in pickletools.genops(file):
            if opcode.name in _PUSHED:
                self.stack.append(argument)
            elif opcode.name in _STEPS:
                _STEPS[opcode.name](self, argument)
            elif opcode.name not in _IGNORED:
                raise UnpicklingError(f"opcode {opcode.name} is not allowed in data")
        (result,) = self.stack
        if result is _MARK:
            raise UnpicklingError("the pickle is damaged: it ends with a mark")
        return result

    def since_mark(self) -> list[Any]:
        """Take everything down to the last mark off the stack."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise UnpicklingError("the pickle is damaged: no mark on the stack")
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def top(self, kinds: type | tuple[type, ...]) -> Any:
        target = self.stack[-1]
        if not isinstance(target, kinds):
            raise UnpicklingError(f"a {type(target).__name__} cannot be filled with items")
        return target

    # ---- containers ----------------------------------------------------------------------------------------

    def append(self, _: Any) -> None:
        item = self.stack.pop()
        self.extend([item])

    def appends(self, _: Any) -> None:
        self.extend(self.since_mark())

    def extend(self, items: list[Any]) -> None:
        target = self.top(self.names.sequences)
        target.extend(items)

    def set_item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.top(dict)[key] = value

    def set_items(self, _: Any) -> None:
        items = self.since_mark()
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2]):
            target[key] = value

    def add_items(self, _: Any) -> None:
        items = self.since_mark()
        self.top(set).update(items)

    def dict_of_items(self, _: Any) -> None:
        items = self.since_mark()
        self.stack.append(dict(zip(items[::2], items[1::2])))

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(items)

    # ---- memory --------------------------------------------------------------------------------------------

    def put(self, key: int) -> None:
        self.memo[key] = self.stack[-1]

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, key: int) -> None:
        self.stack.append(self.memo[key])

    def text(self, argument: str) -> None:
        """Push a string of Python 2, which may have been text or bytes."""
        raw = argument.encode("latin-1")
        self.stack.append(raw if self.encoding == "bytes" else raw.decode(self.encoding))

    # ---- names, calls and states ---------------------------------------------------------------------------

    def name(self, argument: str) -> None:
        module, name = argument.split(" ", 1)
        self.stack.append(self.names.find(module, name))

    def stack_name(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(self.names.find(module, name))

    def call(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.stack.append(self.names.call(function, arguments))

    def new(self, _: Any) -> None:
        arguments, kind = self.stack.pop(), self.stack.pop()
        self.stack.append(self.names.new(kind, arguments))

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        self.names.set_state(self.stack[-1], state)

    def persist(self, argument: Any) -> None:
        if self.persistent is None:
            raise UnpicklingError("the pickle refers to data outside of it")
        self.stack.append(self.persistent(argument))


def _constant(make: Callable[[], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.stack.append(make())


def _marked(make: Callable[[list[Any]], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.stack.append(make(machine.since_mark()))


_IGNORED = {"PROTO", "FRAME", "STOP"}
_PUSHED = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "UNICODE"}
_PUSHED |= {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    "MARK": _constant(lambda: _MARK), "NONE": _constant(lambda: None), "NEWTRUE": _constant(lambda: True),
    "NEWFALSE": _constant(lambda: False), "EMPTY_LIST": _constant(list), "EMPTY_TUPLE": _constant(tuple),
    "EMPTY_DICT": _constant(dict), "EMPTY_SET": _constant(set), "LIST": _marked(list), "TUPLE": _marked(tuple),
    "FROZENSET": _marked(frozenset), "DICT": _Machine.dict_of_items, "APPEND": _Machine.append,
    "APPENDS": _Machine.appends, "SETITEM": _Machine.set_item, "SETITEMS": _Machine.set_items,
    "ADDITEMS": _Machine.add_items, "PUT": _Machine.put, "BINPUT": _Machine.put, "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize, "GET": _Machine.get, "BINGET": _Machine.get, "LONG_BINGET": _Machine.get,
    "STRING": _Machine.text, "BINSTRING": _Machine.text, "SHORT_BINSTRING": _Machine.text, "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.stack_name, "REDUCE": _Machine.call, "NEWOBJ": _Machine.new, "BUILD": _Machine.build,
    "PERSID": _Machine.persist, "POP": lambda machine, _: machine.stack.pop(),
    "POP_MARK": lambda machine, _: machine.since_mark(),
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "BINPERSID": lambda machine, _: machine.persist(machine.stack.pop()),
    "TUPLE1": lambda machine, _: machine.tuple_of(1), "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
}  # fmt: skip
