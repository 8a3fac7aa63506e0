"""The Python names of a whole service: everything that a member's or an argument's name does not decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lapsmith.ir import model as ir
from lapsmith.python import names, reserved

_ASYNC = "Async{}"


class Spelling:
    """Decides each name once. Classes are named before anything refers to them, what callers import first."""

    def __init__(self, service: ir.Service) -> None:
        operations = [op.name for op in service.operations]
        self.methods = names.member_names(operations, reserved.METHOD_NAMES)
        self.constants = _claim_each(self.methods, str.upper, names.Namespace(reserved.MODULE_NAMES))
        functions = names.Namespace(reserved.HELPER_NAMES)
        self.builders = _claim_each(self.methods, "build_{}".format, functions)
        self.parsers = _claim_each(self.methods, "parse_{}".format, functions)
        self.body_constants = _claim_each(self.constants, "_{}_BODY".format, names.Namespace())
        taken = reserved.CLASS_NAMES.union(self.constants.values())
        self._classes(service, names.Namespace(taken | reserved.EXPORTED_NAMES))
        exported = {self.client, f"Async{self.client}", self.base_error}
        exported.update(*(given.values() for given in (self.outputs, self.streams, self.unions, self.errors)))
        exported.update(f"Async{name}" for name in self.streams.values())
        structures = [name for name, shape in service.shapes.items() if isinstance(shape, ir.Structure)]
        self.structures = names.class_names(structures, names.Namespace(taken | exported))
        # Last, so that a name without which nothing works is never the one that gives way.
        self.enums = names.class_names(service.enums, names.Namespace({*taken, *exported, *self.structures.values()}))
        self._event_functions()
        self._paging(service)

    def _paging(self, service: ir.Service) -> None:
        """Name the methods for pages and waiters, and the constants that describe them; operations go first."""
        methods = names.Namespace(reserved.METHOD_NAMES.union(self.methods.values()))
        paged = [op.name for op in service.operations if op.pages]
        self.pages = {name: methods.claim(f"paginate_{self.methods[name]}") for name in paged}
        self.waiters = {name: methods.claim(f"wait_until_{names.snake_case(name)}") for name in service.waiters}
        constants = names.Namespace(reserved.MODULE_NAMES)
        self.page_constants = {name: constants.claim(f"{self.constants[name]}_PAGES") for name in paged}
        self.waiter_constants = {name: constants.claim(names.snake_case(name).upper()) for name in service.waiters}

    def _classes(self, service: ir.Service, classes: names.Namespace) -> None:
        spelled = names.pascal_case(service.class_name)
        self.client = classes.claim(spelled, _ASYNC)
        self.base_error = classes.claim(f"{spelled}Error")
        self.outputs = {op.name: classes.claim(f"{names.pascal_case(op.name)}Output") for op in service.operations}
        self.streams = {
            op.name: classes.claim(f"{names.pascal_case(op.name).removesuffix('Stream')}Stream", _ASYNC)
            for op in service.operations
            if op.streams
        }
        unions = [name for name, shape in service.shapes.items() if isinstance(shape, ir.EventUnion)]
        self.unions = {name: classes.claim(f"{names.pascal_case(name)}Event") for name in unions}
        self.errors = names.class_names(service.errors, classes)

    def _event_functions(self) -> None:
        """Name the private functions and constants of ``events``."""
        private = names.Namespace()
        self.union_constants = {
            name: private.claim(f"_{names.snake_case(alias).upper()}S") for name, alias in self.unions.items()
        }
        self.payload_functions = {
            name: private.claim(f"_payload_of_{names.snake_case(alias)}") for name, alias in self.unions.items()
        }
        self.initial_parsers = {
            name: private.claim(f"_initial_{method}") for name, method in self.methods.items() if name in self.streams
        }
        self.event_parsers = {
            name: private.claim(f"_{names.snake_case(spelled)}") for name, spelled in self.structures.items()
        }


def _claim_each(methods: Mapping[str, str], spell: Callable[[str], str], namespace: names.Namespace) -> dict[str, str]:
    return {operation: namespace.claim(spell(method)) for operation, method in methods.items()}
