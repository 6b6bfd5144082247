/**
 * Owns the check of many signatures on several cores. Batches wait in one line; each thread has at most two at hand,
 * and the asking thread takes from the same line between its other turns, so that all cores end together. A thread
 * that dies gives back what it had, and the line goes on without it.
 *
 *     check ─▶ line of batches ─▶ threads (two at hand each) ─▶ verdicts
 *                     └────────▶ this thread, one at a turn ──┘
 */
import {
  BATCH_MESSAGE_BYTES_MAX,
  BATCHES_PER_THREAD_MAX,
  SIGNATURE_BATCH,
  SIGNATURE_THREAD_DEATHS_MAX,
  SIGNATURE_THREAD_IDLE_MS,
  SIGNATURES_WAITING_MAX,
} from "./limits.ts";
import { isPackable, packItems } from "./signature-batch.ts";
import { inThreadSignatureChecker, type SignatureChecker, type SignatureItem } from "./signature-checker.ts";

export interface BatchRequest {
  readonly id: number;
  readonly packed: Uint8Array<ArrayBuffer>;
}

export interface BatchAnswer {
  readonly id: number;
  readonly verdicts: Uint8Array<ArrayBuffer>;
}

/** The part of `node:worker_threads` Worker that is used here. */
export interface SignatureThread {
  postMessage(request: BatchRequest, transfer: readonly ArrayBuffer[]): void;
  on(event: "message", listener: (answer: BatchAnswer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  terminate(): Promise<unknown>;
  /** Whether the process lives on while the thread does: only as long as somebody awaits its answer. */
  ref(): void;
  unref(): void;
}

export interface SignatureThreadsDependencies {
  /** The part of a clock that is used here: an idle thread is ended after a while. */
  readonly clock: { after(delayMs: number, task: () => void): { cancel(): void } };
  readonly startThread: () => SignatureThread;
  /** Why a thread died. */
  readonly onFault: (error: unknown) => void;
}

/** @param threads started when first there is work for them; 0: all is done on the calling thread. */
export function openThreadedSignatureChecker(
  options: { readonly threads: number },
  dependencies: SignatureThreadsDependencies,
): SignatureChecker {
  return new ThreadedChecker(options.threads, dependencies);
}

/** A call of `check` that is not answered yet. */
interface Call {
  readonly verdicts: boolean[];
  left: number;
  readonly resolve: (verdicts: readonly boolean[]) => void;
}

interface Batch {
  readonly call: Call;
  readonly items: readonly SignatureItem[];
  /** Place of the first item among the verdicts of the call. */
  readonly from: number;
}

interface Running {
  readonly thread: SignatureThread;
  readonly batches: Map<number, Batch>;
  idle: { cancel(): void } | null;
}

class ThreadedChecker implements SignatureChecker {
  readonly #threads: number;
  readonly #dependencies: SignatureThreadsDependencies;
  readonly #here = inThreadSignatureChecker();
  readonly #running = new Set<Running>();
  readonly #line: Batch[] = [];
  #waiting = 0;
  #lastId = 0;
  /** Since the last answer of any thread. */
  #deaths = 0;
  #helping: Promise<void> | null = null;
  #unanswered = 0;
  #emptied: (() => void) | null = null;
  #closed = false;

  constructor(threads: number, dependencies: SignatureThreadsDependencies) {
    this.#threads = threads;
    this.#dependencies = dependencies;
  }

  async check(items: readonly SignatureItem[]): Promise<readonly boolean[]> {
    if (this.#closed) throw new Error("signatures asked about after close");
    // Fewer are done before a thread would have heard of them.
    if (items.length < SIGNATURE_BATCH) return await this.#here.check(items);
    if (this.#waiting + items.length > SIGNATURES_WAITING_MAX) {
      throw new Error(`more than ${SIGNATURES_WAITING_MAX} signatures wait for their check`);
    }
    const answered = new Promise<readonly boolean[]>((resolve) => {
      const call: Call = {
        verdicts: new Array<boolean>(items.length).fill(false),
        left: items.length,
        resolve,
      };
      for (let from = 0; from < items.length; from += SIGNATURE_BATCH) {
        this.#line.push({ call, items: items.slice(from, from + SIGNATURE_BATCH), from });
      }
    });
    this.#waiting += items.length;
    this.#unanswered += 1;
    this.#feed();
    this.#helping ??= this.#help();
    return await answered;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#unanswered > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    const ended = [...this.#running].map(({ thread, idle }) => {
      idle?.cancel();
      return thread.terminate();
    });
    this.#running.clear();
    await Promise.all(ended);
  }

  /** Gives each thread what it may have at hand, and starts those that are missing. */
  #feed(): void {
    for (let round = 0; round < BATCHES_PER_THREAD_MAX; round++) {
      for (const running of this.#running) {
        if (running.batches.size <= round) this.#hand(running);
      }
      while (this.#line.length > 0 && this.#mayStart()) {
        const started = this.#start();
        if (started !== null) this.#hand(started);
      }
    }
  }

