import { Input, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { type ReactNode, useId } from "react";

import { useStore } from "../api/store";
import { looks, setLooks } from "../theme/looks";
import styles from "./settings.module.css";

/** Light or dark, how much contrast, how dense; the browser keeps it. */
export function Looks() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const now = useStore(looks);
  return (
    <>
      <Choice label="Theme">
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={colorScheme}
            onChange={setColorScheme}
            data={[
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
              { value: "auto", label: "As the system" },
            ]}
          />
        )}
      </Choice>
      <Choice label="Contrast">
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={now.contrast}
            onChange={(contrast) => setLooks({ ...now, contrast })}
            data={[
              { value: "auto", label: "As the system" },
              { value: "more", label: "More" },
            ]}
          />
        )}
      </Choice>
      <Choice label="Density">
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={now.density}
            onChange={(density) => setLooks({ ...now, density })}
            data={[
              { value: "comfortable", label: "Comfortable" },
              { value: "compact", label: "Compact" },
            ]}
          />
        )}
      </Choice>
    </>
  );
}

function Choice({ label, children }: { readonly label: string; readonly children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className={styles.choice}>
      <Input.Label id={id} component="span">
        {label}
      </Input.Label>
      {children(id)}
    </div>
  );
}
