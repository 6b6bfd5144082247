/** The log as features see it. A stranger must not be able to cause an unconditional line: use `debug` for those. */

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** A fault of ours: `error` is what was thrown. */
  fault(message: string, error: unknown, fields?: LogFields): void;
  child(area: string): Log;
}
