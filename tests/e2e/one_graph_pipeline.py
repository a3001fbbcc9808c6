"""The pipeline of test_one_graph.py: trains on an imported table, logs to MLflow, registers the model.

Compiled by its test: ``python tests/e2e/one_graph_pipeline.py TARGET``.
"""

# mypy: ignore-errors

import sys

from kfp import compiler, dsl
from kfp.dsl import Dataset, Input

PACKAGES = ["mlflow-skinny==3.17.2", "pandas==3.1.1", "pyarrow==25.0.1", "scikit-learn==1.9.1", "skops==0.16.0"]


@dsl.component(base_image="python:3.11", packages_to_install=PACKAGES)
def train(table: Input[Dataset], tracking: str, name: str) -> float:
    """Fit a model, log it as any code that knows MLflow does, call its first version the champion."""
    import mlflow
    import pandas
    from sklearn.linear_model import LogisticRegression

    mlflow.set_tracking_uri(tracking)
    mlflow.set_experiment("churn")
    rows = pandas.read_parquet(table.path)
    model = LogisticRegression().fit(rows[["usage"]], rows["left"])
    accuracy = float(model.score(rows[["usage"]], rows["left"]))
    with mlflow.start_run():
        mlflow.log_param("rows", len(rows))
        mlflow.log_metric("accuracy", accuracy)
        mlflow.sklearn.log_model(model, name="model", registered_model_name=name)
    mlflow.MlflowClient().set_registered_model_alias(name, "champion", "1")
    return accuracy


@dsl.pipeline(name="churn")
def churn(table: str, tracking: str, name: str):
    """Import, train."""
    found = dsl.importer(artifact_uri=table, artifact_class=Dataset, reimport=False)
    train(table=found.output, tracking=tracking, name=name)


if __name__ == "__main__":
    compiler.Compiler().compile(churn, sys.argv[1])
