/**
 * Invites: two people who hold one secret find each other and keep each other as verified contacts. Owns the secrets,
 * their links and words, and the proof on both sides. Does not know people, nor how peers are reached. Format and
 * protocol: spec/invite.md.
 */
export type { InviteDependencies, InviteOptions } from "./invites.ts";
export { openInvites } from "./invites.ts";
export type { InviteStore, StoredInvite } from "./store.ts";
export type { Invite, InviteReach, InviteState, Invites, KeepVerified } from "./types.ts";
