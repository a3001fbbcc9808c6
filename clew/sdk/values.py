"""Values that steps take and return, as bytes: JSON, bytes, numpy arrays, pandas frames, files. Never pickle.

Pickle is refused on purpose: reading one runs whatever its writer put there, and its bytes change with versions.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.metadata.errors import Corrupt, Invalid

JSON, BYTES, NPY, PARQUET, CSV, FILE = "json", "bytes", "npy", "parquet", "csv", "file"
REMEDY = (
    "Use None, bool, int, float, str, lists and dicts of these, bytes, numpy arrays, pandas frames, or a pathlib.Path "
    "to a file you wrote"
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as bytes, and what a reader gets back."""

    format: str
    data: bytes
    value: Any
    """The value as decoding gives it: a step returns this also when it has just run."""


def encode(value: Any, name: str) -> Encoded:
    """``value`` as bytes. Errors: Invalid, naming ``name``, for a kind that is not kept."""
    if isinstance(value, bytes | bytearray | memoryview):
        return Encoded(BYTES, bytes(value), bytes(value))
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}"
    if kind == "numpy.ndarray":
        return _array(value, name)
    if kind == "pandas.DataFrame":
        return _frame(value, name)
    text = json.dumps(to_json(value, name), separators=(",", ":"), sort_keys=True)
    return Encoded(JSON, text.encode(), json.loads(text))


def decode(format: str, data: bytes) -> Any:
    """The value. Errors: Corrupt for a format this Clew does not know."""
    if format == JSON:
        return json.loads(data)
    if format == BYTES:
        return data
    if format == NPY:
        import numpy as np

        return np.load(io.BytesIO(data), allow_pickle=False)
    if format in (PARQUET, CSV):
        import pandas as pd  # type: ignore[import-untyped,import-not-found,unused-ignore]

        return pd.read_parquet(io.BytesIO(data)) if format == PARQUET else pd.read_csv(io.BytesIO(data), index_col=0)
    raise Corrupt(f"a stored value has the unknown format {format!r}", field="format", value=format)


def is_bulk(value: Any) -> bool:
    """Whether ``value`` is kept as an artifact rather than told as a parameter."""
    if isinstance(value, bytes | bytearray | memoryview | Path):
        return True
    return type(value).__module__.partition(".")[0] in ("numpy", "pandas") and getattr(value, "ndim", 0) > 0


def to_json(value: Any, name: str) -> Any:
    """``value`` in JSON's kinds: tuples as lists, numpy's scalars as Python's. Errors: Invalid naming ``name``."""
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, bool | int | str):  # enums and their like
        return to_json(value.value if hasattr(value, "value") else type(value).__mro__[1](value), name)
    if isinstance(value, float):
        return _number(float(value), name)
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        return to_json(value.item(), name)
    if isinstance(value, list | tuple):
        return [to_json(item, f"{name}[{place}]") for place, item in enumerate(value)]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: to_json(item, f"{name}.{key}") for key, item in value.items()}
        raise Invalid(
            f"{name} is a dict with keys that are no text", field=name, value=value, remedy="Use text as keys"
        )
    raise Invalid(
        f"{name} is a {type(value).__module__}.{type(value).__qualname__}, which a step cannot take or return",
        field=name,
        value=repr(value)[:100],
        remedy=REMEDY,
    )


def _number(value: float, name: str) -> float:
    if math.isfinite(value):
        return value
    raise Invalid(
        f"{name} is {value}, which JSON cannot say", field=name, value=value, remedy="Use None, or a numpy array"
    )


def _array(value: Any, name: str) -> Encoded:
    import numpy as np

    if value.dtype.hasobject:
        raise Invalid(
            f"{name} is a numpy array of Python objects",
            field=name,
            value=str(value.dtype),
            remedy="Give it a number type",
        )
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=False)
    return Encoded(NPY, stream.getvalue(), value)


def _frame(value: Any, name: str) -> Encoded:
    try:
        stream = io.BytesIO()
        value.to_parquet(stream)
        return Encoded(PARQUET, stream.getvalue(), value)
    except ImportError:  # neither pyarrow nor fastparquet
        data = value.to_csv(lineterminator="\n").encode()
    except (TypeError, ValueError) as error:
        raise Invalid(f"{name} is a frame that Parquet cannot hold: {error}", field=name, remedy=REMEDY) from error
    return Encoded(CSV, data, decode(CSV, data))
