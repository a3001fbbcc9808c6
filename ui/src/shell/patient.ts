const PAUSE_MS = 1000;
const LOST = /dynamically imported module|importing a module script|preload CSS|failed to load/i;

/** Load a part of the pages; where the server is gone, again until it is back: what is shown meanwhile stays. */
export async function patient<Part>(load: () => Promise<Part>): Promise<Part> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof Error && LOST.test(error.message))) throw error; // it was loaded, and is broken
    }
    do await new Promise((go) => setTimeout(go, PAUSE_MS));
    while (styleAgain());
  }
}

/** Ask again for style sheets that did not come; whether there are any. */
function styleAgain(): boolean {
  const missing = [...document.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")].filter((link) => !link.sheet);
  for (const link of missing) link.replaceWith(link.cloneNode());
  return missing.length > 0;
}
