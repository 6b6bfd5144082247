/** Owns one-at-a-time execution: tasks run in the order in which they were added, each after the last settled. */

export class TaskQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #limit: number;

  /** @param limit how many tasks may wait; `run` refuses more, so that a flood cannot grow memory. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** `null` when the queue is full, else the promise of the task's own outcome. */
  run<Value>(task: () => Promise<Value>): Promise<Value> | null {
    if (this.#waiting >= this.#limit) return null;
    this.#waiting += 1;
    const outcome = this.#tail.then(task).finally(() => {
      this.#waiting -= 1;
    });
    this.#tail = outcome.catch(() => undefined);
    return outcome;
  }

  /** Resolves when all that was added so far has settled. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
