/** How a person finds, invites and verifies others with the page, and is told why somebody is not reached. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "#test/kit/browser.ts";
import { GOOD_WORDS } from "#test/kit/facade-reach.ts";
import {
  closeWorld,
  openWorld,
  personOf,
  standInOf,
  violations,
  type World,
  withPage,
} from "#test/kit/page.ts";

let browser: Browser;
let world: World;

before(async () => {
  [browser, world] = await Promise.all([launchBrowser(), openWorld()]);
});

after(async () => {
  await browser.close();
  await closeWorld(world);
});

/** For flows that change what others look at. */
async function inOwnWorld(work: (own: World) => Promise<void>): Promise<void> {
  const own = await openWorld();
  try {
    await work(own);
  } finally {
    await closeWorld(own);
  }
}

test("each person shows once: how found, how reached and over whom, and why so", async () => {
  await withPage(browser, world, {}, async (page) => {
    const erin = await personOf(world, "Erin");
    await page.goto(`${world.server.origin}/people`);
    const list = page.getByRole("region", { name: "Everyone known" });
    await list.getByRole("link", { name: /^Bob from the lab verified contact LAN/ }).waitFor();
    await list.getByRole("link", { name: /^Grace verified direct, through routers 21 ms/ }).waitFor();
    assert.equal(await list.getByRole("link", { name: /^Erin/ }).count(), 1);
    await list.getByRole("link", { name: /^Erin relayed via tracker\.lab\.example 38 ms/ }).click();
    const why = /routers on both sides give every connection another port/;
    await page.getByText(why).waitFor();
    await page.getByText("told by another peer, told by a tracker").waitFor();
    await page.goto(`${world.server.origin}/chats/${erin.peerId}`);
    await page.locator("summary", { hasText: "relayed via tracker.lab.example" }).click();
    await page.locator(".path-card").getByText(why).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press("Escape");
    await page.locator(".path-card").waitFor({ state: "hidden" });
    const slip = page.getByRole("article", { name: "Files: slides.pdf" });
    await slip.getByText("relayed via tracker.lab.example").waitFor();
    await slip.getByText(why).waitFor();
  });
});

test("a path that changes is told at once, in the list and in the conversation", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      const erin = await personOf(own, "Erin");
      await page.goto(`${own.server.origin}/chats/${erin.peerId}`);
      await page.locator("summary", { hasText: "relayed via" }).waitFor();
      const person = { ...erin, path: "punched" as const, via: null, pathReason: null };
      own.kit.feed.publish({ type: "person", person });
      await page.locator("summary", { hasText: "direct, through routers" }).waitFor();
    });
  });
});

test("an invite is made, handed over as link, picture and words, and used by somebody", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      await page.goto(`${own.server.origin}/people`);
      await page.getByRole("link", { name: "Invite somebody" }).first().click();
      await page.getByLabel("For whom").fill("Heidi");
      await page.getByLabel("Good for").selectOption("an hour");
      await page.getByRole("button", { name: "Make an invite" }).click();
      await page.getByRole("heading", { name: "Invite: Heidi" }).waitFor();
      await page.getByRole("status").getByText("waits, 1 h left").waitFor();
      const [invite] = await own.kit.facade.invites();
      if (invite?.words === null || invite === undefined) assert.fail("the invite is open");
      assert.deepEqual(await page.locator(".words li").allTextContents(), invite.words.split(" "));
      await page.getByRole("img", { name: /QR code/ }).waitFor();
      const width = await page.evaluate(
        `(async (image) => (await image.decode(), image.naturalWidth))(document.querySelector(".invite-qr"))`,
      );
      assert.ok(Number(width) > 0, "the picture is drawn");
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("button", { name: "Copy link" }).click();
      assert.equal(await page.evaluate("navigator.clipboard.readText()"), invite.link);
      own.kit.guestEnters(invite.id);
      await page.getByText("used by Heidi").waitFor();
      assert.equal(await page.locator(".words").count(), 0);
      await page.getByRole("link", { name: "To Heidi" }).click();
      await page.getByRole("heading", { name: /^Heidi/, level: 1 }).waitFor();
      await page.getByText("Verified by an invite, just now").waitFor();
    });
  });
});

test("failed guesses are shown, and an invite is taken back", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      await page.goto(`${own.server.origin}/people/invites`);
      await page.getByText("used by Bob from the lab").waitFor();
      await page.getByRole("link", { name: /^Frank.*2 × wrong secret/ }).click();
      await page.getByText("Tried 2 times with a wrong secret.").waitFor();
      await page.getByRole("button", { name: "Take it back" }).click();
      await page.getByRole("status").getByText("taken back").waitFor();
      assert.equal(await page.getByRole("button", { name: "Copy link" }).count(), 0);
    });
  });
});

