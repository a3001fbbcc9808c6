"""Turn sayings into what they mean for the graph: versions, edges, withdrawals, put into each saying's change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clew.metadata.change import Change, NodePut, Withdrawal
from clew.metadata.errors import Invalid
from clew.metadata.identity import alias
from clew.metadata.identity.alias import Aliases
from clew.metadata.identity.load import Executions, load_executions, load_found, load_places
from clew.metadata.identity.place import Desired, Found, Place, Version
from clew.metadata.identity.saying import Ref, Said, Saids, Saying, Touch, Where, event, in_order, ref_of, version_name
from clew.metadata.identity.whole import joined, located
from clew.metadata.ids import Kind
from clew.metadata.location import canonical
from clew.metadata.node import NodeType
from clew.metadata.reader import Reader
from clew.metadata.states import ArtifactState, EventType
from clew.metadata.value import Value

Outer = dict[int | str, Ref]
"""What an execution is part of, by id or external id."""
_INPUT, _OUTPUT = EventType.INPUT, EventType.OUTPUT


class Weaver:
    """Weaves the sayings of one batch, one after another, as they will be committed."""

    def __init__(self, reader: Reader, aliases: Aliases, *, careful: bool = False) -> None:
        self.aliases = aliases
        self._careful = careful
        """Leave it to the record to find what is there, for something was that we did not see."""
        self.places: dict[tuple[str, str], Place] = {}
        self._executions: Executions = {}
        self.size = 0
        """About how much is kept: versions, reads, executions."""
        self._new: list[tuple[str, str]] = []
        """Executions of this batch."""
        self._written: dict[tuple[Ref, Ref], tuple[Version, Saids]] = {}
        """Of the saying at hand: the edges it changes, and what was said of them before."""
        self.look_at(reader)

    def look_at(self, reader: Reader) -> None:
        """Go on with what the record says now: what is kept of it must be as it says."""
        self._reader = reader
        self._types = {t.name for t in reader.types(Kind.ARTIFACT)}
        self._aliases_typed = any(t.name == alias.TYPE for t in reader.types(Kind.CONTEXT))

    def bind(self, places: Iterable[Place]) -> None:
        """Call by their ids the nodes that were just recorded."""
        for key in self._new:
            self._executions[key] = ref_of(self._executions[key])
        self._new = []
        for place in places:
            place.bind()

    def forget(self, namespace: str, location: str) -> None:
        """Load the place of ``location`` anew when it is needed next."""
        place = self.places.get((namespace, location))
        if place is not None:
            for member in place.members:
                self.places.pop((namespace, member), None)

    def prepare(self, sayings: Sequence[Saying]) -> None:
        """Look up in few queries what the sayings name. Errors: Invalid for a uri that is none."""
        wanted: dict[str, set[str]] = {}
        executions: dict[str, set[str]] = {}
        for saying in sayings:
            namespace = saying.change.namespace
            for touch in saying.touches:
                for uri in (touch.uri, *touch.same_as):
                    wanted.setdefault(namespace, set()).add(located(uri)[0])
            for put in (saying.execution, *saying.within):
                if isinstance(put, NodePut) and put.external_id:
                    executions.setdefault(put.namespace or namespace, set()).add(put.external_id)
        for namespace, names in executions.items():
            missing = [name for name in names if (namespace, name) not in self._executions]
            load_executions(self._reader, namespace, missing, self._executions)
        for namespace, locations in wanted.items():
            self.load(namespace, locations)

    def load(self, namespace: str, locations: Iterable[str]) -> None:
        """Have the places of ``locations`` at hand."""
        missing = [location for location in locations if (namespace, location) not in self.places]
        classes = {self.aliases.members(namespace, location) for location in missing}
        loaded = load_places(self._reader, namespace, classes, self._executions)
        self.places |= {(namespace, member): place for member, place in loaded.items()}
        names = {version_name(place.head, "") for place in loaded.values()}
        known = load_found(self._reader, namespace, names) if names else {}
        for place in loaded.values():
            self.size += place.size
            found = known.get(version_name(place.head, ""))
            if found is not None:
                place.found.setdefault(version_name(place.head, ""), found)
            place.sought.add(version_name(place.head, ""))

    def places_of(self, saying: Saying) -> list[Place]:
        """The places that a saying touched."""
        found = (self.places.get((saying.change.namespace, located(touch.uri)[0])) for touch in saying.touches)
        return [place for place in found if place is not None]

    def weave(self, saying: Saying) -> None:
        """Add to the saying's change what its touches mean. Errors: Invalid."""
        change = saying.change
        execution = self._execution(change, saying.execution)
        within = {
            str(put.external_id) if isinstance(put, NodePut) else put: ref
            for put in saying.within
            if (ref := self._execution(change, put)) is not execution
        }
        self._written = {}
        reads: dict[str, tuple[int, Touch]] = {}
        for number, touch in enumerate(saying.touches):
            if not touch.writes:
                reads.setdefault(located(touch.uri)[0], (number, touch))
        heads = [self._touch(change, saying, touch, execution, within).head for touch in saying.touches]
        self._write(change)
        for place in {id(p): p for head in heads for p in (self.places[change.namespace, head],)}.values():
            told = min((reads[member] for member in place.members if member in reads), key=_first, default=None)
            self.settle(change, place, told[1] if told else None)

    def _execution(self, change: Change, put: Ref) -> Ref:
        if not isinstance(put, NodePut):
            return put
        if all(put is not node for node in change.nodes):
            change.nodes.append(put)
        if not put.external_id:
            return put
        key = (put.namespace or change.namespace, put.external_id)
        known = self._executions.setdefault(key, put)
        if known is put:
            self._new.append(key)
        if known is put and put.reuse == "external_id" and not self._careful:
            put.reuse = ""  # it is new: the record need not look
        return known

    def _touch(self, change: Change, saying: Saying, touch: Touch, execution: Ref, within: Outer) -> Place:
        location, partition = located(touch.uri)
        namespace = change.namespace
        self.size += 2
        for other in touch.same_as:
            self._same(change, location, located(other)[0], saying.source)
        place = self.places[namespace, location]
        said = Said(
            touch.time_ms, location, partition, tuple(touch.path), saying.source, touch.confidence
        )  # fmt: skip
        if not touch.writes:
            names = tuple(sorted(within, key=str))
            place.read(execution, said._replace(within=names) if names else said)
            return place
        part = said._replace(part=True)
        version = self._version(change, place, saying, touch, said)
        for writer, one in ((execution, said), *((outer, part) for outer in within.values())):
            before = _in_order(version.wrote.get(writer))
            if place.write(version, writer, one):
                self._written.setdefault((version.ref, writer), (version, before))
        return place

    def _write(self, change: Change) -> None:
        for (ref, writer), (version, before) in self._written.items():
            if before:
                change.withdrawals.append(Withdrawal(ref, writer, _OUTPUT, before[0].location))
            change.events.append(event(ref, writer, _OUTPUT, _in_order(version.wrote[writer])))

    def _same(self, change: Change, location: str, same_as: str, source: str) -> None:
        namespace = change.namespace
        undone = (namespace, *alias.pair(location, same_as)) in self.aliases.undone
        if undone or same_as in self.aliases.members(namespace, location):
            return
        alias.put(change, location, same_as, reason="", source=source, typed=self._aliases_typed)
        self._aliases_typed = True
        self.join(namespace, location, same_as)

    def join(self, namespace: str, location: str, same_as: str) -> Place:
        """Make two places one."""
        self.load(namespace, (location, same_as))
        place, other = self.places[namespace, location], self.places[namespace, same_as]
        self.aliases.join(namespace, location, same_as)
        if place is not other:
            place.absorb(other)
            for member in place.members:
                self.places[namespace, member] = place
        return place

    def _version(self, change: Change, place: Place, saying: Saying, touch: Touch, said: Said) -> Version:
        location = joined(said.location, said.partition)
        name = version_name(location, saying.key)
        version = place.versions.get(name)
        told = _told(touch)
        if version is None:
            self._type(change, touch.type)
            put = change.artifact(
                touch.type, external_id=name, uri=_uri(touch.uri, location), state=ArtifactState.LIVE,
                digest=touch.digest, size_bytes=touch.size_bytes, custom_properties=told or None,
                reuse="external_id" if self._careful else "",
            )  # fmt: skip
            return place.add_version(put, name, location, said.partition, said.time_ms)
        if told or touch.digest or touch.size_bytes is not None:
            change.artifact(
                external_id=name, digest=touch.digest, size_bytes=touch.size_bytes, custom_properties=told or None,
                reuse="external_id",
            )  # fmt: skip
        return version

    def _type(self, change: Change, name: str) -> None:
        if name not in self._types:
            change.type(NodeType(Kind.ARTIFACT, name))
            self._types.add(name)

    def settle(self, change: Change, place: Place, touch: Touch | None = None) -> None:
        """Move the edges of ``place`` to where they belong; ``touch`` describes it, where it was only found."""

        def found(partition: str) -> Ref:
            return self._found(change, place, partition, touch).ref

        for execution in place.stale():
            wanted = place.desired(execution, found)
            self.move(change, place, execution, wanted)
        place.settled()
        self.abandon(change, place)

    def move(self, change: Change, place: Place, execution: Ref, wanted: Desired) -> None:
        """Make ``wanted`` the edges by which ``execution`` reads from ``place``."""
        held = place.inputs.get(execution, {})
        if held == wanted:
            return
        place.moved(execution)
        users = {found.ref: found for found in place.found.values()}
        for ref, saids in held.items():
            if wanted.get(ref) != saids:
                change.withdrawals.append(Withdrawal(ref, execution, _INPUT, saids[0].location))
                if ref in users:
                    users[ref].users -= 1
        for ref, saids in wanted.items():
            if held.get(ref) != saids:
                change.events.append(event(ref, execution, _INPUT, saids))
                if ref in users:
                    users[ref].users += 1
        place.inputs[execution] = wanted

    def abandon(self, change: Change, place: Place) -> None:
        """A place as it was found that nobody reads any more is not there."""
        for name, found in place.found.items():
            if found.live is not (found.users > 0):
                found.live = not found.live
                state = ArtifactState.LIVE if found.live else ArtifactState.ABANDONED
                change.artifact(external_id=name, state=state, reuse="external_id")

    def part(self, change: Change, whole: Place, parts: Sequence[Place]) -> None:
        """Move the edges of ``whole`` to the places it falls apart into."""
        for place in parts:
            place.found, place.sought = whole.found, whole.sought
        for execution in list(whole.inputs):
            wanted: Desired = {}
            for place in parts:

                def found(partition: str, place: Place = place) -> Ref:
                    return self._found(change, place, partition, None).ref

                wanted |= place.desired(execution, found)
            self.move(change, whole, execution, wanted)
        self.abandon(change, whole)

    def _found(self, change: Change, place: Place, partition: str, touch: Touch | None) -> Found:
        location = joined(place.head, partition)
        name = version_name(location, "")
        found = place.found.get(name)
        if found is None and name not in place.sought:
            place.sought.add(name)
            found = load_found(self._reader, change.namespace, (name,)).get(name)
            if found is not None:
                place.found[name] = found
        if found is None:
            type = touch.type if touch is not None else "Dataset"
            self._type(change, type)
            told = _told(touch) if touch is not None else {}
            put = change.artifact(
                type, external_id=name, uri=_uri(touch.uri if touch else "", location), state=ArtifactState.LIVE,
                digest=touch.digest if touch else None, size_bytes=touch.size_bytes if touch else None,
                custom_properties=told or None, reuse="external_id" if self._careful else "",
            )  # fmt: skip
            found = place.found[name] = Found(put, live=True)
            place.unbound.append(found)
        return found


def _first(told: tuple[int, Touch]) -> int:
    return told[0]


def _told(touch: Touch) -> dict[str, Value]:
    return {**touch.custom_properties, **({"name": touch.name} if touch.name else {})}


def _uri(uri: str, location: str) -> str:
    """``uri`` to the letter, where it says the location and no secret."""
    if not uri or canonical(uri) != location or any(c in uri for c in "@?;") or uri.startswith("jdbc"):
        return location
    return uri


def _in_order(saids: dict[Where, Said] | None) -> Saids:
    return in_order(list(saids.values())) if saids else ()


def check(saying: Saying) -> None:
    """Refuse what cannot be settled. Errors: Invalid."""
    if saying.change.key is not None:
        raise Invalid(
            "a saying has no idempotency key: it is recorded once however often it is said",
            field="key",
            value=saying.change.key,
            remedy="Leave the change's key out",
        )
    if any(isinstance(put, NodePut) and not put.external_id for put in saying.within):
        raise Invalid(
            "what something is part of has no external id",
            field="within",
            remedy="Give the id of a recorded execution, or a put with an external id",
        )
    if not saying.key and any(touch.writes for touch in saying.touches):
        raise Invalid("a saying that writes needs a key", field="key", value="", remedy="Name the writing work")
