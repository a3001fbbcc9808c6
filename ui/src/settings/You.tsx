import { TextInput } from "@mantine/core";
import { useState } from "react";

import { keepActor, knownActor } from "../kit/actor";

/** The name that is recorded with what the reader does. */
export function You() {
  const [name, setName] = useState(knownActor);
  return (
    <TextInput
      label="Name"
      description="Recorded as the actor of what you do here, such as taking a result out of the cache. This browser keeps it."
      maw={420}
      value={name}
      onChange={(event) => {
        setName(event.currentTarget.value);
        keepActor(event.currentTarget.value);
      }}
    />
  );
}
