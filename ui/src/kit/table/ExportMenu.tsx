import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { count } from "../format";
import type { Column } from "./columns";
import { download, exportAll, type Format } from "./exporting";
import type { AskPage } from "./pages";
import styles from "./table.module.css";

/** Everything a table lists, not only what it shows, as a file; it tells how far it is and can be given up. */
export function ExportMenu<Row>({
  ask,
  columns,
  file,
}: {
  readonly ask: AskPage<Row>;
  readonly columns: readonly Column<Row>[];
  readonly file: string;
}) {
  const control = useRef<AbortController | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => () => control.current?.abort(), []);
  const run = async (format: Format) => {
    const mine = new AbortController();
    control.current = mine;
    setFailure("");
    setAt(0);
    try {
      download(await exportAll(ask, columns, format, mine.signal, setAt), `${file}.${format}`);
    } catch (error) {
      if (!mine.signal.aborted) setFailure(error instanceof Error ? error.message : "The export failed.");
    }
    setAt(null);
  };
  if (at !== null) {
    return (
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => control.current?.abort()}
        aria-label={`Stop the export, at ${count(at)} rows`}
      >
        {count(at)} rows · Stop
      </Button>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          size="compact-sm"
          aria-label={failure ? "Export failed" : "Export"}
          {...(failure ? { color: "red", title: failure } : {})}
        >
          <IconDownload size={14} aria-hidden />
          <span className={styles.label}>{failure ? "Export failed" : "Export"}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {failure && <Menu.Label>{failure}</Menu.Label>}
        <Menu.Item onClick={() => void run("csv")}>CSV, all rows, these columns</Menu.Item>
        <Menu.Item onClick={() => void run("json")}>JSON, all rows, these columns</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
