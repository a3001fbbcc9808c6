import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Two pages: the explorer at /, GraphiQL at /graphql. The server serves dist/ (clew.ui), its assets under /assets/.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    target: "es2022",
    assetsInlineLimit: 0, // the pages' Content-Security-Policy allows files of the server only
    chunkSizeWarningLimit: 8192, // GraphiQL's editor; what the explorer may weigh is checked by tests/ui
    license: { fileName: "licenses.md" }, // of what the bundles hold, shipped beside them
    manifest: true, // by which the tests weigh what a first load brings
    rolldownOptions: {
      input: { index: "index.html", graphiql: "graphiql.html" },
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log); // "use client" means nothing here
      },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/graphql": { target: process.env.CLEW_SERVER ?? "http://127.0.0.1:8420", ws: true } } },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"], environment: "node" },
});
