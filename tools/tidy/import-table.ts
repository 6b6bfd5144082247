/**
 * The import table: which folder may know which. The only place where it is written as data; docs/architecture.md
 * shows it, and a test compares the two. To change a row is to change the architecture: write down why.
 */

export interface Row {
  /** Folders of src/, or single files of them (`api/client.ts`), that may be imported. */
  readonly may: readonly string[];
  /** The same, for `import type` alone. */
  readonly types: readonly string[];
  /** Packages; a `*` at the end stands for anything. */
  readonly packages: readonly string[];
  /** Whether modules of Node may be imported. */
  readonly node: boolean;
}

const row = (row: Partial<Row>): Row => ({ may: [], types: [], packages: [], node: true, ...row });

export const IMPORT_TABLE: Readonly<Record<string, Row>> = {
  base: row({ node: false }),
  crypto: row({
    may: ["base"],
    packages: [
      "@noble/curves/*",
      "@noble/hashes/*",
      "@napi-rs/blake-hash",
      "@scure/bip39/*",
      "multiformats/*",
      "sodium-native",
    ],
  }),
  ports: row({ types: ["base"], node: false }),
  ledger: row({ may: ["base", "crypto"], node: false }),
  receipts: row({ may: ["base", "crypto", "ledger"], node: false }),
  mining: row({ may: ["base", "crypto", "ledger"] }),
  chain: row({ may: ["base", "crypto", "ledger", "receipts"], types: ["ports"], node: false }),
  anchoring: row({ may: ["base", "crypto", "ledger", "receipts"], types: ["ports"], node: false }),
  messaging: row({ may: ["base", "crypto", "receipts"], types: ["ports"], node: false }),
  transfer: row({ may: ["base", "crypto", "receipts"], types: ["ports"] }),
  people: row({ may: ["base", "crypto"], types: ["ports"], node: false }),
  invites: row({ may: ["base", "crypto"], types: ["ports"] }),
  storage: row({
    may: ["base", "ledger", "receipts"],
    types: ["chain", "anchoring", "messaging", "transfer", "people", "invites", "net"],
  }),
  net: row({
    may: ["base", "crypto"],
    types: ["ports"],
    packages: [
      ...["libp2p", "@libp2p/*", "@multiformats/*", "multiformats/*"],
      ...["node-datachannel", "node-datachannel/*", "ws"],
    ],
  }),
  doctor: row({ may: ["base", "crypto"], types: ["ports", "net"] }),
  tracker: row({
    may: ["base", "crypto", "net"],
    types: ["ports"],
    packages: ["@hono/node-server", "hono", "hono/*"],
  }),
  node: row({
    may: [
      ...["base", "crypto", "ports", "ledger", "receipts", "mining", "chain", "anchoring", "messaging"],
      ...["transfer", "people", "invites", "storage", "net", "doctor", "tracker"],
    ],
    types: ["api/views.ts"],
    packages: ["pino", "qr"],
  }),
  api: row({
    may: ["base"],
    types: ["ports", "node/facade.ts"],
    packages: ["@hono/zod-openapi", "@hono/node-server", "hono", "hono/*"],
  }),
  cli: row({
    may: [
      "base",
      "crypto/blake3.ts",
      "receipts",
      "node",
      "api/server.ts",
      "api/client.ts",
      "api/api-file.ts",
    ],
    types: ["api/views.ts"],
    packages: ["commander", "qr"],
  }),
  /** Files of genesis: data that the page has with it. */
  networks: row({ node: false }),
  web: row({
    may: ["ledger", "receipts", "api/client.ts", "networks"],
    types: ["base", "api/views.ts"],
    packages: [
      "react",
      "react/*",
      "react-dom/*",
      "@mantine/*",
      "@tanstack/*",
      "@fontsource/*",
      "vite/client",
    ],
    node: false,
  }),
};

/** The table as docs/architecture.md shows it. */
export function renderTable(table: Readonly<Record<string, Row>> = IMPORT_TABLE): string {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  const lines = Object.entries(table).map(([folder, { may, types, packages, node }]) => {
    const cells = [
      code(may) || "nothing of ours",
      code(types) || "–",
      code(packages) || "–",
      node ? "yes" : "no",
    ];
    return `| \`${folder}\` | ${cells.join(" | ")} |`;
  });
  return [
    "| Folder | may import | types alone | packages | Node's modules |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
