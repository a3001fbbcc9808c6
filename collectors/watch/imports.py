"""Do something to a module when it has just been imported. Stands on the standard library alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

Patch = Callable[[ModuleType], None]


class AfterImport:
    """A finder that finds what the others find, and calls the module's patch once the module has been run."""

    def __init__(self, patches: Mapping[str, Patch]) -> None:
        self._patches = dict(patches)

    def install(self) -> None:
        """Begin: modules that are there already are patched at once."""
        for name, patch in self._patches.items():
            if (module := sys.modules.get(name)) is not None:
                _apply(patch, module)
        sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        """Patch no more modules."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec of a module that has a patch; None for any other, whom the next finder finds."""
        patch = self._patches.get(name)
        if patch is None:
            return None
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, patch)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """The module's own loader, with the patch behind it."""

    def __init__(self, loader: Any, patch: Patch) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None:
            spec.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        _apply(self._patch, module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def _apply(patch: Patch, module: ModuleType) -> None:
    try:
        patch(module)
    except Exception:  # a library that changed: what is not patched is not noted, and works
        return
