/**
 * Owns the types of the slice of the package `ws` that web-port.ts uses: the package brings none of its own.
 */
declare module "ws" {
  import type { IncomingMessage } from "node:http";
  import type { Duplex } from "node:stream";

  export interface WebSocket {
    /** Bytes handed to `send` that the system has not taken yet. */
    readonly bufferedAmount: number;
    send(data: Uint8Array, sent: (error?: Error) => void): void;
    close(code?: number): void;
    /** Ends the connection without a word. */
    terminate(): void;
    /** Stops reading from the socket; only while the connection is open. */
    pause(): void;
    resume(): void;
    readonly readyState: number;
    on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
    on(event: "close", listener: (code: number) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
  }

  export class WebSocketServer {
    constructor(options: {
      readonly noServer: true;
      readonly clientTracking: boolean;
      readonly perMessageDeflate: boolean;
      /** Bytes of one message; larger ones end the connection. */
      readonly maxPayload: number;
    });
    readonly clients: Set<WebSocket>;
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      done: (socket: WebSocket) => void,
    ): void;
    close(): void;
  }
}
