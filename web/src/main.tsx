/** Starts the page. */
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries } from "./live/feed.ts";
import { applyTheme } from "./me/theme.ts";
import { router } from "./router.tsx";
import "./look/fonts.css";
import "./look/tokens.css";
import "./look/base.css";
import "./shell/shell.css";

applyTheme();
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
