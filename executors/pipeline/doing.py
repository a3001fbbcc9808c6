"""What is recorded when a graph, a loop or an iteration begins, and of what is not begun."""

from __future__ import annotations

from clew.executors.pipeline import ir
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.recorder import CONTAINER, DAG, IMPORTER, RESOLVER, Doing, Done, dag_extra
from clew.executors.pipeline.unfold import Frame, Node, inputs_of, is_triggered, items_of
from clew.metadata.errors import ExecutorError, Invalid
from clew.metadata.states import ExecutionState
from clew.metadata.value import Value

_TYPES = {"container": CONTAINER, "importer": IMPORTER, "resolver": RESOLVER, "dag": DAG}


def doing_graph(node: Node) -> Doing:
    """The beginning of a nested pipeline or of a loop as a whole."""
    return Doing(
        type=DAG,
        task=node.task.name,
        label=node.task.label,
        path=node.path,
        component=node.task.component.name,
        parent=node.frame.execution,
        parameters=node.inputs.parameters,
        iteration=node.frame.index,
        extra=dag_extra(node.task.component, len(node.items) if node.task.loop else None),
    )


def doing_failed(node: Node, error: str) -> Doing:
    """A task that failed before it began: its inputs, its environment or what it imports was not to be had."""
    return _not_begun(node, {"clew.error": error})


def doing_untriggered(node: Node) -> Doing:
    """A task whose condition is false: by KFP's convention an execution that was CANCELED."""
    return _not_begun(node, {"clew.condition": node.task.condition, "clew.skipped": "the condition is false"})


def _not_begun(node: Node, extra: dict[str, Value]) -> Doing:
    return Doing(
        type=_TYPES[node.kind],
        task=node.task.name,
        label=node.task.label,
        path=node.path,
        component=node.task.component.name,
        parent=node.frame.execution,
        parameters=node.inputs.parameters,
        iteration=node.frame.index,
        extra=extra,
    )


def failed(node: Node, error: str) -> Done:
    """The end of a task that could not be begun."""
    return Done(doing_failed(node, error), ExecutionState.FAILED, Values())


def not_to_begin(node: Node) -> Done | None:
    """The end of a task that is not begun: its condition is false, or its inputs are not to be had."""
    if not node.task.condition and node.kind != "dag":
        return None  # its inputs are bound by whoever decides on it
    try:
        node.inputs = inputs_of(node)
        if node.task.condition and not is_triggered(node):
            node.untriggered, node.message = True, f"its condition is false: {node.task.condition}"
            return Done(doing_untriggered(node), ExecutionState.CANCELED, Values())
        if node.task.loop is not None:
            node.items = items_of(node)
    except (ExecutorError, Invalid) as error:
        return failed(node, str(error))
    return None


def doing_iteration(frame: Frame) -> Doing:
    """The beginning of one iteration of a loop, with its item but not the whole list."""
    node = frame.parent
    assert node is not None
    assert node.task.loop is not None
    items = node.task.loop.items
    whole_list = items.name if isinstance(items, ir.ComponentInput) else ""  # every iteration would repeat it
    parameters = {name: value for name, value in frame.inputs.parameters.items() if name != whole_list}
    return Doing(
        type=DAG,
        task=node.task.name,
        label=node.task.label,
        path=frame.path,
        component=node.task.component.name,
        parent=node.execution or 0,
        parameters=parameters,
        iteration=frame.index,
        extra=dag_extra(node.task.component),
    )
