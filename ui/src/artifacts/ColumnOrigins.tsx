import { Link } from "@tanstack/react-router";
import { useQuery } from "urql";

import { Part } from "../kit/detail/Detail";
import { Fact, Facts } from "../kit/detail/Facts";
import { columnRows, type Source } from "./columnRows";
import { ColumnsOfDocument } from "./queries.generated";

/** The columns of a version of a data set, and what each was made of. Nothing where nobody told. */
export function ColumnOrigins({ id }: { readonly id: string }) {
  const [{ data }] = useQuery({ query: ColumnsOfDocument, variables: { id } });
  const rows = data ? columnRows(data.columnLineage) : [];
  if (!rows.length) return null;
  return (
    <Part title="Columns" wide>
      <Facts label="Columns">
        {rows.map(({ name, sources }) => (
          <Fact key={name} name={name || "all columns"}>
            {sources.length ? (
              sources.map(({ source, how }) => (
                <div key={`${source.location} ${source.name}`}>
                  <SourceLink source={source} /> {how && <span className="dim">{how}</span>}
                </div>
              ))
            ) : (
              <span className="dim">not told</span>
            )}
          </Fact>
        ))}
      </Facts>
    </Part>
  );
}

function SourceLink({ source: { artifact, location, name } }: { readonly source: Source }) {
  const text = `${location.slice(location.lastIndexOf("/") + 1)}.${name || "*"}`;
  if (artifact === null) return <span title={location}>{text}</span>;
  return (
    <Link to="/artifacts/$id" params={{ id: artifact.slice("artifact:".length) }} title={location}>
      {text}
    </Link>
  );
}
