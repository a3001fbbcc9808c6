"""A synthetic record of ML lineage, as arrays: pipelines run again and again, steps that read and write artifacts.

Shape: artifacts 1..A and executions 1..E; edges as three parallel arrays sorted by (execution, type, artifact).
Model: runs of 3 to 12 steps belong to pipelines of Zipf-distributed popularity; a step reads 1 to 5 artifacts (most
from its own run, some from shared data sets of skewed popularity, a few from other runs) and writes 1 to 3; one
pipeline in seven warm-starts: its training step reads the model of the run before, which makes deep chains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DATASET, EXAMPLES, STATISTICS, MODEL, METRICS, STEP = 1, 2, 4, 3, 10, 11
INPUT, OUTPUT = 3, 4
EDGES_PER_RUN = 27.2
START_MS = 1_600_000_000_000


@dataclass(frozen=True, slots=True)
class Lineage:
    """One generated record."""

    artifact_types: np.ndarray
    """Type of artifact i + 1."""
    executions: int
    event_execution: np.ndarray
    event_type: np.ndarray
    event_artifact: np.ndarray

    @property
    def artifacts(self) -> int:
        return len(self.artifact_types)

    @property
    def edges(self) -> int:
        return len(self.event_execution)


def generate(edges: int, seed: int = 7) -> Lineage:
    """About ``edges`` events, the same for the same seed."""
    rng = np.random.default_rng(seed)
    runs = max(8, int(edges / EDGES_PER_RUN))
    steps = rng.integers(3, 13, runs)
    first_step = np.concatenate([[0], np.cumsum(steps)])
    run_of = np.repeat(np.arange(runs), steps)
    position = np.arange(first_step[-1]) - first_step[run_of]

    datasets = max(16, runs // 12)
    written = rng.choice([1, 2, 3], len(run_of), p=[0.6, 0.28, 0.12])
    first_output = datasets + np.concatenate([[0], np.cumsum(written)])
    output_execution = np.repeat(np.arange(len(run_of)), written)
    output_artifact = np.arange(datasets, first_output[-1])

    inputs = _inputs(rng, run_of, first_step, first_output, datasets)
    warm = _warm_starts(rng, steps, first_step, first_output)
    pairs = np.unique(
        np.concatenate([inputs[0], warm[0]]) * np.int64(first_output[-1]) + np.concatenate([inputs[1], warm[1]])
    )
    input_execution, input_artifact = np.divmod(pairs, np.int64(first_output[-1]))

    execution = np.concatenate([input_execution, output_execution])
    artifact = np.concatenate([input_artifact, output_artifact])
    kind = np.repeat(np.array([INPUT, OUTPUT], np.uint8), [len(input_execution), len(output_execution)])
    order = np.argsort(execution * 2 + (kind == OUTPUT), kind="stable")
    return Lineage(
        _types(datasets, steps, run_of, position, first_output, output_execution),
        len(run_of),
        execution[order] + 1,
        kind[order],
        artifact[order] + 1,
    )


def _inputs(rng, run_of, first_step, first_output, datasets):  # type: ignore[no-untyped-def]
    read = rng.choice([1, 2, 3, 4, 5], len(run_of), p=[0.3, 0.3, 0.2, 0.12, 0.08])
    execution = np.repeat(np.arange(len(run_of)), read)
    begin, here = first_output[first_step[run_of[execution]]], first_output[execution]
    dice = rng.random(len(execution))
    recent = begin + (np.sqrt(rng.random(len(execution))) * (here - begin)).astype(np.int64)
    shared = (datasets * rng.random(len(execution)) ** 4).astype(np.int64)
    other_run = np.maximum(0, begin - 1 - (rng.random(len(execution)) * np.minimum(begin, 200_000)).astype(np.int64))
    artifact = np.where((here > begin) & (dice < 0.8), recent, np.where(dice < 0.985, shared, other_run))
    return execution, artifact


def _warm_starts(rng, steps, first_step, first_output):  # type: ignore[no-untyped-def]
    runs = len(steps)
    pipelines = max(4, int(runs**0.75))
    weight = 1 / np.arange(1, pipelines + 1) ** 0.9
    pipeline = rng.choice(pipelines, runs, p=weight / weight.sum())
    warm = rng.random(pipelines) < 0.15
    warm[[0, 3]] = True
    by_pipeline = np.argsort(pipeline, kind="stable")
    follows = pipeline[by_pipeline][1:] == pipeline[by_pipeline][:-1]
    now, before = by_pipeline[1:][follows], by_pipeline[:-1][follows]
    chosen = warm[pipeline[now]] & (rng.random(len(now)) > 0.00005)
    now, before = now[chosen], before[chosen]
    training = first_step[now] + steps[now] - 2
    return training, first_output[first_step[before] + steps[before] - 2]


def _types(datasets, steps, run_of, position, first_output, output_execution):  # type: ignore[no-untyped-def]
    nth = np.arange(datasets, first_output[-1]) - first_output[output_execution]
    left = (steps[run_of] - 1 - position)[output_execution]
    types = np.where(nth == 1, STATISTICS, EXAMPLES)
    types[(nth == 0) & (left == 1)] = MODEL
    types[(nth == 0) & (left == 0)] = METRICS
    return np.concatenate([np.full(datasets, DATASET), types]).astype(np.int32)
