"""Before a task runs: bind its inputs, fingerprint it, and look whether it has to run at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from clew.executors import marks
from clew.executors.cache import Cache, Decision
from clew.executors.claims import Claim
from clew.executors.engine import Engine
from clew.executors.fetched import Fetched
from clew.executors.fingerprint import Fingerprint, fingerprint
from clew.executors.hashed import Hashed
from clew.executors.images import Resolve, as_written
from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import Lightweight, name, read, runs_here
from clew.executors.pipeline.capacity import Capacity
from clew.executors.pipeline.cluster import CREATE_CLAIM, STAND_INS, Bound, Cluster, resolve
from clew.executors.pipeline.demand import demand_of
from clew.executors.pipeline.environment import Environment, Environments
from clew.executors.pipeline.held import Held, Values, from_record
from clew.executors.pipeline.imaged import python_of, why_image
from clew.executors.pipeline.importer import bring, known
from clew.executors.pipeline.key import key_of
from clew.executors.pipeline.placeholder import fill_run
from clew.executors.pipeline.recorder import CONTAINER, IMPORTER, RESOLVER, Doing, Done, component_context, now_ms
from clew.executors.pipeline.resolver import find
from clew.executors.pipeline.resources import NO_DEMAND, NOTHING, Demand
from clew.executors.pipeline.reuse import rules_kept, usable_by
from clew.executors.pipeline.status import in_the_words_of
from clew.executors.pipeline.task_config import task_config
from clew.executors.pipeline.unfold import Node, given_to, inputs_of
from clew.executors.policy import AllOf, MaxAge, Never
from clew.executors.protocol import CachePolicy
from clew.executors.rules import Rulebook, Rules, of_mode
from clew.metadata.errors import SourceUnreachable, StepFailed, SubmitFailed
from clew.metadata.node import Execution
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState
from clew.metadata.value import Value

if TYPE_CHECKING:
    from clew.executors.pipeline.step import Step
    from clew.executors.runs.adopt import Adopter


_BUILDS_S = 0.5


@dataclass(frozen=True, slots=True)
class ToRun:
    """A task that has to run."""

    step: Step
    doing: Doing
    claim: Claim | None


class NotHere(SubmitFailed):
    """What a run would fetch or build first is not here, and must not be."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another thread or process computes the same right now: ask again."""

    again_s: float = 0.05


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides for the tasks of one run. Safe for several threads."""

    record: Record
    cache: Cache
    hashed: Hashed
    environments: Environments
    policy: CachePolicy
    rulebook: Rulebook
    salt: str
    pipeline: str
    sdk_version: str
    namespace: str
    names: Mapping[str, str]
    timeout_s: float | None
    cluster: Cluster
    fetched: Fetched
    capacity: Capacity | None
    """What steps may ask for together; None where what they ask for does not count."""
    python: str
    """``here`` runs Python components on the Python that runs Clew, ``image`` on the version their image names."""
    engine: Engine | None
    """What runs the tasks that need their image; None: this machine."""
    preparing: Callable[[str], None]
    adopter: Adopter | None = None
    """Of a resumed run: what it takes over from the run before it."""
    pulls: bool = True
    """Whether an image that is not here may be fetched to know its digest."""
    resolve_image: Resolve = as_written
    """What stands for the image of a program that runs in it."""

    def decide(self, node: Node) -> Done | ToRun | Busy:
        """What becomes of ``node``.

        Errors: StepFailed, SubmitFailed when it cannot be started; Unavailable from the record.
        """
        return self.decide_with(node, inputs_of(node))

    def decide_with(self, node: Node, inputs: Values) -> Done | ToRun | Busy:
        """As :meth:`decide`, where the inputs are known from elsewhere."""
        body = node.task.component.body
        if isinstance(body, ir.Importer):
            return self._import(node, body, inputs)
        if isinstance(body, ir.Resolver):
            return self._resolve(node, body, inputs)
        assert isinstance(body, ir.Container)
        return self._container(node, body, inputs)

    # -- importers ------------------------------------------------------------------------------------

    def _import(self, node: Node, importer: ir.Importer, inputs: Values) -> Done:
        started = now_ms()
        output = next(iter(node.task.component.outputs.artifacts), "artifact")
        held = bring(importer, output, inputs.parameters, self.hashed.digest_of, self.fetched.sources)
        if importer.to_workspace:
            held = self._in_workspace(held, node)
        print_ = fingerprint(
            {"importer": importer.type, "address": held.uri, "metadata": held.metadata, "bytes": held.digest}
        )
        if (adopted := self._adopted(node, print_, inputs)) is not None:
            doing = self._doing(node, IMPORTER, inputs, print_, adopted, started, reusable=False)
            return Done(doing, ExecutionState.CACHED, _outputs(adopted))
        rules = self._rules(node, {})
        off = rules.unread
        state = ExecutionState.COMPLETE
        with self.record.read() as reader:
            same = None if importer.reimport or off else known(reader, held, self.namespace)
            refusal = ""
            if same is not None and held.digest is not None:
                origin = _maker(reader, same)
                refusal = self._refusal(reader.execution(origin), rules) if origin else "nothing made it"
                if origin and not refusal:
                    state = ExecutionState.CACHED
                    reason = f"the same bytes are artifact:{same.id} already"
                    decision = Decision("hit", reason, reader.execution(origin))
                else:
                    same = None
            if state is not ExecutionState.CACHED:
                why = off or refusal or ("the importer asks to import anew" if importer.reimport else "")
                why = why or ("" if held.digest else "the bytes at this address cannot be read from here")
                component = component_context(self.pipeline, node.task.component.name)
                decision = self.cache.miss(reader, print_, component, why, before=node.root_execution)
        doing = self._doing(node, IMPORTER, inputs, print_, decision, started, reusable=False)
        return Done(doing, state, Values(artifacts={output: [same or held]}))

    def _in_workspace(self, held: Held, node: Node) -> Held:
        """``held`` with a copy in the workspace. Errors: StepFailed when its bytes cannot be had."""
        try:
            source = held.path or (held.digest and self.fetched.sources.copy(held.uri, held.digest, held.file))
        except SourceUnreachable as error:
            raise StepFailed(error.message, field="uri", value=held.uri, remedy=error.remedy) from error
        if not source:
            raise StepFailed(
                f"{held.uri} cannot be brought to the workspace: this run does not look at addresses elsewhere",
                field="uri",
                value=held.uri,
                remedy="Pass --look identity or --look bytes",
            )
        return replace(held, copy=self.cluster.volumes.in_workspace(source, node.path))

    def _resolve(self, node: Node, resolver: ir.Resolver, inputs: Values) -> Done:
        started = now_ms()
        with self.record.read() as reader:
            found = {
                name: find(reader, query, self.pipeline, self.namespace, f"{node.path}.{name}")
                for name, query in resolver.queries.items()
            }
        outputs = Values(artifacts={name: [from_record(a) for a in items] for name, items in found.items()})
        print_ = fingerprint({"found": {name: [a.id for a in items] for name, items in found.items()}})
        decision = Decision("off", "a resolver looks each time")
        doing = self._doing(node, RESOLVER, inputs, print_, decision, started, reusable=False)
        return Done(doing, ExecutionState.COMPLETE, outputs)

    # -- containers -----------------------------------------------------------------------------------

    def _container(self, node: Node, container: ir.Container, inputs: Values) -> Done | ToRun | Busy:
        started = now_ms()
        if container.image in STAND_INS:
            return self._claim(node, container, inputs, started)
        bound = self.cluster.bind(container, node, inputs.parameters)
        demand, short = self._demand(node, container)
        engine = self.engine if self.engine is not None and why_image(container) else None
        lightweight = read(container)
        inputs = self._told(node, lightweight, inputs)
        named = lightweight is not None and bool(lightweight.packages.packages)
        python = python_of(container.image) if self.python == "image" else ""
        environment = None
        if lightweight and not engine and (named or python):
            environment = self._environment(lightweight, python)
            if environment is None:
                return Busy(_BUILDS_S)
        rules = self._rules(node, container.env)
        untracked = "" if node.task.caching.key else bound.untracked
        if node.task.is_exit:
            untracked = "it is told how another task ended, and does what it does in every run"
        if untracked:
            rules = rules.and_(Rules(unread=untracked, unwritten=untracked))
        print_ = self._fingerprint(node, container, lightweight, environment, inputs, rules, bound, engine)
        reusable = not rules.unwritten and not print_.unknown

        def doing(decision: Decision) -> Doing:
            extra = _image_and_pod(container) | rules_kept(rules, decision)
            if short and not decision.hit:
                extra["clew.short_of"] = short
            began = started if decision.hit else 0  # a step begins when it is its turn
            return self._doing(node, CONTAINER, inputs, print_, decision, began, reusable=reusable, extra=extra)

        if (adopted := self._adopted(node, print_, inputs)) is not None:
            return Done(doing(adopted), ExecutionState.CACHED, _outputs(adopted))
        with ExitStack() as undo:
            claim: Claim | None = None
            if not rules.off and not print_.unknown:
                decision = self._look_up(node, print_, rules, explained=not reusable)
                if not decision.hit and reusable and decision.outcome != "failed":
                    claim = self.cache.claim(print_.digest)
                    if claim is None:
                        return Busy()
                    undo.callback(claim.release)
                    decision = self._look_up(node, print_, rules, explained=True)  # it may have been finished meanwhile
                if decision.hit:
                    return Done(doing(decision), ExecutionState.CACHED, _outputs(decision))
                if decision.outcome == "failed":
                    reusable = False  # what it did not do again is not found again: the first failure ages
                    return Done(doing(decision), ExecutionState.FAILED, Values())
            else:
                decision = Decision("off", rules.off or print_.unknown)
            if lightweight and environment is None and engine is None:
                environment = self._environment(lightweight, python)
                if environment is None:
                    return Busy(_BUILDS_S)
            if short:
                self.preparing(f"{node.path} {short}: it is run with what there is")
            from clew.executors.pipeline.step import Step  # 4 ms that a run in which all is reused need not pay

            step = Step(
                node.task.component,
                container,
                lightweight if engine is None else None,
                environment,
                inputs.parameters,
                inputs.artifacts,
                node.folder,
                self._names(node),
                container.timeout_s if container.timeout_s is not None else self.timeout_s,
                bound,
                engine,
                demand,
                self.fetched,
            )
            undo.pop_all()
            return ToRun(step, doing(decision), claim)

    def _claim(self, node: Node, container: ir.Container, inputs: Values, started: int) -> Done:
        """What the driver of Kubeflow Pipelines does itself: make or delete a volume claim."""
        volumes, outputs = self.cluster.volumes, dict[str, Any]()
        print_ = fingerprint({"image": container.image, "parameters": inputs.parameters})
        extra = _image_and_pod(container)
        adopted = self._adopted(node, print_, inputs)
        if adopted and (container.image != CREATE_CLAIM or volumes.has(adopted.parameters.get("name"))):
            doing = self._doing(node, CONTAINER, inputs, print_, adopted, started, reusable=False, extra=extra)
            return Done(doing, ExecutionState.CACHED, _outputs(adopted))
        if container.image == CREATE_CLAIM:
            outputs = {"name": volumes.create_claim(inputs.parameters)}
        else:
            volumes.delete_claim(str(inputs.parameters.get("pvc_name")))
        decision = Decision("off", "a volume claim is made and deleted each time")
        doing = self._doing(node, CONTAINER, inputs, print_, decision, started, reusable=False, extra=extra)
        return Done(doing, ExecutionState.COMPLETE, Values(outputs))

    def _told(self, node: Node, lightweight: Lightweight | None, inputs: Values) -> Values:
        """Inputs, with what a step is told of other tasks (in the words it reads) and of its own settings."""
        component = node.task.component
        source = lightweight.source if lightweight else ""
        told = {}
        for key, spec in component.inputs.parameters.items():
            if spec.type is ir.ParameterType.FINAL_STATUS and isinstance(inputs.parameters.get(key), dict):
                told[key] = in_the_words_of(source, fill_run(inputs.parameters[key], self._names(node)))
            elif spec.type is ir.ParameterType.TASK_CONFIG and key not in inputs.parameters:
                told[key] = task_config(component, given_to(node), partial(resolve, frame=node.frame))
        return Values(inputs.parameters | told, inputs.artifacts) if told else inputs

    def _demand(self, node: Node, container: ir.Container) -> tuple[Demand, str]:
        """What the step may count on of the machine, and what it asks for beyond that. Errors: StepFailed."""
        if self.capacity is None or container.resources == NOTHING:
            return NO_DEMAND, ""
        return self.capacity.fitted(demand_of(container.resources, given_to(node)))

    def _environment(self, lightweight: Lightweight, python: str) -> Environment | None:
        """The Python for a step; None when another thread is building it."""
        packages = replace(lightweight.packages, python=python)
        by_address = any(not name(package) for package in packages.packages)  # the SDK itself may be among them
        if not packages.kfp and not by_address and self.sdk_version.startswith("kfp-"):
            packages = replace(packages, kfp=runs_here("kfp==" + self.sdk_version.removeprefix("kfp-")))
        return self.environments.try_provide(packages, self.preparing)

    def _look_up(self, node: Node, print_: Fingerprint, rules: Rules, *, explained: bool) -> Decision:
        component = component_context(self.pipeline, node.task.component.name) if explained else ""
        anew = self.adopter is not None and self.adopter.must_run(node.path)
        policy = Never("the task is to run again") if anew else self.policy
        if self.adopter is not None:  # who resumes or retries wants to know whether it fails still
            rules = replace(rules, failures_s=None)
        adapt = usable_by(node.task.component, self.cache.store)
        with self.record.read() as reader:
            return self.cache.lookup(
                reader, print_, policy, component, rules=rules, adapt=adapt, before=node.root_execution
            )

    def _rules(self, node: Node, environ: Mapping[str, str]) -> Rules:
        rules = self.rulebook.of(self.pipeline, (node.task.name, node.path, node.task.component.name), environ)
        if not node.task.caching.enabled:
            return of_mode("off", "for this task").and_(rules)
        component = component_context(self.pipeline, node.task.component.name)
        if rules.no_nondeterministic and component in self.cache.nondeterministic(self.record):
            rules = rules.and_(Rules(unread="the audit found its component to be non-deterministic"))
        return rules

    def _refusal(self, earlier: Execution, rules: Rules) -> str:
        """Why an importer's artifact is not taken as it is; empty when it is."""
        policy = self.policy if rules.max_age_s is None else AllOf(self.policy, MaxAge(rules.max_age_s))
        return marks.barred(earlier) or policy.refuses(earlier, now_ms())

    def _adopted(self, node: Node, print_: Fingerprint, inputs: Values) -> Decision | None:
        """What the run that is resumed made of the task, if it may be taken over."""
        return self.adopter.adopt(node, print_, inputs.artifacts) if self.adopter else None

    def _fingerprint(
        self,
        node: Node,
        container: ir.Container,
        lightweight: Lightweight | None,
        environment: Environment | None,
        inputs: Values,
        rules: Rules,
        bound: Bound,
        engine: Engine | None,
    ) -> Fingerprint:
        return key_of(
            node.task,
            container,
            lightweight,
            environment,
            inputs,
            image=self._image(container, lightweight, engine),
            salt=self.salt,
            ignored=rules.ignore,
            more=bound.parts,
        )

    def _image(self, container: ir.Container, lightweight: Lightweight | None, engine: Engine | None) -> str:
        """What stands for the image: of one that runs, the digest of what its tag names now, pulled if need be."""
        if engine is not None:
            if self.pulls:
                return engine.image_digest(container.image, pull=str(container.pod.hints.get("imagePullPolicy", "")))
            try:
                return engine.image_digest(container.image, pull="Never")
            except SubmitFailed as error:
                raise NotHere(error.message, field=error.field, value=error.value, remedy=error.remedy) from error
        return container.image if lightweight else self.resolve_image(container.image)

    def _names(self, node: Node) -> dict[str, str]:
        task = {
            "pipeline_task_name": node.task.name,
            "pipeline_task_uuid": f"{self.names['pipeline_job_uuid']}-{node.path}",
        }
        return dict(self.names) | task

    def _doing(
        self,
        node: Node,
        type: str,
        inputs: Values,
        print_: Fingerprint,
        decision: Decision,
        started: int,
        *,
        reusable: bool,
        extra: Mapping[str, Value] | None = None,
    ) -> Doing:
        return Doing(
            type=type,
            task=node.task.name,
            label=node.task.label,
            path=node.path,
            component=node.task.component.name,
            parent=node.frame.execution,
            parameters=inputs.parameters,
            artifacts=inputs.artifacts,
            iteration=node.frame.index,
            extra=extra or {},
            fingerprint=print_,
            decision=decision,
            reusable=reusable,
            started_ms=started,
        )


def _image_and_pod(container: ir.Container) -> dict[str, Value]:
    recorded = container.pod.recorded
    return {"image": container.image, "clew.pod": recorded} if recorded else {"image": container.image}


def _outputs(decision: Decision) -> Values:
    artifacts: dict[str, list[Held]] = {
        name: [from_record(artifact) for artifact in items] for name, items in decision.outputs.items()
    }
    return Values(decision.parameters, artifacts)


def _maker(reader: Reader, held: Held) -> int | None:
    """The execution that first brought an artifact in."""
    made = [e.execution_id for e in reader.events_of_artifacts([held.id]) if e.type is EventType.OUTPUT]
    return min(made, default=None)


def run_names(pipeline: ir.Pipeline, run: str, root: str) -> dict[str, str]:
    """What run-specific placeholders stand for."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "pipeline_job_name": pipeline.name,
        "pipeline_job_resource_name": f"{pipeline.name}-{run[:8]}",
        "pipeline_job_uuid": run,
        "pipeline_root": root,
        "pipeline_job_create_time_utc": created,
        "pipeline_job_schedule_time_utc": created,
    }
