import "@mantine/core/styles.css";
import "./theme/tokens.css";
import "./theme/page.css";

import { MantineProvider } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";

import { client } from "./api/client";
import { router } from "./shell/router";
import { applyLooks, schemeManager } from "./theme/looks";
import { resolver, theme } from "./theme/theme";

applyLooks();
const root = document.getElementById("clew");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={resolver}
        colorSchemeManager={schemeManager}
        defaultColorScheme="auto"
      >
        <Provider value={client}>
          <RouterProvider router={router} />
        </Provider>
      </MantineProvider>
    </StrictMode>,
  );
}