test("somebody who was invited enters words or a link, and is told what is wrong with them", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      await page.goto(`${own.server.origin}/people/invites/join`);
      const field = page.getByLabel("The link, or the eight words");
      const enter = page.getByRole("button", { name: "Enter" });
      await field.fill("apple river stone");
      await page.getByText("3 of 8 words.").waitFor();
      assert.equal(await enter.isDisabled(), true);
      await field.fill("apple river stone garden winter candle bridge mourning");
      await enter.click();
      await page.getByRole("alert").getByText("Nobody that your peer reaches knows an invite").waitFor();
      await page.getByRole("alert").getByText("Ask for the words once more").waitFor();
      await field.fill("waybill:i/old");
      await enter.click();
      await page.getByRole("alert").getByText("invite-expired").waitFor();
      await page.getByText("I know where they are").click();
      await page.getByLabel("Address of the other side").fill("192.0.2.7:28411");
      await field.fill(GOOD_WORDS);
      await field.press("Enter");
      await page.getByRole("heading", { name: /^Ivan/, level: 1 }).waitFor();
      await page.getByText("Verified by an invite").waitFor();
    });
  });
});

test("while an invite is looked for the page says where, and it can be given up", async () => {
  await withPage(browser, world, {}, async (page) => {
    // The answer never comes: what is tested is the waiting.
    await page.route("**/api/v1/invites/accepted", () => undefined);
    await page.goto(`${world.server.origin}/people/invites/join`);
    await page.getByLabel("The link, or the eight words").fill(GOOD_WORDS);
    await page.getByRole("button", { name: "Enter" }).click();
    await page.getByText("Your peer looks for whoever made this invite").waitFor();
    await page.getByText("at 2 trackers of yours").waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole("button", { name: "Give up" }).click();
    await page.getByRole("alert").getByText("given-up").waitFor();
  });
});

test("phrases are compared: a match verifies, a difference says what it means", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      const erin = await personOf(own, "Erin");
      const { phrase } = await own.kit.facade.status();
      await page.goto(`${own.server.origin}/people/${erin.peerId}`);
      await page.getByRole("link", { name: "Compare the phrase" }).click();
      await page.getByRole("heading", { name: "Erin reads these" }).waitFor();
      const mine = page.getByRole("region", { name: "You read these" }).getByRole("listitem");
      const theirs = page.getByRole("region", { name: "Erin reads these" }).getByRole("listitem");
      assert.deepEqual(await mine.allTextContents(), phrase.split(" "));
      assert.deepEqual(await theirs.allTextContents(), erin.phrase.split(" "));
      await page.getByRole("button", { name: "They do not match" }).click();
      await page.getByRole("heading", { name: "Then this key is not that of Erin" }).waitFor();
      assert.deepEqual(await violations(page), []);
      await page.getByRole("button", { name: "Read once more" }).click();
      await page.getByRole("button", { name: "They match" }).click();
      await page.getByText("Verified by comparing the phrase").waitFor();
      await page.getByRole("button", { name: "Not verified after all" }).click();
      await page.getByText("Nobody has shown yet that this key is theirs").waitFor();
    });
  });
});

test("a changed key stops what is sent, says so in both conversations, and is accepted", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      const old = await personOf(own, "Dave");
      const changed = await standInOf(own);
      await page.goto(`${own.server.origin}/chats/${old.peerId}`);
      await page.getByText("Another key looks like Dave.").waitFor();
      await page.getByRole("link", { name: "Decide" }).click();
      await page.getByRole("heading", { name: "Is this Dave?" }).waitFor();
      await page.goto(`${own.server.origin}/chats/${changed.peerId}`);
      await page.getByText("Nothing is sent to them").waitFor();
      await page.getByRole("article").getByText("key-changed").waitFor();
      await page.getByRole("button", { name: "It is Dave: accept the key" }).click();
      await page.getByRole("heading", { name: "Is this Dave?" }).waitFor({ state: "detached" });
      await page.getByText("key-changed").waitFor({ state: "detached" });
      await page.goto(`${own.server.origin}/people/${old.peerId}`);
      await page.getByRole("heading", { name: "Dave (old key)", level: 1 }).waitFor();
    });
  });
});

test("a changed key is somebody else, or is compared and verified in one step", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      const changed = await standInOf(own);
      await page.goto(`${own.server.origin}/people/${changed.peerId}`);
      await page.getByRole("button", { name: "It is somebody else" }).click();
      await page.getByRole("heading", { name: "Is this Dave?" }).waitFor({ state: "detached" });
      await page.getByRole("heading", { name: "Is this really Dave?" }).waitFor();
      own.kit.feed.publish({ type: "person", person: changed });
      await page.getByRole("heading", { name: "Is this Dave?" }).waitFor();
    });
  });
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      const changed = await standInOf(own);
      await page.goto(`${own.server.origin}/people/${changed.peerId}`);
      await page.getByRole("link", { name: "Compare the phrase" }).click();
      await page.getByRole("button", { name: "They match" }).click();
      await page.getByText("Verified by comparing the phrase").waitFor();
    });
  });
});

