/**
 * Messaging: conversations of text between two peers. Owns the outbox, the order of messages and their receipts.
 * Does not know people, transfers or the ledger. Wire format: spec/messaging.md.
 */
export { type MessagingDependencies, type MessagingOptions, openMessaging } from "./shell.ts";
export type { MessageStore, NewMessage } from "./store.ts";
export type { Message, MessageHistoryQuery, MessageState, Messaging, MessagingEvent } from "./types.ts";
