"""Draw the layers of the code into its documents: `python tools/draw_layers.py [--check]`.

The whole house goes into docs/architecture.md, the inside of trust into docs/trust.md. The order of
the layers is read from the contracts in pyproject.toml, the arrows from the import
statements of the source files; nothing is drawn by hand, so the picture cannot go stale. An arrow
that other arrows already imply is left out. With --check the document is only compared.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = {
    "": ROOT / "docs" / "architecture.md",
    "baluardo.trust": ROOT / "docs" / "trust.md",
}
"""By the container whose layers are drawn; the house itself has none."""
BEGIN = "<!-- layers: drawn by tools/draw_layers.py -->"
END = "<!-- layers: end -->"

Edges = dict[str, set[str]]


def read_layers(pyproject: Path, container: str = "") -> list[str]:
    """The layers from the top down, as the import-linter contract in pyproject.toml has them.

    `container` is the package whose inside they are; the house's own contract has none.
    """
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (
        one
        for one in settings["contracts"]
        if one["type"] == "layers" and one.get("containers", [""]) == [container]
    )
    prefix = f"{container}." if container else ""
    return [
        prefix + name.strip().strip("()")
        for line in contract["layers"]
        for name in line.replace(":", "|").split("|")
    ]


def layer_of(module: str, layers: list[str]) -> str | None:
    """The layer a module belongs to: the longest one whose name begins its own."""
    holding = [layer for layer in layers if module == layer or module.startswith(f"{layer}.")]
    return max(holding, key=len, default=None)


def module_of(file: Path, source: Path) -> str:
    """The dotted name of a source file."""
    parts = file.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(file: Path) -> set[str]:
    """The dotted names a file imports; `from a import b` gives both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
    return found


def read_edges(source: Path, layers: list[str]) -> Edges:
    """Which layer imports which, over every file under `source`."""
    edges: Edges = {layer: set() for layer in layers}
    for file in sorted(source.rglob("*.py")):
        above = layer_of(module_of(file, source), layers)
        if above is None:
            continue
        below = {layer_of(name, layers) for name in imports_of(file)}
        edges[above].update(layer for layer in below if layer not in (None, above))
    return edges


def without_implied(edges: Edges) -> Edges:
    """The same picture without the arrows that a longer way through other layers implies."""

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for layer in edges[waiting.pop()] - seen:
                seen.add(layer)
                waiting.append(layer)
        return seen

    return {
        above: {
            below
            for below in direct
            if not any(below in reachable(other) for other in direct - {below})
        }
        for above, direct in edges.items()
    }


def draw(layers: list[str], edges: Edges, container: str = "baluardo") -> str:
    """The diagram as a Mermaid block between its markers; layers without a file are left out."""
    used = [layer for layer in layers if edges[layer] or any(layer in to for to in edges.values())]
    short = {layer: layer.removeprefix(f"{container}.") for layer in used}
    lines = [BEGIN, "```mermaid", "graph TD"]
    lines += [f'    {short[layer].replace(".", "_")}["{short[layer]}"]' for layer in used]
    for above, direct in without_implied(edges).items():
        lines += [
            f"    {short[above].replace('.', '_')} --> {short[below].replace('.', '_')}"
            for below in sorted(direct, key=layers.index)
        ]
    return "\n".join([*lines, "```", END])


def with_diagram(text: str, diagram: str) -> str:
    """A document with its diagram replaced; ValueError where the markers are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks the markers {BEGIN} and {END}")
    return before + diagram + after


def main(words: list[str]) -> int:
    """Draw, or compare with --check; exit status 0, 1 or 2."""
    if words not in ([], ["--check"]):
        print("usage: draw_layers.py [--check]", file=sys.stderr)
        return 2
    stale = False
    for container, document in DOCUMENTS.items():
        layers = read_layers(ROOT / "pyproject.toml", container)
        diagram = draw(layers, read_edges(ROOT / "src", layers), container or "baluardo")
        text = document.read_text(encoding="utf-8")
        drawn = with_diagram(text, diagram)
        if drawn == text:
            continue
        if words:
            name = document.relative_to(ROOT)
            print(f"The diagram in {name} is stale: run `make format`.", file=sys.stderr)
            stale = True
        else:
            document.write_text(drawn, encoding="utf-8")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
