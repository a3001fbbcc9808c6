import { Title } from "@mantine/core";

import { About } from "./About";
import { Looks } from "./Looks";
import { SavedFilters } from "./SavedFilters";
import styles from "./settings.module.css";
import { Token } from "./Token";
import { You } from "./You";

/** Settings: how the pages look, what this browser keeps, and what the server is. */
export function SettingsView() {
  return (
    <div className={styles.view}>
      <h1 className="unseen">Settings</h1>
      <section className={`card ${styles.card ?? ""}`} aria-labelledby="looks">
        <Title order={2} id="looks">
          Looks
        </Title>
        <Looks />
      </section>
      <section className={`card ${styles.card ?? ""}`} aria-labelledby="you">
        <Title order={2} id="you">
          You
        </Title>
        <You />
        <Token />
      </section>
      <section className={`card ${styles.card ?? ""}`} aria-labelledby="filters">
        <Title order={2} id="filters">
          Saved filters
        </Title>
        <SavedFilters />
      </section>
      <section className={`card ${styles.card ?? ""}`} aria-labelledby="about">
        <Title order={2} id="about">
          About
        </Title>
        <About />
      </section>
    </div>
  );
}
