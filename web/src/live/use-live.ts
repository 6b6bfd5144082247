/** Owns the hooks by which places read what the page holds. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Answered, Connection } from "#api/client.ts";
import type { Problem } from "#base/result.ts";
import type { Desk } from "./desk.ts";
import { follow, loadDesk, loadHistory, queries, Refused, valueIn } from "./feed.ts";
import type { History } from "./history.ts";
import { client } from "./session.ts";
import { currentUploads, subscribeUploads, type Upload } from "./uploads.ts";

/** How often ages ("5 s ago") are written anew. */
const AGE_PERIOD_MS = 5_000;

/** Any fault as something that can be shown. What is not a refusal is a fault of this page. */
export function problemOf(error: unknown): Problem | null {
  if (error === null || error === undefined) return null;
  if (error instanceof Refused) return error.problem;
  return {
    code: "page-fault",
    cause: error instanceof Error ? error.message : String(error),
    nextStep: "Reload the page.",
  };
}

export function useDeskQuery() {
  return useQuery({ queryKey: ["desk"], queryFn: loadDesk });
}

/** For places, which are drawn only once the desk is there. */
export function useDesk(): Desk {
  const { data } = useDeskQuery();
  if (data === undefined) throw new Error("a place was drawn before the desk was read");
  return data;
}

export function useHistory(peerId: string) {
  return useQuery<History>({ queryKey: ["history", peerId], queryFn: () => loadHistory(peerId) });
}

export function useSlip(id: string) {
  return useQuery({ queryKey: ["slip", id], queryFn: async () => valueIn(await client.slip(id)) });
}

export function useSlipFiles(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ["slip-files", id],
    queryFn: async () => valueIn(await client.slipFiles(id)),
    enabled,
  });
}

export function useBlock(heightOrId: string) {
  return useQuery({
    queryKey: ["block", heightOrId],
    queryFn: async () => valueIn(await client.block(heightOrId)),
  });
}

export function useTransaction(id: string) {
  return useQuery({
    queryKey: ["transaction", id],
    queryFn: async () => valueIn(await client.transaction(id)),
  });
}

export function useWallet() {
  return useQuery({ queryKey: ["wallet"], queryFn: async () => valueIn(await client.wallet()) });
}

/** Something a person asked for: what it waits for and why it was refused stay beside its button. */
export function useAction<Input, Value>(
  act: (input: Input) => Promise<Answered<Value>>,
  onDone?: (value: Value) => void,
) {
  const mutation = useMutation({
    mutationFn: async (input: Input) => valueIn(await act(input)),
    ...(onDone === undefined ? {} : { onSuccess: onDone }),
  });
  return {
    run: (input: Input) => mutation.mutate(input),
    running: mutation.isPending,
    /** What was asked for and is not answered yet: a switch already shows it. */
    asked: mutation.isPending ? mutation.variables : undefined,
    problem: problemOf(mutation.error),
    done: mutation.isSuccess,
    value: mutation.data,
    clear: mutation.reset,
  };
}

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(subscribeUploads, currentUploads);
}

/** Follows the event stream once the desk is there. */
export function useFollow(ready: boolean): Connection {
  const [connection, setConnection] = useState<Connection>({ state: "open" });
  useEffect(() => {
    if (!ready) return;
    const abort = new AbortController();
    void follow(abort.signal, setConnection);
    return () => abort.abort();
  }, [ready]);
  return connection;
}

/** The time, renewed every few seconds while the page is looked at. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, AGE_PERIOD_MS);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** The page's title, with the place first. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Waybill`;
  }, [title]);
}

export { queries };
