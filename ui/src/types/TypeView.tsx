import { IconTable } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";

import { useLiveQuery } from "../api/live";
import type { NodeKind } from "../api/schema.generated";
import { ArtifactTable } from "../artifacts/Table";
import { ContextTable } from "../contexts/Table";
import { ExecutionTable } from "../executions/Table";
import { Asked } from "../kit/detail/Asked";
import { Detail, Part, type Tab } from "../kit/detail/Detail";
import styles from "../kit/detail/detail.module.css";
import { Exact, Fact, Facts, When } from "../kit/detail/Facts";
import { Raw } from "../kit/detail/NodeParts";
import { count, short } from "../kit/format";
import { LinkButton } from "../kit/LinkButton";
import { JsonView } from "../kit/JsonView";
import { TypeDetailDocument, type TypeDetailQuery } from "./queries.generated";

type TypeDetail = TypeDetailQuery["type"];

const WORDS = { ARTIFACT: "artifacts", EXECUTION: "executions", CONTEXT: "contexts" } as const;
const TABLES = { ARTIFACT: ArtifactTable, EXECUTION: ExecutionTable, CONTEXT: ContextTable } as const;

/** One type: what its nodes may say, and its nodes. */
export function TypeView() {
  const { id: number } = useParams({ from: "/types/$id" });
  const id = `type:${number}`;
  const [{ data, error }, again] = useLiveQuery({ query: TypeDetailDocument, variables: { id } });
  return (
    <Asked data={data?.type} error={error} again={again}>
      {(type) => {
        const Table = TABLES[type.kind];
        const label = WORDS[type.kind].replace(/^./, (letter) => letter.toUpperCase());
        const tabs: readonly Tab[] = [
          { id: "overview", label: "Overview", show: () => <Overview type={type} /> },
          {
            id: "nodes",
            label,
            count: count(type.count),
            show: () => <Table where={`type_id = ${number}`} label={label} />,
          },
          { id: "json", label: "JSON", show: () => <Raw value={type} label={id} /> },
        ];
        return (
          <Detail
            kind={type.kind}
            id={id}
            name={type.version ? `${type.name} ${type.version}` : type.name}
            type={null}
            state={null}
            tabs={tabs}
            actions={<ListButton kind={type.kind} name={type.name} />}
          />
        );
      }}
    </Asked>
  );
}

function ListButton({ kind, name }: { readonly kind: NodeKind; readonly name: string }) {
  return (
    <LinkButton to={`/${WORDS[kind]}`} search={{ type: name }} leftSection={<IconTable size={14} aria-hidden />}>
      Its {WORDS[kind]} as a list
    </LinkButton>
  );
}

function Overview({ type }: { readonly type: TypeDetail }) {
  return (
    <div className={styles.parts}>
      <Part title="Facts">
        <Facts label="Facts">
          <Fact name="Of">{WORDS[type.kind]}</Fact>
          <Fact name="Nodes">{count(type.count)}</Fact>
          <Fact name="Version">{type.version}</Fact>
          <Fact name="Description">
            {type.description && <span className="wrap">{short(type.description, 4000)}</span>}
          </Fact>
          <Fact name="Based on">
            {type.baseType && (
              <Link to="/types/$id" params={{ id: type.baseType.id.replace("type:", "") }}>
                {short(type.baseType.name, 120)}
              </Link>
            )}
          </Fact>
          <Exact name="External id" text={type.externalId} />
          <When name="Registered" ms={type.createdMs} />
          <When name="Changed" ms={type.updatedMs === type.createdMs ? null : type.updatedMs} />
        </Facts>
      </Part>
      <Declared title="Properties it declares" none="It declares none." properties={type.properties} />
      <Declared
        title="Properties its nodes bear of their own"
        none="The newest bear none."
        properties={type.customProperties}
      />
      <Structure title="Inputs" value={type.inputType} />
      <Structure title="Outputs" value={type.outputType} />
    </div>
  );
}

function Declared({
  title,
  none,
  properties,
}: {
  readonly title: string;
  readonly none: string;
  readonly properties: TypeDetail["properties"];
}) {
  return (
    <Part title={title}>
      {properties.length === 0 && <p className="dim">{none}</p>}
      <Facts label={title} even>
        {properties.map(({ name, kind }) => (
          <Fact key={name} name={short(name, 120)}>
            {kind.toLowerCase()}
          </Fact>
        ))}
      </Facts>
    </Part>
  );
}

function Structure({ title, value }: { readonly title: string; readonly value: unknown }) {
  if (value === null || value === undefined) return null;
  return (
    <Part title={title}>
      <JsonView value={value} label={title} />
    </Part>
  );
}
