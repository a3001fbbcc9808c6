"""One graph from several protocols: see docs/identity.md."""

from clew.metadata.identity.alias import Alias
from clew.metadata.identity.coverage import Coverage, Covered
from clew.metadata.identity.saying import Saying, Touch
from clew.metadata.identity.settle import Identity
from clew.metadata.location import canonical

__all__ = ["Alias", "Coverage", "Covered", "Identity", "Saying", "Touch", "canonical"]
