/** Owns the addresses of the page: each thing that can be looked at has one that can be reloaded. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { ChatsPlace, NoChat } from "./chats/chats-place.tsx";
import { Conversation } from "./chats/conversation.tsx";
import { Frame } from "./shell/frame.tsx";
import { NotHere } from "./shell/not-here.tsx";

const root = createRootRoute({ component: Frame, notFoundComponent: NotHere });

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/chats" });
  },
});

const chats = createRoute({ getParentRoute: () => root, path: "/chats", component: ChatsPlace });
const noChat = createRoute({ getParentRoute: () => chats, path: "/", component: NoChat });
const chat = createRoute({
  getParentRoute: () => chats,
  path: "$who",
  component: function ChatRoute() {
    const { who } = chat.useParams();
    return <Conversation key={who} who={who} />;
  },
});

const slip = createRoute({
  getParentRoute: () => root,
  path: "/slips/$id",
  component: lazyRouteComponent(() => import("./slip/slip-place.tsx"), "SlipPlace"),
});

const people = createRoute({
  getParentRoute: () => root,
  path: "/people",
  component: lazyRouteComponent(() => import("./people/people-place.tsx"), "PeoplePlace"),
});
const nobody = createRoute({
  getParentRoute: () => people,
  path: "/",
  component: lazyRouteComponent(() => import("./people/people-place.tsx"), "Nobody"),
});
const person = createRoute({
  getParentRoute: () => people,
  path: "$who",
  component: lazyRouteComponent(() => import("./people/person-page.tsx"), "PersonPage"),
});

const phrase = createRoute({
  getParentRoute: () => people,
  path: "$who/phrase",
  component: lazyRouteComponent(() => import("./people/compare-phrase.tsx"), "ComparePhrase"),
});

const invites = createRoute({
  getParentRoute: () => root,
  path: "/people/invites",
  component: lazyRouteComponent(() => import("./invite/invites-place.tsx"), "InvitesPlace"),
});
const join = createRoute({
  getParentRoute: () => root,
  path: "/people/invites/join",
  component: lazyRouteComponent(() => import("./invite/join-page.tsx"), "JoinPage"),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: "/people/invites/$id",
  component: lazyRouteComponent(() => import("./invite/invite-page.tsx"), "InvitePage"),
});

const doctor = createRoute({
  getParentRoute: () => root,
  path: "/me/doctor",
  component: lazyRouteComponent(() => import("./doctor/doctor-place.tsx"), "DoctorPlace"),
});
const doctorOfPerson = createRoute({
  getParentRoute: () => root,
  path: "/me/doctor/$who",
  component: lazyRouteComponent(() => import("./doctor/doctor-place.tsx"), "DoctorPlace"),
});

const reach = createRoute({
  getParentRoute: () => root,
  path: "/me/reach",
  component: lazyRouteComponent(() => import("./reach/reach-place.tsx"), "ReachPlace"),
});
const scan = createRoute({
  getParentRoute: () => root,
  path: "/people/scan",
  component: lazyRouteComponent(() => import("./reach/scan-page.tsx"), "ScanPage"),
});

const ledger = createRoute({
  getParentRoute: () => root,
  path: "/ledger",
  component: lazyRouteComponent(() => import("./ledger/ledger-place.tsx"), "LedgerPlace"),
});
const block = createRoute({
  getParentRoute: () => root,
  path: "/ledger/block/$id",
  component: lazyRouteComponent(() => import("./ledger/block-page.tsx"), "BlockPage"),
});
const transaction = createRoute({
  getParentRoute: () => root,
  path: "/ledger/transaction/$id",
  component: lazyRouteComponent(() => import("./ledger/transaction-page.tsx"), "TransactionPage"),
});

const me = createRoute({
  getParentRoute: () => root,
  path: "/me",
  component: lazyRouteComponent(() => import("./me/me-place.tsx"), "MePlace"),
});

const tree = root.addChildren([
  start,
  chats.addChildren([noChat, chat]),
  slip,
  people.addChildren([nobody, person, phrase]),
  invites,
  join,
  invite,
  doctor,
  doctorOfPerson,
  reach,
  scan,
  ledger,
  block,
  transaction,
  me,
]);

export const router = createRouter({ routeTree: tree, defaultPreload: "intent" });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
