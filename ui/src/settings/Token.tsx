import { Button, Group, PasswordInput } from "@mantine/core";
import { type SubmitEvent, useState } from "react";

import { authorization, setToken } from "../api/token";
import { done } from "../shell/toast";

/** The token that this tab sends with every request. */
export function Token() {
  const [value, setValue] = useState("");
  const [given, setGiven] = useState(() => "Authorization" in authorization());
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!value.trim()) return;
    setToken(value);
    setValue("");
    setGiven(true);
    done("The token is sent from now on.");
  };
  const forget = () => {
    setToken("");
    setGiven(false);
    done("The token is forgotten.");
  };
  return (
    <form onSubmit={submit}>
      <PasswordInput
        label="Token"
        description={
          given
            ? "A token is sent with every request of this tab, and forgotten when the tab is closed."
            : "No token is sent. A server that was started with CLEW_TOKEN asks for it."
        }
        placeholder={given ? "Another token" : "The server's token"}
        autoComplete="off"
        maw={420}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      <Group gap="xs" mt="xs">
        <Button type="submit" size="xs" variant="default" disabled={!value.trim()}>
          Use it
        </Button>
        {given && (
          <Button size="xs" variant="default" onClick={forget}>
            Forget it
          </Button>
        )}
      </Group>
    </form>
  );
}
