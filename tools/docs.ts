/** `npm run docs`: writes the pages that are made from the code. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { renderPages } from "./tidy/pages.ts";

const root = resolve(import.meta.dirname, "..");
for (const page of renderPages(root)) {
  writeFileSync(join(root, page.path), page.content);
  console.log(page.path);
}
