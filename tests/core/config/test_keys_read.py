"""Every configuration key is read by some room: a key that nothing reads is a promise that nothing keeps."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import fields, is_dataclass
from typing import get_type_hints

from gwkeras.core.config import tree
from gwkeras.core.config.values import section_of

SECTIONS = {name: each for name, each in vars(tree).items() if is_dataclass(each) and name.endswith("Config")}
OWN = {"tree.py", "values.py", "yaml_file.py", "documents.py"}


class Reads(ast.NodeVisitor):
    """Keys read in one module. A name stands for a section where it is annotated as one, or assigned from or looped over one."""

    def __init__(self) -> None:
        self.names: dict[str, set[str]] = defaultdict(set)
        self.keys: set[tuple[str, str]] = set()

    def sections(self, node: ast.AST | None) -> set[str]:
        """Sections that an expression may be."""
        if isinstance(node, ast.Name):
            return self.names[node.id]
        if isinstance(node, ast.Attribute):
            inner = {self.hint(section, node.attr) for section in self.sections(node.value)} - {None}
            return inner or self.names[f".{node.attr}"]
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            return {"Config"} if name in ("load_config", "from_dict") else set().union(*map(self.sections, node.args))
        if isinstance(node, (ast.Tuple, ast.List, ast.BoolOp, ast.IfExp, ast.Starred, ast.Subscript, ast.BinOp, ast.NamedExpr)):
            return set().union(*(self.sections(child) for child in ast.iter_child_nodes(node)))
        return set()

    @staticmethod
    def hint(section: str, key: str) -> str | None:
        inner = section_of(get_type_hints(SECTIONS[section]).get(key, int))
        return inner.__name__ if inner else None

    def learn(self, target: ast.AST, sections: set[str]) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] |= sections
        elif isinstance(target, ast.Attribute):
            self.names[f".{target.attr}"] |= sections
        elif isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self.learn(each, sections)

    def annotated(self, name: str, annotation: ast.AST | None) -> None:
        if annotation is not None:
            found = {word for word in SECTIONS if word in ast.unparse(annotation).replace("[", " ").replace("|", " ").split()}
            self.names[name] |= found
            self.names[f".{name}"] |= found

    def visit_arg(self, node: ast.arg) -> None:
        self.annotated(node.arg, node.annotation)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.annotated(getattr(node.target, "id", getattr(node.target, "attr", "")), node.annotation)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        values = node.value.elts if isinstance(node.value, ast.Tuple) else None
        for target in node.targets:
            if values and isinstance(target, ast.Tuple) and len(target.elts) == len(values):
                for each, value in zip(target.elts, values, strict=True):
                    self.learn(each, self.sections(value))
            else:
                self.learn(target, self.sections(node.value))
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self.learn(node.target, self.sections(node.iter))
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.learn(node.target, self.sections(node.iter))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self.keys |= {(section, node.attr) for section in self.sections(node.value)}
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
            texts = {leaf.value for leaf in ast.walk(node.args[1]) if isinstance(leaf, ast.Constant)}
            self.keys |= {(section, text) for section in self.sections(node.args[0]) for text in texts}
        self.generic_visit(node)


def keys_read(root) -> set[tuple[str, str]]:
    """(section, key) read anywhere but where the configuration itself is built."""
    keys: set[tuple[str, str]] = set()
    for package in ("gwkeras", "tfrecords_build"):
        for path in (root / package).rglob("*.py"):
            if not (path.parent.name == "core" and path.name in OWN):
                module, reads = ast.parse(path.read_text(encoding="utf-8")), Reads()
                for _ in range(2):  # a comprehension's name is bound after its first use
                    reads.visit(module)
                keys |= reads.keys
    return keys


def test_reads_are_followed_through_names_annotations_and_loops():
    reads, code = (
        Reads(),
        ast.parse("""
def build(config: Config, split: SplitConfig | None):
    data, epochs = config.data, config.training.epochs
    for source in (data.gwsa, *data.climate):
        print(source.units, other.kind)
    return split.seed, [static.kind for static in data.static]
"""),
    )
    for _ in range(2):
        reads.visit(code)
    assert {f"{section}.{key}" for section, key in reads.keys} == {
        "Config.data",
        "Config.training",
        "TrainingConfig.epochs",
        "SplitConfig.seed",
        "DataConfig.gwsa",
        "DataConfig.climate",
        "DataConfig.static",
        "SourceConfig.units",
        "SourceConfig.kind",
    }


def test_every_key_is_read(project_root):
    keys = {(name, field.name) for name, section in SECTIONS.items() for field in fields(section)}
    unread = sorted(f"{section}.{key}" for section, key in keys - keys_read(project_root))
    assert not unread
