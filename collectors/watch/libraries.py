"""Which functions of which libraries read and write, and where they are told what. Standard library alone."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from .duck import files_of
from .imports import Patch
from .notes import READ, WRITE, now_ms
from .wraps import Targets, Wrapper, argument

_FIRST = (
    "filepath_or_buffer",
    "path",
    "path_or_buf",
    "io",
    "source",
    "path_or_buffer",
    "file",
    "where",
    "filename",
    "f",
)
_OWN = argument(1, *_FIRST, "excel_writer", "fname", "workbook", "buf", "root_path", "base_dir", "target")
"""Of a method: the first argument behind ``self``."""

_PANDAS = (
    "read_csv read_table read_fwf read_parquet read_feather read_orc read_json read_excel read_hdf read_pickle "
    "read_stata read_sas read_spss read_xml"
)
_PANDAS_WRITE = (
    "to_csv to_parquet to_feather to_orc to_json to_excel to_hdf to_pickle to_stata to_xml to_html to_markdown to_latex"
)
_POLARS = (
    "read_csv read_parquet read_ipc read_ipc_stream read_ndjson read_json read_avro read_excel read_delta "
    "read_csv_batched scan_csv scan_parquet scan_ipc scan_ndjson scan_delta"
)
_POLARS_WRITE = (
    "write_csv write_parquet write_ipc write_ipc_stream write_ndjson write_json write_avro write_excel write_delta"
)
_POLARS_SINK = "sink_parquet sink_csv sink_ipc sink_ndjson sink_delta"
_DUCK_SQL = "sql execute query from_query"
_DUCK_READ = "read_csv read_parquet read_json from_csv_auto from_parquet"
_DUCK_WRITE = "write_csv to_csv write_parquet to_parquet"
_SETS = (
    "load_iris load_digits load_wine load_breast_cancer load_diabetes load_linnerud load_sample_images "
    "fetch_california_housing fetch_covtype fetch_kddcup99 fetch_lfw_pairs fetch_lfw_people fetch_olivetti_faces "
    "fetch_rcv1 fetch_species_distributions fetch_20newsgroups fetch_20newsgroups_vectorized"
)
_FLAVORS = (
    "pyfunc sklearn xgboost lightgbm catboost pytorch tensorflow keras onnx spacy transformers statsmodels prophet "
    "sentence_transformers langchain spark paddle"
)


def patches(wrapper: Wrapper, before_mlflow: Callable[[], None] | None = None) -> dict[str, Patch]:
    """Module -> what to do to it once it is imported. ``before_mlflow`` is called when mlflow has come."""

    def of(patch: Callable[[Wrapper, ModuleType], None]) -> Patch:
        return functools.partial(patch, wrapper)

    found: dict[str, Patch] = {
        "pandas": of(_pandas),
        "polars": of(_polars),
        "pyarrow": of(_arrow),
        "pyarrow.parquet": of(_arrow_parquet),
        "pyarrow.csv": of(_arrow_csv),
        "pyarrow.json": of(_arrow_json),
        "pyarrow.orc": of(_arrow_orc),
        "pyarrow.feather": of(_arrow_feather),
        "pyarrow.dataset": of(_arrow_dataset),
        "duckdb": of(_duckdb),
        "sklearn.datasets": of(_sklearn),
        "torch": of(_torch),
        "torch.jit": of(_torch_jit),
        "safetensors": of(_safetensors),
        "safetensors.numpy": of(_safetensors_files),
        "safetensors.torch": of(_safetensors_files),
        "mlflow.artifacts": of(_mlflow_artifacts),
    }
    found |= {f"mlflow.{flavor}": of(_mlflow_flavor) for flavor in _FLAVORS.split()}
    if before_mlflow is not None:
        found["mlflow"] = functools.partial(_call, before_mlflow)
    return found


def _call(act: Callable[[], None], _module: ModuleType) -> None:
    act()


def _each(wrapper: Wrapper, module: ModuleType, names: str, operation: str, targets: Any, owner: str = "") -> None:
    for name in names.split():
        wrapper.wrap(module, f"{owner}.{name}" if owner else name, operation, targets)


def _pandas(wrapper: Wrapper, module: ModuleType) -> None:
    _each(wrapper, module, _PANDAS, READ, argument(0, *_FIRST))
    for owner in ("DataFrame", "Series"):
        _each(wrapper, module, _PANDAS_WRITE, WRITE, _OWN, owner)


def _polars(wrapper: Wrapper, module: ModuleType) -> None:
    _each(wrapper, module, _POLARS, READ, argument(0, *_FIRST))
    _each(wrapper, module, _POLARS_WRITE, WRITE, _OWN, "DataFrame")
    _each(wrapper, module, _POLARS_SINK, WRITE, _OWN, "LazyFrame")


def _arrow(wrapper: Wrapper, module: ModuleType) -> None:
    wrapper.wrap(module, "memory_map", READ, argument(0, "path"))


def _arrow_parquet(wrapper: Wrapper, module: ModuleType) -> None:
    _each(wrapper, module, "read_table read_pandas read_metadata read_schema", READ, argument(0, "source", "where"))
    wrapper.wrap(module, "ParquetFile.__init__", READ, _OWN, by="pyarrow.ParquetFile")
    wrapper.wrap(module, "ParquetDataset.__init__", READ, argument(1, "path_or_paths"), by="pyarrow.ParquetDataset")
    wrapper.wrap(module, "write_table", WRITE, argument(1, "where"))
    wrapper.wrap(module, "ParquetWriter.__init__", WRITE, argument(1, "where"), by="pyarrow.ParquetWriter")
    wrapper.wrap(module, "write_to_dataset", WRITE, argument(1, "root_path"))


def _arrow_csv(wrapper: Wrapper, module: ModuleType) -> None:
    _each(wrapper, module, "read_csv open_csv", READ, argument(0, "input_file"))
    wrapper.wrap(module, "write_csv", WRITE, argument(1, "output_file"))


def _arrow_json(wrapper: Wrapper, module: ModuleType) -> None:
    _each(wrapper, module, "read_json open_json", READ, argument(0, "input_file"))


def _arrow_orc(wrapper: Wrapper, module: ModuleType) -> None:
    wrapper.wrap(module, "read_table", READ, argument(0, "source"))
    wrapper.wrap(module, "write_table", WRITE, argument(1, "where"))


def _arrow_feather(wrapper: Wrapper, module: ModuleType) -> None:
    _each(wrapper, module, "read_feather read_table", READ, argument(0, "source"))
    wrapper.wrap(module, "write_feather", WRITE, argument(1, "dest"))


def _arrow_dataset(wrapper: Wrapper, module: ModuleType) -> None:
    _each(wrapper, module, "dataset parquet_dataset", READ, argument(0, "source", "metadata_path"))
    wrapper.wrap(module, "write_dataset", WRITE, argument(1, "base_dir"))


def _duckdb(wrapper: Wrapper, module: ModuleType) -> None:
    for owner in ("", "DuckDBPyConnection"):
        place = 1 if owner else 0
        for name in _DUCK_SQL.split():
            _statement(wrapper, module, f"{owner}.{name}" if owner else name, place)
        targets = argument(place, "path_or_buffer", "file_glob", "file_globs", "name")
        _each(wrapper, module, _DUCK_READ, READ, targets, owner)
    _each(wrapper, module, _DUCK_WRITE, WRITE, argument(1, "file_name"), "DuckDBPyRelation")


def _statement(wrapper: Wrapper, module: ModuleType, name: str, place: int) -> None:
    """Wrap what runs SQL: one statement may read and write."""
    sql, given = argument(place, "query", "sql"), argument(place + 1, "parameters", "params")

    def read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Any]:
        found, written = files_of(*_one(sql, args, kwargs), *_one(given, args, kwargs))
        wrapper.note(WRITE, written, "duckdb.COPY", now_ms())
        return found

    wrapper.wrap(module, name, READ, read)


def _always(told: str) -> Targets:
    return lambda _args, _kwargs: (told,)


def _one(targets: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any]:
    return (next(iter(targets(args, kwargs)), None),)


def _sklearn(wrapper: Wrapper, module: ModuleType) -> None:
    version = str(getattr(__import__("sklearn"), "__version__", ""))
    for name in _SETS.split():
        address = f"sklearn:datasets/{name.partition('_')[2]}@{version}"
        wrapper.wrap(module, name, READ, _always(address), quiet=True)

    def openml(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Any]:
        named = (args[0] if args else None) or kwargs.get("name") or kwargs.get("data_id")
        told = kwargs.get("version", args[1] if len(args) > 1 else "active")
        return (f"openml:{named}@{told}",) if kwargs.get("data_id") is None else (f"openml:{kwargs['data_id']}",)

    wrapper.wrap(module, "fetch_openml", READ, openml, quiet=True)


def _torch(wrapper: Wrapper, module: ModuleType) -> None:
    wrapper.wrap(module, "save", WRITE, argument(1, "f"))
    wrapper.wrap(module, "load", READ, argument(0, "f"))


def _torch_jit(wrapper: Wrapper, module: ModuleType) -> None:
    wrapper.wrap(module, "save", WRITE, argument(1, "f"), by="torch.jit.save")
    wrapper.wrap(module, "load", READ, argument(0, "f"), by="torch.jit.load")


def _safetensors(wrapper: Wrapper, module: ModuleType) -> None:
    wrapper.wrap(module, "safe_open", READ, argument(0, "filename"))
    wrapper.wrap(module, "serialize_file", WRITE, argument(1, "filename"))


def _safetensors_files(wrapper: Wrapper, module: ModuleType) -> None:
    wrapper.wrap(module, "load_file", READ, argument(0, "filename"))
    wrapper.wrap(module, "load_model", READ, argument(1, "filename"))
    _each(wrapper, module, "save_file save_model", WRITE, argument(1, "filename"))


def _mlflow_flavor(wrapper: Wrapper, module: ModuleType) -> None:
    flavor = module.__name__.rpartition(".")[2]
    told = f"mlflow.{flavor}.load_model"
    wrapper.wrap(module, "load_model", READ, _model("model_uri"), by=told, quiet=True)


def _mlflow_artifacts(wrapper: Wrapper, module: ModuleType) -> None:
    targets = _model("artifact_uri")
    wrapper.wrap(module, "download_artifacts", READ, targets, by="mlflow.download_artifacts", quiet=True)


def _model(name: str) -> Any:
    """The first argument; an alias, a stage or ``latest`` of a registry as the version it stands for now."""
    given = argument(0, name)

    def found(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Any]:
        return tuple(_version(uri) if isinstance(uri, str) else uri for uri in given(args, kwargs))

    return found


def _version(uri: str) -> str:
    match = re.fullmatch(r"models:/+([^/@]+)(@[^/]+|/[^/]+)/?", uri)
    if match is None or match[2][1:].isdigit():
        return uri
    try:
        from mlflow import MlflowClient

        client = MlflowClient()
        if match[2][0] == "@":
            told = client.get_model_version_by_alias(match[1], match[2][1:])
        else:
            stages = [] if match[2].lower() == "/latest" else [match[2][1:]]
            told = max(client.get_latest_versions(match[1], stages), key=lambda one: int(one.version))
        return f"models:/{match[1]}/{told.version}"
    except Exception:  # whoever loads it is told by MLflow
        return uri
