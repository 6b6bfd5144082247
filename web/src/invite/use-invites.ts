/** Owns reading the invites: again now and then, because nobody tells of failed guesses and of time that ran out. */
import { useQuery } from "@tanstack/react-query";
import type { InviteView } from "#api/views.ts";
import { valueIn } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { queries } from "../live/use-live.ts";

/** How often the invites are read while they are looked at. */
const READ_PERIOD_MS = 5_000;
const KEY = ["invites"];

export function useInvites() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () => valueIn(await client.invites()),
    refetchInterval: READ_PERIOD_MS,
    refetchOnMount: "always",
  });
}

/** Puts an invite that the peer answered into what the page holds. */
export function keepInvite(invite: InviteView): void {
  queries.setQueryData<readonly InviteView[]>(KEY, (invites = []) => {
    const at = invites.findIndex(({ id }) => id === invite.id);
    return at < 0 ? [invite, ...invites] : invites.with(at, invite);
  });
}
