/**
 * Owns how the page is built into dist/web, and the one promise about its weight: what a browser fetches before the
 * first screen, fonts included, stays under FIRST_LOAD_BYTES_MAX compressed, or the build fails.
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Design note on the face: a first load under 250 KB. Measured with gzip, which any server can do. */
const FIRST_LOAD_BYTES_MAX = 250_000;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Fonts of the Latin script come with the first screen; others only when a name needs them. */
function isFirstFont(fileName: string): boolean {
  return /-latin-\d{3}-normal.*\.woff2$/.test(fileName);
}

function weighFirstLoad(): Plugin {
  return {
    name: "waybill-weigh-first-load",
    generateBundle(_options, bundle) {
      const first = new Set<string>();
      const visit = (fileName: string): void => {
        const chunk = bundle[fileName];
        if (first.has(fileName) || chunk?.type !== "chunk") return;
        first.add(fileName);
        for (const css of chunk.viteMetadata?.importedCss ?? []) first.add(css);
        for (const imported of chunk.imports) visit(imported);
      };
      for (const item of Object.values(bundle)) {
        if (item.type === "chunk" && item.isEntry) visit(item.fileName);
        if (item.type === "asset" && isFirstFont(item.fileName)) first.add(item.fileName);
      }
      let total = 0;
      for (const fileName of first) {
        const item = bundle[fileName];
        if (item === undefined) continue;
        const source = item.type === "chunk" ? item.code : item.source;
        total += fileName.endsWith(".woff2") ? source.length : gzipSync(source).length;
      }
      this.info(
        `first load: ${(total / 1000).toFixed(1)} kB compressed, fonts included, in ${first.size} files`,
      );
      if (total > FIRST_LOAD_BYTES_MAX) this.error(`first load is above ${FIRST_LOAD_BYTES_MAX / 1000} kB`);
    },
  };
}

/** Puts a smaller copy beside each text file; the peer's server hands it to browsers that take it. */
function compressBeside(): Plugin {
  return {
    name: "waybill-compress-beside",
    async writeBundle({ dir }) {
      if (dir === undefined) return;
      for (const name of await readdir(dir, { recursive: true })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const path = join(dir, name);
        await writeFile(`${path}.br`, brotliCompressSync(await readFile(path)));
      }
    },
  };
}

/**
 * What the page shares with the peer must not reach for Node: package.json gives it other files by the condition
 * `browser`. A way around that would only fail in somebody's browser, so the build fails instead.
 */
function refuseNode(): Plugin {
  return {
    name: "waybill-refuse-node",
    enforce: "pre",
    resolveId(source, importer) {
      if (!/^node:|^@napi-rs\/|^sodium-native$/.test(source)) return;
      this.error(`${source} cannot run in a browser; imported by ${importer ?? "the page"}`);
    },
  };
}

export default defineConfig({
  root: here("."),
  base: "/",
  plugins: [react(), refuseNode(), weighFirstLoad(), compressBeside()],
  worker: { format: "es", plugins: () => [refuseNode()] },
  build: {
    outDir: here("../dist/web"),
    emptyOutDir: true,
    target: ["chrome123", "firefox120", "safari17.5"],
    // The page runs under a policy that allows no `data:` fonts; files are also cached one by one.
    assetsInlineLimit: 0,
    // Two places are fetched when first opened; a warning about their size would say nothing.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
