"""Turns what was chosen into a plan: documents, targets and their order."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.plan.nodes import (
    Condition,
    ContextVariable,
    Fetch,
    Flatten,
    OperationKind,
    PlanNode,
    Target,
)
from gateway.plan.shape import ALWAYS
from gateway.planner.choice import Choice
from gateway.planner.conditions import any_of, within
from gateway.planner.documents import SelectionWriter
from gateway.planner.fetch_graph import Request, in_line, requests_of
from gateway.planner.inputs import context_sources, path_to, representations
from gateway.planner.send_together import send_together
from gateway.planner.state import Step, View
from gateway.planner.world import World
from gateway.spec.names import ENTITIES
from gateway.supergraph.model import ContextArgument


@dataclass(slots=True, kw_only=True)
class Emitter:
    """Emits one operation. `definitions` are its variables as text, without directives."""

    world: World
    kind: OperationKind
    operation_name: str | None
    definitions: Mapping[str, str]
    number: int = 0

    def nodes(self, choice: Choice) -> dict[int, PlanNode]:
        """The node for each part of one choice that needs a request; part 0 is the first answer."""
        by_part: dict[int, list[Request]] = {}
        for request in requests_of(send_together(choice.steps)):
            by_part.setdefault(request.steps[0].part, []).append(request)
        nodes = {part: in_line(by_part[part], self._request) for part in sorted(by_part)}
        return {part: node for part, node in nodes.items() if node is not None}

    def _request(self, request: Request) -> PlanNode:
        view = request.steps[0].view
        keyless = any(entry.landing is None for entry in view.entries)
        if not view.is_jump:
            node: PlanNode = self._root(request.steps[0])
        elif keyless:
            node = self._anew(request.steps[0])
        else:
            node = self._entities(request.steps)
        when = any_of(step.view.when for step in request.steps)
        return node if when == ALWAYS else Condition(when=when, node=node)

    def _root(self, step: Step) -> Fetch:
        writer = SelectionWriter(self.world)
        selection = writer.of_root(step.view)
        roots = tuple(sorted(unit.key for unit in step.view.chosen))
        return self._fetch(step, self.kind, selection, writer, roots=roots)

    def _anew(self, step: Step) -> Flatten:
        """Objects of the query type, asked for in another subgraph from its root."""
        writer = SelectionWriter(self.world)
        fetch = self._fetch(step, "query", writer.of_root(step.view), writer)
        target = Target(
            path=path_to(step.view.level), response_key="", variable="", representations=()
        )
        return Flatten(targets=(target,), fetch=fetch)

    def _entities(self, steps: tuple[Step, ...]) -> Flatten:
        handed = self._handed_down(steps)
        writer = SelectionWriter(self.world, handed)
        single = len(steps) == 1
        targets, selections = [], []
        common = any_of(step.view.when for step in steps)
        for number, step in enumerate(steps):
            key = ENTITIES if single else f"{self.world.prefix}{number}{ENTITIES}"
            variable = self._free_variable("representations" if single else f"of{number}")
            targets.append(
                Target(
                    path=path_to(step.view.level),
                    response_key=key,
                    variable=variable,
                    representations=representations(self.world, step.view),
                    contexts=self._contexts(step.view, handed),
                    when=within(step.view.when, common),
                )
            )
            alias = "" if single else f"{key}: "
            call = f"{alias}{ENTITIES}(representations: ${variable})"
            selections.append(f"{call} {writer.of_entities(step.view)}")
        variables = {target.variable: "[_Any!]!" for target in targets}
        variables |= {name: argument.type_text for argument, name in handed.items()}
        selection = f"{{ {' '.join(selections)} }}"
        fetch = self._fetch(steps[0], "query", selection, writer, entities=variables)
        return Flatten(targets=tuple(targets), fetch=fetch)

    def _handed_down(self, steps: tuple[Step, ...]) -> dict[ContextArgument, str]:
        """The arguments that contexts fill, each with its variable; same values share one."""
        names: dict[tuple[object, ...], str] = {}
        found: dict[ContextArgument, str] = {}
        for wanted in (each for step in steps for each in step.view.contexts):
            argument = wanted.argument
            value = argument.context, argument.selection, argument.type_text
            name = names.setdefault(value, self._free_variable(f"from{len(names)}"))
            found[argument] = name
        return found

    def _contexts(
        self, view: View, names: Mapping[ContextArgument, str]
    ) -> tuple[ContextVariable, ...]:
        found = {
            names[each.argument]: ContextVariable(
                variable=names[each.argument],
                non_null=each.argument.type.non_null[0],
                sources=context_sources(self.world, view, each),
            )
            for each in view.contexts
        }
        return tuple(found.values())

    def _free_variable(self, name: str) -> str:
        while name in self.definitions:
            name = f"{self.world.prefix}_{name}"
        return name

    def _fetch(
        self,
        step: Step,
        kind: OperationKind,
        selection: str,
        writer: SelectionWriter,
        *,
        roots: tuple[str, ...] = (),
        entities: Mapping[str, str] | None = None,
    ) -> Fetch:
        used = tuple(name for name in self.definitions if name in writer.variables)
        declared = [f"${name}: {type_}" for name, type_ in (entities or {}).items()]
        declared += [self.definitions[name] for name in used]
        head = f"({', '.join(declared)})" if declared else ""
        name = self._name(step)
        document = f"{kind} {name or ''}{head} {selection}".replace("  ", " ")
        if kind == "query" and not name and not head:
            document = selection
        return Fetch(
            subgraph=step.subgraph,
            kind=kind,
            document=document,
            operation_name=name,
            variables=used,
            roots=roots,
        )

    def _name(self, step: Step) -> str | None:
        if self.operation_name is None:
            return None
        subgraph = "".join(each if each.isalnum() else "_" for each in step.subgraph)
        self.number += 1
        return f"{self.operation_name}__{subgraph}__{self.number - 1}"
