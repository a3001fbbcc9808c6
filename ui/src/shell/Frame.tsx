import { ActionIcon, Burger, Drawer, Tooltip, useMantineColorScheme, useComputedColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useMemo } from "react";

import { listen } from "../api/live";
import { refused } from "../api/token";
import { useStore } from "../api/store";
import { Crumbs } from "./Crumbs";
import { Banner } from "./Banner";
import { useEmbedding } from "./embed";
import { Loading } from "./faces";
import styles from "./Frame.module.css";
import { type Key, listenToKeys, useKeys } from "./keys";
import { Namespace } from "./Namespace";
import { Nav } from "./Nav";
import { pages } from "./pages";
import { useEmbedded } from "./place";
import { TokenForm } from "./TokenForm";

const Palette = lazy(() => import("./Palette").then(({ Palette }) => ({ default: Palette })));
const KeyList = lazy(() => import("./KeyList").then(({ KeyList }) => ({ default: KeyList })));

/** Around every page: navigation, breadcrumbs, search, the keyboard, and how the server stands. */
export function Frame(): ReactNode {
  const embed = useEmbedded();
  const [menu, setMenu] = useDisclosure(false);
  const [palette, setPalette] = useDisclosure(false);
  const [help, setHelp] = useDisclosure(false);
  const token = useStore(refused);
  useEmbedding(embed);
  useGlobalKeys(setPalette.open, setHelp.open);
  return (
    <div className={styles.frame} data-embed={embed || undefined}>
      <a className={styles.skip} href="#page">
        Skip to the page
      </a>
      {!embed && (
        <aside className={styles.side}>
          <Nav />
        </aside>
      )}
      <header className={styles.top}>
        {!embed && (
          <Burger className={styles.burger} opened={menu} onClick={setMenu.toggle} size="sm" aria-label="Navigation" />
        )}
        <Crumbs />
        <div className={styles.tools}>
          <button className={styles.find} type="button" onClick={setPalette.open}>
            <IconSearch size={15} aria-hidden />
            <span>Search</span>
            <kbd>Ctrl K</kbd>
          </button>
          {!embed && <Namespace />}
          <SchemeButton />
        </div>
      </header>
      <main className={styles.page} id="page" tabIndex={-1}>
        <Banner />
        {token ? (
          <TokenForm wrong={token === "wrong"} />
        ) : (
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        )}
      </main>
      <Drawer
        opened={menu}
        onClose={setMenu.close}
        size={260}
        title="Clew"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Nav onGo={setMenu.close} />
      </Drawer>
      <Suspense>
        {palette && <Palette onClose={setPalette.close} onHelp={setHelp.open} />}
        {help && <KeyList onClose={setHelp.close} />}
      </Suspense>
    </div>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? "Light theme" : "Dark theme";
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size={32}
        aria-label={label}
        onClick={() => setColorScheme(dark ? "light" : "dark")}
      >
        {dark ? <IconSun size={16} /> : <IconMoon size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

function useGlobalKeys(search: () => void, help: () => void) {
  const navigate = useNavigate();
  const keys = useMemo<readonly Key[]>(
    () => [
      { key: "mod+k", what: "Search everything", act: search },
      { key: "?", what: "List the keys", act: help },
      ...pages.map((page) => ({
        key: `g ${page.key}`,
        what: `Go to ${page.label}`,
        act: () => {
          if (page.outside) window.location.assign(page.to);
          else void navigate({ to: page.to });
        },
      })),
    ],
    [navigate, search, help],
  );
  useKeys("Everywhere", keys);
  useEffect(listenToKeys, []);
  useEffect(listen, []);
}
