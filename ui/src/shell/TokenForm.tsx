import { Button, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";

import { setToken } from "../api/token";

/** Asks for the server's token, which this tab keeps until it is closed. */
export function TokenForm({ wrong }: { readonly wrong: boolean }) {
  const [value, setValue] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setToken(value);
  };
  return (
    <form onSubmit={submit}>
      <Stack maw={380} mx="auto" mt={80} p="md">
        <Title order={1}>This server asks for a token</Title>
        <Text className="dim">It was started with CLEW_TOKEN. The token stays in this tab until it is closed.</Text>
        <PasswordInput
          label="Token"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          error={wrong ? "The server does not take this token." : undefined}
          data-autofocus
          autoFocus
        />
        <Button type="submit" disabled={!value.trim()}>
          Go on
        </Button>
      </Stack>
    </form>
  );
}
