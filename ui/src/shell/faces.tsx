import { Button, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconMoodEmpty, IconPlugConnectedX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { CombinedError } from "urql";

import { told } from "../api/errors";
import styles from "./faces.module.css";

/** While a view waits for its first answer. */
export function Loading({ lines = 6 }: { readonly lines?: number }): ReactNode {
  return (
    <Stack gap="sm" p="md" role="status" aria-live="polite" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={18} width={`${90 - ((line * 17) % 40)}%`} radius="sm" />
      ))}
    </Stack>
  );
}

/** Where there is nothing to show: what it is, and what would put something here. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}): ReactNode {
  return (
    <div className={styles.face} role="status">
      <IconMoodEmpty size={36} stroke={1.4} aria-hidden />
      <Title order={2}>{title}</Title>
      {children && (
        <Text className="dim" component="div" maw={520}>
          {children}
        </Text>
      )}
      {action}
    </div>
  );
}

/** What went wrong: the server's own words and its remedy. */
export function ErrorFace({ error, retry }: { readonly error: CombinedError | Error; readonly retry?: () => void }) {
  const words =
    "graphQLErrors" in error
      ? told(error)
      : { code: "ERROR", message: error.message, remedy: "Load the page again.", field: "" };
  const lost = words.code === "UNREACHABLE";
  return (
    <div className={styles.face} role="alert">
      {lost ? (
        <IconPlugConnectedX size={36} stroke={1.4} aria-hidden />
      ) : (
        <IconAlertTriangle size={36} stroke={1.4} aria-hidden />
      )}
      <Title order={2} className="wrap">
        {words.message}
      </Title>
      {words.remedy && (
        <Text className="dim wrap" maw={560}>
          {words.remedy}
        </Text>
      )}
      <Text className="dim mono" size="xs">
        {words.code}
        {words.field && ` · ${words.field}`}
      </Text>
      {retry && (
        <Button variant="default" size="xs" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** A strip above what is shown, where it is not all there is, or may be old. */
export function Partial({ children }: { readonly children: ReactNode }) {
  return (
    <div className={styles.partial} role="status">
      {children}
    </div>
  );
}

/** No page at this address. */
export function NotFound(): ReactNode {
  return (
    <Empty title="There is no such page" action={<Link to="/">Go home</Link>}>
      The address may be misspelled, or be of another version of Clew.
    </Empty>
  );
}
