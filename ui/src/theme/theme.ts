import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const thread: MantineColorsTuple = [
  "#eef3ff", "#dbe4fb", "#b4c6f4", "#8aa6ee", "#688ae8", "#4f74e2", "#3f66dc", "#2f5bd0", "#274db3", "#1d3f98",
]; // prettier-ignore

/** Mantine's greys of the dark scheme, from text to ground, in the tone of tokens.css. */
const dark: MantineColorsTuple = [
  "#e6e9ef", "#c5ccd8", "#9aa5b6", "#6d788b", "#465063", "#2a303c", "#1c212b", "#161a22", "#0f1218", "#0a0d12",
]; // prettier-ignore

/** Mantine, in our colours and density. */
export const theme = createTheme({
  primaryColor: "thread",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  colors: { thread, dark },
  defaultRadius: "sm",
  fontFamily: 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "JetBrains Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "1.25rem" }, h2: { fontSize: "1rem" }, h3: { fontSize: "0.875rem" } },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
});

/** Mantine's own tokens, from ours (tokens.css): one place says what dark, light and high contrast look like. */
export const resolver: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--clew-body)",
    "--mantine-color-text": "var(--clew-text)",
    "--mantine-color-dimmed": "var(--clew-dim)",
    "--mantine-color-default-border": "var(--clew-line)",
    "--mantine-color-default": "var(--clew-surface)",
    "--mantine-color-default-hover": "var(--clew-hover)",
    "--mantine-color-placeholder": "var(--clew-dim)",
    "--mantine-color-error": "var(--clew-bad)",
    "--mantine-color-anchor": "var(--clew-link)",
  };
  return { variables: shared, light: shared, dark: shared };
};
