import { Anchor, Button, Loader } from "@mantine/core";
import { Fragment, lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { useQuery } from "urql";

import { Empty, ErrorFace, Partial } from "../../shell/faces";
import { bytes, count, short } from "../format";
import { JsonView } from "../JsonView";
import { hexLines } from "./bytes";
import { still } from "./html";
import styles from "./preview.module.css";
import { ArtifactPreviewDocument, type ArtifactPreviewQuery } from "./queries.generated";
import { Picture } from "./Picture";
import { TablePreview } from "./TablePreview";

const Markdown = lazy(() => import("./Markdown").then((made) => ({ default: made.Markdown })));

/** What of an artifact's bytes can be looked at. */
export type PreviewData = NonNullable<ArtifactPreviewQuery["node"]["preview"]>;

/** A piece of an artifact's bytes, as what it is: a table, an image, a document, a folder. */
export function Preview({
  id,
  label,
  tall = false,
}: {
  readonly id: string;
  readonly label: string;
  /** With as much height as there is. */
  readonly tall?: boolean;
}) {
  const [place, setPlace] = useState({ id, path: "" });
  const path = place.id === id ? place.path : "";
  const [{ data, error, fetching }, again] = useQuery({ query: ArtifactPreviewDocument, variables: { id, path } });
  const preview = data?.node.preview;
  const go = (to: string) => setPlace({ id, path: to });
  if (error && !preview) return <ErrorFace error={error} retry={() => again({ requestPolicy: "network-only" })} />;
  if (!preview) return fetching ? <Loader size="sm" m="md" aria-label="Loading" role="status" /> : null;
  return (
    <>
      {path && <Way path={path} onGo={go} />}
      <PreviewOf
        preview={preview}
        label={path || label}
        tall={tall}
        onOpen={(name) => go(path ? `${path}/${name}` : name)}
      />
    </>
  );
}

/** Where in a folder one looks, and the ways back. */
function Way({ path, onGo }: { readonly path: string; readonly onGo: (path: string) => void }) {
  const parts = path.split("/");
  return (
    <nav className={styles.way} aria-label="Place in the folder">
      <Button size="compact-xs" variant="subtle" onClick={() => onGo("")}>
        Folder
      </Button>
      {parts.map((part, at) => (
        <Fragment key={at}>
          <span aria-hidden>/</span>
          <Button
            size="compact-xs"
            variant="subtle"
            disabled={at === parts.length - 1}
            onClick={() => onGo(parts.slice(0, at + 1).join("/"))}
          >
            {short(part, 60)}
          </Button>
        </Fragment>
      ))}
    </nav>
  );
}

/** The same, of a preview that is here. */
export function PreviewOf({
  preview,
  label,
  tall = false,
  onOpen,
}: {
  readonly preview: PreviewData;
  readonly label: string;
  readonly tall?: boolean;
  /** Something in a folder was chosen. */
  readonly onOpen?: (name: string) => void;
}) {
  const size = preview.totalBytes === null ? "" : bytes(preview.totalBytes);
  return (
    <div className={styles.preview} data-tall={tall || undefined}>
      {preview.truncated && preview.kind !== "NONE" && (
        <Partial>{preview.reason ?? `This is the beginning${size && ` of ${size}`}.`}</Partial>
      )}
      {shown(preview, label, onOpen)}
      <p className={styles.facts}>{[preview.mediaType, size].filter(Boolean).join(" · ")}</p>
    </div>
  );
}

function shown(preview: PreviewData, label: string, onOpen?: (name: string) => void): ReactNode {
  const { kind, text, base64, mediaType } = preview;
  if (preview.totalBytes === 0 && kind !== "NONE" && kind !== "FOLDER")
    return <Empty title="Empty">It holds no bytes.</Empty>;
  switch (kind) {
    case "TABLE":
      return <TablePreview preview={preview} label={label} />;
    case "IMAGE":
      return <Picture src={`data:${mediaType ?? "image/png"};base64,${base64 ?? ""}`} label={label} />;
    case "JSON":
      return <JsonText text={text ?? ""} label={label} />;
    case "MARKDOWN":
      return (
        <div className={styles.page}>
          <Suspense fallback={<Loader size="sm" aria-label="Loading" role="status" />}>
            <Markdown text={text ?? ""} />
          </Suspense>
        </div>
      );
    case "HTML":
      return <HtmlFrame text={text ?? ""} label={label} />;
    case "TEXT":
      return <Text text={text ?? ""} label={label} />;
    case "FOLDER":
      return <Folder preview={preview} onOpen={onOpen} />;
    case "BINARY":
      return <Text text={hexLines(base64 ?? "").join("\n")} label={`Bytes of ${label}`} />;
    case "NONE":
      return <Empty title="Nothing to look at">{preview.reason}</Empty>;
  }
}

/** HTML in a frame that runs nothing, is of no origin, and leads nowhere. */
function HtmlFrame({ text, label }: { readonly text: string; readonly label: string }) {
  const { html, left } = useMemo(() => still(text), [text]);
  return (
    <>
      {left && <p className={styles.facts}>Scripts, and what lies elsewhere, are left out.</p>}
      <iframe
        className={styles.frame}
        sandbox=""
        referrerPolicy="no-referrer"
        srcDoc={html}
        title={short(label, 200)}
      />
    </>
  );
}

function JsonText({ text, label }: { readonly text: string; readonly label: string }) {
  const read = useMemo(() => {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      return null; // cut short, or none: then it is text
    }
  }, [text]);
  return read ? <JsonView value={read.value} label={label} /> : <Text text={text} label={label} />;
}

function Text({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <pre className={styles.text} tabIndex={0} role="region" aria-label={short(label, 200)} dir="auto">
      {text}
    </pre>
  );
}

function Folder({
  preview,
  onOpen,
}: {
  readonly preview: PreviewData;
  readonly onOpen: ((name: string) => void) | undefined;
}) {
  const entries = preview.entries ?? [];
  return (
    <table className={styles.folder}>
      <caption className="unseen">What is in the folder</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Kind</th>
          <th scope="col">Size</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.name}>
            <td className="mono wrap" dir="auto">
              {onOpen && entry.kind !== "link" ? (
                <Anchor component="button" type="button" className="mono" onClick={() => onOpen(entry.name)}>
                  {short(entry.name, 300)}
                </Anchor>
              ) : (
                short(entry.name, 300)
              )}
            </td>
            <td className="dim">{entry.kind}</td>
            <td title={`${count(entry.sizeBytes)} bytes`}>{bytes(entry.sizeBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
