import { Badge, Button, TextInput } from "@mantine/core";
import { useState } from "react";

import type { PropertyKind } from "../api/schema.generated";
import { CopyId } from "./CopyId";
import { count, short } from "./format";
import { JsonView } from "./JsonView";
import styles from "./properties.module.css";
import { unwrapped } from "./struct";
import { exactText, Value } from "./Value";

/** A property as GraphQL answers it. */
export interface Property {
  readonly name: string;
  readonly kind: PropertyKind;
  readonly value: unknown;
}

const STEP = 200;
const FINDABLE = 12;
const LONG = 1000;

/** Properties by name: typed, exact, each to be copied; structures open. */
export function PropertyList({
  label,
  properties,
}: {
  readonly label: string;
  readonly properties: readonly Property[];
}) {
  const [text, setText] = useState("");
  const [shown, show] = useState(STEP);
  const wanted = text.trim().toLowerCase();
  const found = properties.filter(
    ({ name, kind, value }) =>
      !wanted || name.toLowerCase().includes(wanted) || exactText(kind, value).toLowerCase().includes(wanted),
  );
  return (
    <>
      {properties.length > FINDABLE && (
        <TextInput
          size="xs"
          mb={6}
          aria-label={`Find among ${label.toLowerCase()}`}
          placeholder={`Find among ${count(properties.length)}`}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      <dl className={styles.list} aria-label={label}>
        {found.slice(0, shown).map((one) => (
          <Entry key={one.name} property={one} />
        ))}
      </dl>
      {found.length === 0 && <p className="dim">{properties.length ? "None of them." : "None."}</p>}
      {found.length > shown && (
        <Button size="compact-xs" variant="subtle" onClick={() => show(shown + STEP)}>
          {count(found.length - shown)} more
        </Button>
      )}
    </>
  );
}

function Entry({ property: { name, kind, value } }: { readonly property: Property }) {
  const structure = kind === "STRUCT" ? unwrapped(value) : undefined;
  return (
    <div className={styles.entry}>
      <dt className="cut" title={short(name, 500)} dir="auto">
        {short(name, 200)}
      </dt>
      <dd>
        {structure !== undefined && typeof structure === "object" ? (
          <JsonView value={structure} label={short(name, 60)} open={0} />
        ) : (
          <LongValue kind={kind} value={value} />
        )}
        <Badge className={styles.kind} variant="default" size="xs" radius="sm">
          {kind.toLowerCase()}
        </Badge>
        <CopyId text={exactText(kind, value)} what={short(name, 60)} />
      </dd>
    </div>
  );
}

/** A value whole, or its beginning and the way to the rest. */
function LongValue({ kind, value }: Omit<Property, "name">) {
  const [whole, setWhole] = useState(false);
  const exact = exactText(kind, value);
  if (whole || exact.length <= LONG) return <Value kind={kind} value={value} />;
  return (
    <span className="wrap" dir="auto">
      {short(exact, LONG)}{" "}
      <Button size="compact-xs" variant="subtle" onClick={() => setWhole(true)}>
        All {count(exact.length)} characters
      </Button>
    </span>
  );
}
