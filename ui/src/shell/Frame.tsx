import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMenu2, IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";

import { listen } from "../api/live";
import { refused } from "../api/token";
import { useStore } from "../api/store";
import { Crumbs } from "./Crumbs";
import { Banner } from "./Banner";
import { useEmbedding } from "./embed";
import { Loading } from "./faces";
import styles from "./Frame.module.css";
import { type Key, listenToKeys, useKeys } from "./keys";
import { Nav } from "./Nav";
import { pages } from "./pages";
import { patient } from "./patient";
import { useEmbedded } from "./place";
import { toasts } from "./toast";

const TokenForm = lazy(() => patient(() => import("./TokenForm")).then(({ TokenForm }) => ({ default: TokenForm })));
const Palette = lazy(() => patient(() => import("./Palette")).then(({ Palette }) => ({ default: Palette })));
const Menu = lazy(() => patient(() => import("./Menu")).then(({ Menu }) => ({ default: Menu })));
const Toasts = lazy(() => patient(() => import("./Toasts")).then(({ Toasts }) => ({ default: Toasts })));
const Namespace = lazy(() => patient(() => import("./Namespace")).then(({ Namespace }) => ({ default: Namespace })));
const KeyList = lazy(() => patient(() => import("./KeyList")).then(({ KeyList }) => ({ default: KeyList })));

/** Around every page: navigation, breadcrumbs, search, the keyboard, and how the server stands. */
export function Frame(): ReactNode {
  const embed = useEmbedded();
  const [menu, setMenu] = useDisclosure(false);
  const [palette, setPalette] = useDisclosure(false);
  const [help, setHelp] = useDisclosure(false);
  const token = useStore(refused);
  const told = useTold();
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
          <button className={styles.burger} type="button" onClick={setMenu.toggle} aria-label="Navigation">
            <IconMenu2 size={20} aria-hidden />
          </button>
        )}
        <Crumbs />
        <div className={styles.tools}>
          <button className={styles.find} type="button" onClick={setPalette.open}>
            <IconSearch size={15} aria-hidden />
            <span>Search</span>
            <kbd>Ctrl K</kbd>
          </button>
          {!embed && (
            <Suspense fallback={<span className={styles.namespace} />}>
              <Namespace />
            </Suspense>
          )}
          <SchemeButton />
        </div>
      </header>
      <main className={styles.page} id="page" tabIndex={-1}>
        <Banner />
        <Suspense fallback={<Loading />}>{token ? <TokenForm wrong={token === "wrong"} /> : <Outlet />}</Suspense>
      </main>
      <Suspense>
        {menu && <Menu onClose={setMenu.close} />}
        {told && <Toasts />}
        {palette && <Palette onClose={setPalette.close} onHelp={setHelp.open} />}
        {help && <KeyList onClose={setHelp.close} />}
      </Suspense>
    </div>
  );
}

/** Whether anything was ever told: only then is there a place to tell it. */
function useTold(): boolean {
  const some = useStore(toasts).length > 0;
  const [ever, setEver] = useState(some);
  if (some && !ever) setEver(true);
  return ever;
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? "Light theme" : "Dark theme";
  return (
    <button
      className={styles.scheme}
      type="button"
      title={label}
      aria-label={label}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      {dark ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />}
    </button>
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
