/** Owns how a text becomes a QR code: as rows of dark and light, and as a picture for the page. Pure. */
import { encodeQR } from "qr";

/** Light modules around the code, as the standard asks for, so that cameras find it. */
const BORDER_MODULES = 4;
/** Least correction: it is shown on screens, which are neither torn nor dirty, and stays as small as can be. */
const OPTIONS = { ecc: "low", border: BORDER_MODULES } as const;

/** Rows of modules, border included; true is dark. */
export function qrModules(text: string): readonly (readonly boolean[])[] {
  return encodeQR(text, "raw", OPTIONS);
}

/** An SVG document: dark on nothing; whoever shows it puts something light behind. */
export function qrSvg(text: string): string {
  return encodeQR(text, "svg", OPTIONS);
}
