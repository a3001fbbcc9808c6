import { ActionIcon, Text, Tooltip } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { short } from "../kit/format";
import { forgetFilter, savedFilters } from "../kit/listing/saved";
import styles from "./settings.module.css";

const LISTS = ["artifacts", "executions", "contexts"] as const;
const WORDS = { artifacts: "Artifacts", executions: "Executions", contexts: "Contexts" } as const;

/** The filters this browser keeps: to use them, and to forget them. */
export function SavedFilters() {
  const [all, setAll] = useState(read);
  const forget = (list: string, name: string) => {
    forgetFilter(list, name);
    setAll(read());
  };
  if (all.every(([, filters]) => filters.length === 0)) {
    return (
      <Text className="dim">None. A list of artifacts, executions or contexts saves its filter under a name.</Text>
    );
  }
  return all
    .filter(([, filters]) => filters.length > 0)
    .map(([list, filters]) => (
      <div key={list}>
        <h3 className={styles.list}>{WORDS[list]}</h3>
        <ul className={styles.filters} aria-label={`Saved filters of ${WORDS[list]}`}>
          {filters.map(({ name, search }) => (
            <li key={name}>
              <Link to={`/${list}`} search={search} className="cut" dir="auto" title={short(name, 500)}>
                {short(name)}
              </Link>
              <span className="dim cut mono" dir="auto" title={short(words(search), 500)}>
                {short(words(search), 160)}
              </span>
              <Tooltip label="Forget it">
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Forget ${short(name)}`}
                  onClick={() => forget(list, name)}
                >
                  <IconTrash size={15} />
                </ActionIcon>
              </Tooltip>
            </li>
          ))}
        </ul>
      </div>
    ));
}

function read() {
  return LISTS.map((list) => [list, savedFilters(list)] as const);
}

function words(search: object): string {
  return Object.entries(search as Record<string, unknown>)
    .map(([name, value]) =>
      name === "q" ? String(value) : `${name}: ${Array.isArray(value) ? value.join(", ") : String(value)}`,
    )
    .join(" · ");
}
