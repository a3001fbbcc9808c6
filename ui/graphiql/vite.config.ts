import { defineConfig } from "vite";

// The server serves what is built here under /graphiql/, and its index.html at /graphql.
export default defineConfig({
  base: "/graphiql/",
  build: {
    outDir: "../../api/graphql/graphiql",
    emptyOutDir: true,
    chunkSizeWarningLimit: 8192,
    license: { fileName: "licenses.md" }, // of what the bundle holds, shipped beside it
    rolldownOptions: {
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log); // "use client" means nothing here
      },
    },
    assetsInlineLimit: 0, // the page's Content-Security-Policy allows files of the server only
  },
  worker: { format: "es" },
});
