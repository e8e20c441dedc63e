"""Arrow's C structures made by hand, also such as no library would give out, and how often they were let go of."""

from __future__ import annotations

import ctypes
from typing import Any


class Schema(ctypes.Structure):
    """ArrowSchema."""


class Array(ctypes.Structure):
    """ArrowArray."""


class Stream(ctypes.Structure):
    """ArrowArrayStream."""


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
GET_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))

Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
Stream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.c_void_p),
    ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class Maker:
    """Makes structures, keeps all that they point at, and counts what is let go of."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.released = 0

    def keep(self, value: Any) -> Any:
        """The value, which stays."""
        self.kept.append(value)
        return value

    def release(self, kind: Any) -> Any:
        """A callback that counts."""

        def done(held: Any) -> None:
            assert held.contents.release
            self.released += 1
            held.contents.release = None

        return ctypes.cast(self.keep(kind(done)), ctypes.c_void_p)

    def pointers(self, kind: Any, items: list[Any]) -> Any:
        """An array of pointers."""
        if not items:
            return None
        return self.keep((ctypes.POINTER(kind) * len(items))(*[ctypes.pointer(item) for item in items]))

    def schema(
        self, format: str | None, name: str = "x", children: Any = (), dictionary: Any = None, **other: Any
    ) -> Schema:
        """Fields are set last, to whatever is wanted."""
        made = self.keep(Schema())
        made.format = None if format is None else self.keep(format.encode())
        made.name = self.keep(name.encode())
        made.n_children = len(children)
        if children:
            made.children = ctypes.cast(self.pointers(Schema, list(children)), type(made.children))
        if dictionary is not None:
            made.dictionary = ctypes.pointer(dictionary)
        made.release = self.release(RELEASE_SCHEMA)
        for field, value in other.items():
            setattr(made, field, value)
        return made

    def array(self, length: int, buffers: Any = (), children: Any = (), dictionary: Any = None, **other: Any) -> Array:
        """`buffers` are bytes, or None for none."""
        made = self.keep(Array())
        made.length = length
        made.n_buffers = len(buffers)
        if buffers:
            held = [
                None
                if each is None
                else ctypes.cast(self.keep(ctypes.create_string_buffer(each, max(1, len(each)))), ctypes.c_void_p)
                for each in buffers
            ]
            places = self.keep((ctypes.c_void_p * len(buffers))(*held))
            made.buffers = ctypes.cast(places, type(made.buffers))
        made.n_children = len(children)
        if children:
            made.children = ctypes.cast(self.pointers(Array, list(children)), type(made.children))
        if dictionary is not None:
            made.dictionary = ctypes.pointer(dictionary)
        made.release = self.release(RELEASE_ARRAY)
        for field, value in other.items():
            setattr(made, field, value)
        return made

    def capsule(self, held: Any, name: bytes) -> Any:
        """A capsule of a structure."""
        return new_capsule(ctypes.addressof(held), self.keep(name), None)

    def column(self, schema: Schema, array: Array) -> Any:
        """An object with `__arrow_c_array__`, whose structures release() of the outermost alone lets go of."""
        capsules = [self.capsule(schema, b"arrow_schema"), self.capsule(array, b"arrow_array")]

        class Column:
            def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
                return capsules[0], capsules[1]

        return Column()

    def stream(self, schema: Schema | None, arrays: list[Array], error: bytes | None = None) -> Any:
        """An object with `__arrow_c_stream__`; None for a schema, or an `error` after the arrays, fails."""
        left = list(arrays)

        def get_schema(_: Any, out: Any) -> int:
            if schema is None:
                return 5
            ctypes.memmove(out, ctypes.addressof(schema), ctypes.sizeof(Schema))
            return 0

        def get_next(_: Any, out: Any) -> int:
            if not left:
                ctypes.memset(out, 0, ctypes.sizeof(Array))
                return 5 if error is not None else 0
            ctypes.memmove(out, ctypes.addressof(left.pop(0)), ctypes.sizeof(Array))
            return 0

        reason = None if error is None else ctypes.addressof(self.keep(ctypes.create_string_buffer(error)))
        held = self.keep(Stream())
        held.get_schema = ctypes.cast(self.keep(GET_SCHEMA(get_schema)), ctypes.c_void_p)
        held.get_next = ctypes.cast(self.keep(GET_NEXT(get_next)), ctypes.c_void_p)
        held.get_last_error = ctypes.cast(self.keep(GET_ERROR(lambda _: reason)), ctypes.c_void_p)
        held.release = self.release(RELEASE_STREAM)
        capsule = self.capsule(held, b"arrow_array_stream")

        class Table:
            def __arrow_c_stream__(self, requested_schema: object = None) -> object:
                return capsule

        return Table()