test("the doctor says what stands in the way, first what matters, and looks again", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/me`);
    await page.getByRole("link", { name: "Doctor" }).click();
    await page.getByText("1 thing stands in the way, 1 thing to mend.").waitFor();
    const areas = await page.getByRole("heading", { level: 2 }).allTextContents();
    assert.deepEqual(areas.slice(0, 3), ["Firewall", "Trackers", "The way outside"]);
    const firewall = page.getByRole("region", { name: "Firewall" });
    await firewall.getByText("in the way").waitFor();
    await firewall.getByText("Let it in: sudo ufw allow 28411").waitFor();
    await firewall.getByText("Details").click();
    await firewall.getByText("ufw, active").waitFor();
    await firewall.getByText("firewall-drops").waitFor();
    const asked = page.waitForRequest("**/api/v1/doctor");
    await page.getByRole("button", { name: "Look again" }).click();
    await asked;
    await page.getByText("Looked just now").waitFor();
  });
});

test("whoever is not reached has a Why?, which the doctor answers", async () => {
  await withPage(browser, world, {}, async (page) => {
    const dave = await personOf(world, "Dave");
    for (const path of [`/people/${dave.peerId}`, `/chats/${dave.peerId}`]) {
      await page.goto(world.server.origin + path);
      await page.getByRole("link", { name: "Why?" }).first().click();
      await page.getByRole("heading", { name: "Why is Dave not reached?" }).waitFor();
      await page.getByText("Dave does not answer anywhere").waitFor();
      await page.getByText("no answer within 5 s").waitFor({ state: "attached" });
    }
  });
});

test("trackers are added and removed; how they do, and what they still carry, is told", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      await page.goto(`${own.server.origin}/me/reach`);
      const first = page.getByRole("article", { name: "Tracker tracker.lab.example" });
      await first.getByText("connected").waitFor();
      await first.getByText(/1\.43 GB left of 2\.15 GB; whole again in 3[01] min/).waitFor();
      await first.getByText("203.0.113.7:51234").waitFor();
      const field = page.getByLabel("Address of a tracker");
      await field.fill("no such thing");
      await page.getByRole("button", { name: "Use it" }).click();
      await page.getByRole("alert").getByText("tracker-address").waitFor();
      await field.fill("https://relay.example");
      await page.getByRole("button", { name: "Use it" }).click();
      const added = page.getByRole("article", { name: "Tracker https://relay.example" });
      await added.getByText("calling").waitFor();
      own.kit.tick();
      await added.getByText("connected").waitFor();
      await page.getByRole("button", { name: "Remove backup.example" }).click();
      await page.getByRole("article", { name: "Tracker backup.example" }).waitFor({ state: "detached" });
      await page.getByRole("row", { name: /UDP 28411 0\.0\.0\.0 announcements/ }).waitFor();
    });
  });
});

test("doors: the mode, the lists and what was refused; a wrong entry stays beside its field", async () => {
  await inOwnWorld(async (own) => {
    await withPage(browser, own, {}, async (page) => {
      await page.goto(`${own.server.origin}/me/reach`);
      await page.getByRole("radio", { name: /^Outbound only/ }).click();
      await page.getByText("Kept, and in force.").waitFor();
      const allow = page.locator("form", { hasText: "Only these may connect" });
      await allow.getByLabel("Key of a peer").fill("my friends");
      await allow.getByRole("button", { name: "Add" }).click();
      await allow.getByRole("alert").getByText("door-entry").waitFor();
      await allow.getByLabel("Key of a peer").fill("192.168.7.0/24");
      await allow.getByRole("button", { name: "Add" }).click();
      await allow.getByRole("listitem").getByText("192.168.7.0/24").waitFor();
      await page.getByRole("button", { name: "Remove 203.0.113.0/24" }).click();
      await page.getByText("Nobody is kept out.").waitFor();
      await page.getByText("One address called too often").waitFor();
      const doors = await own.kit.facade.doors();
      assert.deepEqual([doors.mode, doors.allow, doors.block], ["outbound-only", ["192.168.7.0/24"], []]);
    });
  });
});

test("a range is scanned; who answers is a person, what else is open is told", async () => {
  await withPage(browser, world, {}, async (page) => {
    await page.goto(`${world.server.origin}/people`);
    await page.getByRole("link", { name: "Look around" }).click();
    const target = page.getByLabel("Computer or range");
    await target.fill("no range");
    await page.getByRole("button", { name: "Look", exact: true }).click();
    await page.getByRole("alert").getByText("scan-target").waitFor();
    await target.fill("10.0.0.9");
    await page.getByRole("button", { name: "Look", exact: true }).click();
    await page.getByText("1 computer, 65 ports called in 412 ms.").waitFor();
    await page.getByText("1 open port of something else").click();
    await page.getByText("10.0.0.9:28430").waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole("link", { name: /^Carol/ }).click();
    await page.getByRole("heading", { name: "Carol", level: 1 }).waitFor();
  });
});
