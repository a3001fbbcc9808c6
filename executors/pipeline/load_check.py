"""What IR must fulfil as a whole before anything starts: names that exist, no circle, nothing given twice or never."""

from __future__ import annotations

from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import read
from clew.executors.pipeline.cel import names_in
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.load_task import task_output
from clew.executors.pipeline.placeholder import unresolvable

_LOST_ITEM = "The kfp compiler loses the outer loop's item in an inner loop: make the inner loop a pipeline of its own"

_UNRESOLVABLE = "Check the inputs and outputs the component declares, and that its SDK compiled every f-string"


def dag_parameter(place: Place, tasks: dict[str, ir.Task]) -> tuple[ir.TaskOutput, ...]:
    """Where an output parameter of a graph comes from: several places where it is that of whichever branch ran."""
    kind, source = place.one_of("valueFromParameter", "valueFromOneof")
    selectors = [source] if kind == "valueFromParameter" else list(source.need("parameterSelectors").elements())
    return tuple(_selected(selector, tasks, "outputParameterKey", "parameter") for selector in selectors)


def dag_artifact(place: Place, tasks: dict[str, ir.Task]) -> tuple[ir.TaskOutput, ...]:
    """Where an output artifact of a graph comes from."""
    selectors = list(place.need("artifactSelectors").elements())
    if not selectors:
        raise place.fail("the output names no task it comes from")
    return tuple(_selected(selector, tasks, "outputArtifactKey", "artifact") for selector in selectors)


def _selected(place: Place, tasks: dict[str, ir.Task], key: str, kind: str) -> ir.TaskOutput:
    output = task_output(place, key, "producerSubtask")
    _check_output(output, tasks, place, kind)
    return output


def check_words(container: ir.Container, inputs: ir.Interface, outputs: ir.Interface, place: Place) -> None:
    """Every placeholder in the command of a component stands for something. Errors: InvalidPipeline."""
    names_in, names_out = inputs.names, outputs.names
    for side in ("args",) if read(container) else ("command", "args"):  # the source of a function is no template
        for word in place.get(side).elements():
            if found := unresolvable(word.value, names_in, names_out):
                raise word.fail(f"the placeholder {found} stands for nothing here", _UNRESOLVABLE)


def check_task(task: ir.Task, tasks: dict[str, ir.Task], inputs: ir.Interface, place: Place) -> None:
    """Everything a task refers to is there, and everything its component needs is given.

    Errors: InvalidPipeline.
    """
    _check_parameters(task, tasks, inputs, place)
    _check_artifacts(task, tasks, inputs, place)
    _check_given(task, place)
    for name in names_in(task.condition):
        if name not in task.parameters:
            raise (
                place.get("triggerPolicy")
                .get("condition")
                .fail(f"the condition of task {task.name!r} names {name!r}, which is no input of it")
            )
    for other in task.after:
        if other not in tasks:
            raise place.get("dependentTasks").fail(f"task {task.name!r} waits for {other!r}, which is not there")


def _check_parameters(task: ir.Task, tasks: dict[str, ir.Task], inputs: ir.Interface, place: Place) -> None:
    for name, parameter in task.parameters.items():
        where = place.get("inputs").get("parameters").get(name)
        source = parameter.source
        if isinstance(source, ir.Constant) and (found := unresolvable(source.value, task.parameters)):
            raise where.fail(f"the placeholder {found} stands for nothing in task {task.name!r}", _UNRESOLVABLE)
        if isinstance(source, ir.TaskOutput):
            _check_output(source, tasks, where, "parameter")
        elif isinstance(source, ir.FinalStatus) and source.task not in tasks:
            raise where.fail(f"there is no task {source.task!r} beside this one")
        elif isinstance(source, ir.ComponentInput) and source.name not in inputs.parameters:
            raise where.fail(
                f"there is no input parameter {source.name!r} around task {task.name!r}",
                _LOST_ITEM if "loop-item" in name else "Compile the pipeline again with the kfp SDK",
            )


def _check_artifacts(task: ir.Task, tasks: dict[str, ir.Task], inputs: ir.Interface, place: Place) -> None:
    for name, artifact in task.artifacts.items():
        where = place.get("inputs").get("artifacts").get(name)
        if isinstance(artifact, ir.TaskOutput):
            _check_output(artifact, tasks, where, "artifact")
        elif artifact.name not in inputs.artifacts:
            raise where.fail(f"there is no input artifact {artifact.name!r} around task {task.name!r}")


def _check_given(task: ir.Task, place: Place) -> None:
    loop = task.loop
    if loop is not None and isinstance(loop.items, ir.Constant):
        names = {*task.parameters, *task.component.inputs.parameters}
        if found := unresolvable(loop.items.value, names):
            where = place.get("parameterIterator").get("items")
            raise where.fail(f"the placeholder {found} stands for nothing in the items of {task.name!r}", _UNRESOLVABLE)
    if loop is not None and isinstance(loop.items, ir.ComponentInput):
        given = task.artifacts if loop.artifacts else task.parameters
        if loop.items.name not in given:
            iterator = "artifactIterator" if loop.artifacts else "parameterIterator"
            raise place.get(iterator).fail(f"the loop's list {loop.items.name!r} is not an input of it")
    of_loop = {loop.item_input} if loop else set()
    for name, parameter in task.component.inputs.parameters.items():
        from_item = loop is not None and name.startswith(loop.item_input)
        # What a loop hands down may be one of the many names the compiler declares and does not fill.
        if not (parameter.optional or name in task.parameters or from_item or _loops_over_input(task)):
            raise place.fail(f"task {task.name!r} gives its component no {name!r}")
    for name, artifact in task.component.inputs.artifacts.items():
        if not (artifact.optional or name in task.artifacts or name in of_loop):
            raise place.fail(f"task {task.name!r} gives its component no artifact {name!r}")


def _loops_over_input(task: ir.Task) -> bool:
    return task.loop is not None and isinstance(task.loop.items, ir.ComponentInput)


def _check_output(output: ir.TaskOutput, tasks: dict[str, ir.Task], place: Place, kind: str) -> None:
    if output.task not in tasks:
        raise place.fail(f"there is no task {output.task!r} beside this one")
    outputs = tasks[output.task].component.outputs
    if output.key not in (outputs.parameters if kind == "parameter" else outputs.artifacts):
        raise place.fail(f"task {output.task!r} has no output {kind} {output.key!r}")


def in_order(tasks: dict[str, ir.Task], place: Place) -> dict[str, ir.Task]:
    """``tasks`` so that each comes after those it waits for.

    Errors: InvalidPipeline where they wait in a circle.
    """
    waiting = {name: set(task.after) for name, task in tasks.items()}
    ordered: dict[str, ir.Task] = {}
    while ready := [name for name, after in waiting.items() if not after]:
        ordered |= {name: tasks[name] for name in ready}
        for name in ready:
            del waiting[name]
        for after in waiting.values():
            after.difference_update(ready)
    if waiting:
        raise place.fail(f"tasks wait for each other in a circle: {', '.join(sorted(waiting))}")
    return ordered
