/** Owns how the browser is made to save something: the page itself never touches a disk. */

/** Long enough for any browser to have taken the bytes over. */
const URL_LIFETIME_MS = 60_000;

export function saveFrom(url: string, fileName = ""): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  document.body.append(link);
  link.click();
  link.remove();
}

export function saveBytes(fileName: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  saveFrom(url, fileName);
  window.setTimeout(() => URL.revokeObjectURL(url), URL_LIFETIME_MS);
}
