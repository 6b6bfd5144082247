/**
 * Owns the way to the peer of this page: the token, which arrives in the fragment of the URL and is then kept in
 * this browser, and the one client that uses it. The fragment never leaves the browser; it is taken out of the
 * address bar so that it does not stay in the history.
 */
import { type Client, type ClientDependencies, createClient } from "#api/client.ts";

const TOKEN_KEY = "waybill.token";

/** Resolves after the delay, or at once when the signal is aborted. */
export function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = window.setTimeout(done, delayMs);
    function done(): void {
      window.clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}

/** The token in a fragment (`#token=…`), a whole URL, or pasted bare; `null` when there is none. */
export function tokenIn(text: string): string | null {
  const named = /[#?&]token=([\w-]+)/.exec(text)?.[1];
  if (named !== undefined) return named;
  return /^[\w-]{16,}$/.test(text.trim()) ? text.trim() : null;
}

function takeToken(): string | null {
  const fresh = window.location.hash.startsWith("#token=") ? tokenIn(window.location.hash) : null;
  if (fresh === null) return window.localStorage.getItem(TOKEN_KEY);
  window.localStorage.setItem(TOKEN_KEY, fresh);
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return fresh;
}

export function keepToken(token: string): void {
  window.localStorage.setItem(TOKEN_KEY, token);
}

export const token: string | null = takeToken();

export function clientWith(dependencies: ClientDependencies): Client {
  return createClient({ origin: window.location.origin, token: token ?? "" }, dependencies);
}

export const client: Client = clientWith({ fetch: (url, init) => window.fetch(url, init), wait });
