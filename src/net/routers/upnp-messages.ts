/**
 * Owns the few words of UPnP that are spoken to a router: the search (UPnP Device Architecture 1.1 section 1.3), the
 * description of the device, and three actions of WANIPConnection and WANPPPConnection (versions 1 and 2). Pure. What a
 * router sends is looked through for the few values that are needed, and anything odd about them is refused.
 */
import { isIPv4 } from "node:net";

export const SEARCH_TARGETS = [
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
] as const;

const SERVICES = [
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
] as const;

/** Where a router takes actions. */
export interface ControlPoint {
  readonly url: URL;
  readonly service: string;
}

export function searchRequest(target: string, host: string): Uint8Array {
  const lines = ["M-SEARCH * HTTP/1.1", `HOST: ${host}`, 'MAN: "ssdp:discover"', "MX: 1", `ST: ${target}`];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/**
 * Where the description of whoever answered a search is. It must be on the computer that answered: otherwise anybody
 * on the network could make this one call any other.
 */
export function locationOf(answer: Uint8Array, from: string): URL | null {
  const text = Buffer.from(answer).toString("latin1");
  if (!/^HTTP\/1\.[01] 200 /.test(text)) return null;
  const target = /^st:[ \t]*(\S+)[ \t]*\r?$/im.exec(text)?.[1];
  if (!SEARCH_TARGETS.some((each) => each === target)) return null;
  const location = /^location:[ \t]*(\S+)[ \t]*\r?$/im.exec(text)?.[1];
  const url = location === undefined ? null : URL.parse(location);
  return url !== null && url.protocol === "http:" && url.hostname === from ? url : null;
}

/** The control point in a description; null when it has none on the same computer. */
export function controlPointOf(description: string, location: URL): ControlPoint | null {
  const blocks = description.split("<service>").slice(1);
  const base = URL.parse(textOf(description, "URLBase") ?? location.href);
  for (const service of SERVICES) {
    const block = blocks.find((each) => textOf(each, "serviceType") === service);
    const path = block === undefined ? null : textOf(block, "controlURL");
    const url = path === null ? null : URL.parse(path, base?.href ?? location.href);
    if (url !== null && url.protocol === "http:" && url.hostname === location.hostname)
      return { url, service };
  }
  return null;
}

export function actionRequest(
  service: string,
  action: string,
  values: Readonly<Record<string, string>>,
): string {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${escaped(value)}</${name}>`);
  return (
    '<?xml version="1.0"?>\r\n' +
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
    `<u:${action} xmlns:u="${service}">${fields.join("")}</u:${action}></s:Body></s:Envelope>`
  );
}

/** The code by which a router refused an action; null when it did not say one. */
export function errorCodeOf(answer: string): number | null {
  const code = textOf(answer, "errorCode");
  return code !== null && /^\d{1,4}$/.test(code) ? Number(code) : null;
}

export function externalHostOf(answer: string): string | null {
  const host = textOf(answer, "NewExternalIPAddress");
  return host !== null && isIPv4(host) ? host : null;
}

/** The text of the first element of a name, whatever its namespace prefix. */
function textOf(xml: string, name: string): string | null {
  const match = new RegExp(`<(?:[A-Za-z][\\w-]{0,31}:)?${name}(?:\\s[^>]{0,256})?>([^<]{0,1024})</`).exec(
    xml,
  );
  if (match === null) return null;
  return unescaped((match[1] ?? "").trim());
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function unescaped(text: string): string {
  return text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, "&");
}
