"""Joins the modules of the pages: a script for each page, and one with what all of them use.

Modules keep their code and their names; they only stand below each other, those that are imported first. So their
names must differ, and what cannot be joined that way is refused. Knows no module but `vendor/`, which stays as it came.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from app.console.compact import script

SHARED: Final = "shared.js"
VENDOR: Final = "vendor/"
_IMPORT: Final = re.compile(r"^import \{([^}]+)\} from \"(\.[^\"]+)\";$", re.MULTILINE)
_LATER: Final = re.compile(r"\bimport\(\"(\.[^\"]+)\"\)")
_EXPORT: Final = re.compile(r"^export (?=(?:const|function|async function|class) (\w+))", re.MULTILINE)
_TOP: Final = re.compile(r"^(?:async )?(?:const|let|function|class) (?:\[[^\]]*\]|\{[^}]*\}|\w+)", re.MULTILINE)
_EXPORTS: Final = re.compile(r"\bexport ?\{([^}]+)\};\s*$")
_NOT_JOINED: Final = re.compile(r"^(?:import|export)\b|\bimport\(|^var ", re.MULTILINE)


def joined(modules: Mapping[str, str], pages: Collection[str]) -> dict[str, str]:
    """The scripts of the pages, under the names of their first modules, and `shared.js`; from modules by their path."""
    orders = {page: _in_order(modules, page) for page in pages}
    # What only some of them use stands in each of those: a module runs where it is imported, and nowhere else.
    everywhere = set.intersection(*map(set, orders.values()))
    shared = [name for name in next(iter(orders.values())) if name in everywhere]
    given = [export for name in shared for export in exports(modules[name])]
    scripts = {SHARED: f"{_below_each_other(modules, shared)}\nexport{{{','.join(given)}}};"}
    for page, order in orders.items():
        _refuse_what_is_named_twice(modules, order)
        own = [name for name in order if name not in everywhere]
        wanted = {
            name.strip() for module in own for what, _ in _IMPORT.findall(modules[module]) for name in what.split(",")
        }
        used = ",".join(name for name in given if name in wanted)
        scripts[page] = f'import{{{used}}}from"./{SHARED}";{_below_each_other(modules, own)}'
    return scripts


def exports(source: str) -> list[str]:
    """The names a module exports."""
    at_end = _EXPORTS.search(source)
    return _EXPORT.findall(source) + ([name.split()[-1] for name in at_end[1].split(",")] if at_end else [])


def top_names(source: str) -> list[str]:
    """The names a module gives to what stands in it, outside of functions."""
    return [name for found in _TOP.findall(_EXPORT.sub("", source)) for name in re.findall(r"\w+", found)
            if name not in ("async", "const", "let", "function", "class")]  # fmt: skip


def _in_order(modules: Mapping[str, str], start: str) -> list[str]:
    """A module behind all those it imports, at once or later."""
    order: list[str] = []
    path: list[str] = []

    def visit(name: str) -> None:
        if name in path:
            raise ValueError(f"Modules import each other in a ring: {' > '.join((*path, name))}")
        if name in order:
            return
        path.append(name)
        for relative in _imported(modules[name]):
            visit(_resolved(name, relative))
        order.append(path.pop())

    visit(start)
    return order


def _imported(source: str) -> list[str]:
    """What a module imports, as it says it."""
    return [path for _, path in _IMPORT.findall(source)] + _LATER.findall(script(source))


def _resolved(name: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))


def _below_each_other(modules: Mapping[str, str], names: Iterable[str]) -> str:
    return "\n".join(_body(modules, name) for name in names)


def _body(modules: Mapping[str, str], name: str) -> str:
    """What stands in a module, without what it imports and exports. A name it imports is the name the other gave."""
    source = modules[name]
    if name.startswith(VENDOR):  # its names are short and nobody's: they stay inside
        given = ",".join(exports(source))
        inside = _EXPORTS.sub(lambda found: f"return{{{_as_object(found[1])}}}", source)
        return f"const{{{given}}}=(()=>{{{inside}}})();"
    source = _EXPORT.sub("", _IMPORT.sub("", source))
    body = _LATER.sub(
        lambda found: f"Promise.resolve({{{','.join(exports(modules[_resolved(name, found[1])]))}}})", script(source)
    )
    if _NOT_JOINED.search(body) or any(" as " in what for what, _ in _IMPORT.findall(modules[name])):
        raise ValueError(f"{name} imports, exports or names something in words that joining does not know")
    return body


def _as_object(listed: str) -> str:
    """`R as render` of a list of exports as `render:R` of an object."""
    return ",".join(":".join(reversed(part.split(" as "))) for part in listed.split(","))


def _refuse_what_is_named_twice(modules: Mapping[str, str], order: Iterable[str]) -> None:
    times = Counter(name for module in order for name in top_names(modules[module]) if not module.startswith(VENDOR))
    twice = [name for name, number in times.items() if number > 1]
    if twice:
        raise ValueError(f"Two modules of a page name something alike: {', '.join(sorted(twice))}")
