/** Owns the few signs of the page: one stroke, no fill, beside a word that says the same. */
const PATHS = {
  chats: "M4 5h16v11H10l-4 4v-4H4z",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.6-4 3-6 6.5-6s5.9 2 6.5 6M16 4.5a3.2 3.2 0 0 1 0 6.2M18 14.3c2 .8 3.2 2.7 3.5 5.7",
  ledger: "M4 16.5h16M4 20.5h16M5 8.5h14v4.5H5zM7.5 3.5h9v5h-9z",
  attach:
    "M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.4a1.7 1.7 0 0 1-2.4-2.4l7.7-7.7",
  folder: "M3 6h6l2 2.5h10V19H3z",
  back: "M15 5l-7 7 7 7",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
} as const;

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
