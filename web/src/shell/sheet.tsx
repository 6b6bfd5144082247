/** Owns the sheet: one column for one thing, with the way back on top of it. */
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ReactNode } from "react";
import { Icon } from "./icon.tsx";
import "./sheet.css";

/** The way back to where this is listed. */
export const BackLink = createLink(function BackAnchor(properties: AnchorHTMLAttributes<HTMLAnchorElement>) {
  const { children, ...rest } = properties;
  return (
    <a {...rest} className="back-link small">
      <Icon name="back" /> {children}
    </a>
  );
});

export function Sheet({ back, children }: { readonly back?: ReactNode; readonly children: ReactNode }) {
  return (
    <div className="sheet">
      {back !== undefined && <p>{back}</p>}
      {children}
    </div>
  );
}