  #mayStart(): boolean {
    return this.#running.size < this.#threads && this.#deaths < SIGNATURE_THREAD_DEATHS_MAX;
  }

  #hand(running: Running): void {
    const at = this.#line.findIndex(isForThreads);
    const [batch] = at < 0 ? [] : this.#line.splice(at, 1);
    if (batch === undefined) return;
    running.idle?.cancel();
    running.thread.ref();
    this.#lastId += 1;
    running.batches.set(this.#lastId, batch);
    const packed = packItems(batch.items);
    running.thread.postMessage({ id: this.#lastId, packed }, [packed.buffer]);
  }

  #start(): Running | null {
    let thread: SignatureThread;
    try {
      thread = this.#dependencies.startThread();
    } catch (error) {
      this.#deaths += 1;
      this.#dependencies.onFault(error);
      return null;
    }
    const running: Running = { thread, batches: new Map(), idle: null };
    this.#running.add(running);
    thread.on("message", (answer) => this.#answered(running, answer));
    thread.on("error", (error) => this.#died(running, error));
    thread.on("exit", () => this.#died(running, new Error("the thread ended by itself")));
    return running;
  }

  #answered(running: Running, { id, verdicts }: BatchAnswer): void {
    const batch = running.batches.get(id);
    if (batch === undefined) return;
    running.batches.delete(id);
    this.#deaths = 0;
    this.#settle(
      batch,
      Array.from(verdicts, (verdict) => verdict === 1),
    );
    this.#feed();
    if (running.batches.size === 0) this.#endWhenIdle(running);
  }

  /** What it had goes to the head of the line, where this thread or the next one takes it. */
  #died(running: Running, error: Error): void {
    if (!this.#running.delete(running)) return;
    running.idle?.cancel();
    this.#deaths += 1;
    this.#dependencies.onFault(error);
    this.#line.unshift(...running.batches.values());
    if (this.#line.length === 0) return;
    this.#feed();
    this.#helping ??= this.#help();
  }

  #endWhenIdle(running: Running): void {
    running.thread.unref();
    running.idle?.cancel();
    running.idle = this.#dependencies.clock.after(SIGNATURE_THREAD_IDLE_MS, () => {
      if (running.batches.size > 0 || !this.#running.delete(running)) return;
      running.thread.terminate().catch(this.#dependencies.onFault);
    });
  }

  /** A batch at a turn, and whoever else waits for this thread between. */
  async #help(): Promise<void> {
    try {
      for (let batch = this.#line.shift(); batch !== undefined; batch = this.#line.shift()) {
        this.#settle(batch, await this.#here.check(batch.items));
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.#helping = null;
    }
  }

  #settle({ call, from }: Batch, verdicts: readonly boolean[]): void {
    for (const [at, verdict] of verdicts.entries()) call.verdicts[from + at] = verdict;
    call.left -= verdicts.length;
    this.#waiting -= verdicts.length;
    if (call.left > 0) return;
    call.resolve(call.verdicts);
    this.#unanswered -= 1;
    if (this.#unanswered === 0) this.#emptied?.();
  }
}

/** The asking thread takes the rest itself: what is malformed costs nothing, and what is huge is not worth moving. */
function isForThreads({ items }: Batch): boolean {
  const bytes = items.reduce((sum, { message }) => sum + message.length, 0);
  return bytes <= BATCH_MESSAGE_BYTES_MAX && items.every(isPackable);
}
