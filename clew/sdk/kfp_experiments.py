"""The calls of ``kfp.Client`` for experiments."""

from __future__ import annotations

from clew.executors.runs.kept import EXPERIMENT_TYPE
from clew.metadata.change import Change
from clew.metadata.errors import NotFound, TypeNotFound
from clew.metadata.ids import Kind
from clew.metadata.node import Context, NodeType
from clew.sdk import kfp_answers as answers
from clew.sdk.kfp_connected import Connected, newest_first, refuse


class Experiments(Connected):
    """What runs belong to. An experiment's id is its name."""

    def create_experiment(
        self, name: str, description: str | None = None, namespace: str | None = None
    ) -> answers.Experiment:
        """The experiment of that name, made where it is not there."""
        change = Change(actor=self._settings.author, namespace=namespace or self._settings.namespace)
        type = change.type(NodeType(Kind.CONTEXT, EXPERIMENT_TYPE))
        told = {"description": description} if description else {}
        change.context(type, name=name, custom_properties=told, reuse="name")
        self._client.commit(change)
        return self.get_experiment(experiment_name=name, namespace=namespace)

    def get_experiment(
        self,
        experiment_id: str | None = None,
        experiment_name: str | None = None,
        namespace: str | None = None,
    ) -> answers.Experiment:
        """The experiment of that name, which is its id. Errors: NotFound."""
        name = experiment_id or experiment_name or ""
        found = self._client.find(Kind.CONTEXT, EXPERIMENT_TYPE, name, namespace or self._settings.namespace)
        if not isinstance(found, Context):
            raise NotFound(
                f"there is no experiment {name!r}", field="experiment", value=name, remedy="Make it: create_experiment"
            )
        return answers.experiment_answer(found)

    def list_experiments(
        self,
        page_token: str = "",
        page_size: int = 10,
        sort_by: str = "",
        namespace: str | None = None,
        filter: str | None = None,
    ) -> answers.ListExperiments:
        """A page of experiments, newest first."""
        newest_first(sort_by)
        refuse(filter=filter)
        try:
            page = self._client.nodes(
                Kind.CONTEXT,
                type=EXPERIMENT_TYPE,
                namespace=namespace,
                descending=True,
                after=page_token or None,
                limit=page_size,
            )
        except TypeNotFound:  # none was ever made
            return answers.ListExperiments([], 0, "")
        found = [answers.experiment_answer(node) for node in page.items if isinstance(node, Context)]
        return answers.ListExperiments(found, page.total, page.next_cursor or "")
