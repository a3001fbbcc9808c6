"""A filter as a tree of frozen values. ``at`` is the 0-based offset of the node in the filter's text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Literal:
    """A value; None is NULL."""

    value: bool | int | float | str | None
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Path:
    """A field, such as ``name`` or ``contexts_a.type``, or the name of a state."""

    parts: tuple[str, ...]
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``a OR b OR ...``."""

    items: tuple[Expression, ...]
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class AllOf:
    """``a AND b AND ...``."""

    items: tuple[Expression, ...]
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Not:
    """``NOT item``."""

    item: Expression
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Compare:
    """``left op right``; ``op`` is one of = != < <= > >=."""

    op: str
    left: Expression
    right: Expression
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Is:
    """``item IS [NOT] NULL | TRUE | FALSE``; ``what`` is None, True or False."""

    item: Expression
    what: bool | None
    negated: bool = False
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Among:
    """``item [NOT] IN (options)``."""

    item: Expression
    options: tuple[Expression, ...]
    negated: bool = False
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Like:
    """``item [NOT] LIKE pattern [ESCAPE 'c']``."""

    item: Expression
    pattern: Expression
    negated: bool = False
    escape: str | None = None
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Between:
    """``item [NOT] BETWEEN low AND high``."""

    item: Expression
    low: Expression
    high: Expression
    negated: bool = False
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left op right``; ``op`` is one of + - * /."""

    op: str
    left: Expression
    right: Expression
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Negative:
    """``-item``."""

    item: Expression
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Call:
    """``NAME(args)``; the name in upper case."""

    name: str
    args: tuple[Expression, ...]
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Cast:
    """``CAST(item AS to)``; the type in upper case."""

    item: Expression
    to: str
    at: int = field(default=-1, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Case:
    """``CASE [subject] WHEN condition THEN result ... [ELSE otherwise] END``."""

    subject: Expression | None
    whens: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None
    at: int = field(default=-1, compare=False, kw_only=True)


Expression = (
    Literal | Path | AnyOf | AllOf | Not | Compare | Is | Among | Like | Between
    | Arithmetic | Negative | Call | Cast | Case
)  # fmt: skip
