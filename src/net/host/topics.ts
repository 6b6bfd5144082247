/**
 * Owns broadcast topics over gossipsub: sizes, the one validation of each message, and how many may be under way.
 * What a message means, and whether it is valid, its feature decides.
 */
import { type GossipSub, TopicValidatorResult } from "@libp2p/gossipsub";
import { assert } from "#base/assert.ts";
import type { PeerId } from "#base/brand.ts";
import type { Log } from "#ports/log.ts";
import type { Judgement, Topic, TopicOptions } from "#ports/network.ts";
import { GOSSIP_MESSAGE_BYTES_MAX, GOSSIP_VALIDATIONS_MAX } from "../limits.ts";
import { peerOf } from "./gate.ts";

const RESULTS: Readonly<Record<Judgement, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

export interface TopicsDependencies {
  readonly gossip: GossipSub;
  readonly log: Log;
  readonly judge: (peer: PeerId, judgement: Judgement) => void;
  /** Of each message that is new to us, whatever it is. */
  readonly heard: (peer: PeerId) => void;
}

export class Topics {
  readonly #gossip: GossipSub;
  readonly #log: Log;
  readonly #judge: (peer: PeerId, judgement: Judgement) => void;
  readonly #heard: (peer: PeerId) => void;
  readonly #names = new Set<string>();
  /** What was open here once: a message of it may still be under way. */
  readonly #closed = new Set<string>();

  constructor(dependencies: TopicsDependencies) {
    this.#gossip = dependencies.gossip;
    this.#log = dependencies.log;
    this.#judge = dependencies.judge;
    this.#heard = dependencies.heard;
    this.#refuseUnknown();
  }

  /** The router keeps, and passes on, what comes on a topic that nobody here validates. Nobody honest sends it. */
  #refuseUnknown(): void {
    const { topicValidators } = this.#gossip;
    const opened = topicValidators.get.bind(topicValidators);
    topicValidators.get = (name) =>
      opened(name) ??
      (async (from) => {
        const peer = peerOf(from);
        this.#heard(peer);
        return RESULTS[this.#concluded(peer, this.#closed.has(name) ? "ignore" : "reject")];
      });
  }

  open(name: string, options: TopicOptions): Topic {
    assert(!this.#names.has(name), `topic ${name} is opened once`);
    assert(options.messageBytesMax <= GOSSIP_MESSAGE_BYTES_MAX, `messages of ${name} fit the gossip frame`);
    this.#names.add(name);
    let underWay = 0;
    this.#gossip.topicValidators.set(name, async (from, message) => {
      const peer = peerOf(from);
      this.#heard(peer);
      if (message.data.length > options.messageBytesMax) return RESULTS[this.#concluded(peer, "reject")];
      // A flood is dropped before it costs anything; what was dropped is fetched by sync later.
      if (underWay >= GOSSIP_VALIDATIONS_MAX) return RESULTS.ignore;
      underWay += 1;
      try {
        // A copy: the message must not keep the whole gossip frame alive.
        return RESULTS[this.#concluded(peer, await options.validate(message.data.slice(), peer))];
      } catch (error) {
        this.#log.fault("validating a broadcast message", error, { topic: name });
        return RESULTS.ignore;
      } finally {
        underWay -= 1;
      }
    });
    this.#gossip.subscribe(name);
    return {
      publish: async (message) => {
        assert(this.#names.has(name), `topic ${name} is open`);
        assert(message.length <= options.messageBytesMax, `a message of ${name} fits its topic`);
        await this.#gossip.publish(name, message);
      },
      close: () => this.#close(name),
    };
  }

  #concluded(peer: PeerId, judgement: Judgement): Judgement {
    this.#judge(peer, judgement);
    return judgement;
  }

  #close(name: string): void {
    if (!this.#names.delete(name)) return;
    this.#closed.add(name);
    this.#gossip.topicValidators.delete(name);
    // After the host has stopped, gossip has forgotten its topics already.
    if (this.#gossip.getTopics().includes(name)) this.#gossip.unsubscribe(name);
  }
}
