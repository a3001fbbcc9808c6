"""Functions that are steps of the SDK and components of pipelines at once."""

import sys
from pathlib import Path


def weigh(n: int, label: str, factor: float = 2.0) -> float:
    """The same source, wherever it runs."""
    return n * factor + len(label)


def compile_to(folder: Path) -> None:
    import warnings

    warnings.simplefilter("ignore")
    from kfp import compiler, dsl

    component = dsl.component(weigh)

    @dsl.pipeline  # type: ignore[untyped-decorator]
    def weighing(n: int = 3, label: str = "abc") -> float:
        return component(n=n, label=label).output  # type: ignore[no-any-return]

    compiler.Compiler().compile(weighing, str(folder / "weighing.yaml"))


if __name__ == "__main__":
    compile_to(Path(sys.argv[1]))
