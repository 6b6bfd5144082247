/** Owns a tracker's status in the Prometheus text format, version 0.0.4. Pure. */
import type { TrackerStatus } from "./status.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

export function renderMetrics(status: TrackerStatus): string {
  const uptimeSeconds = Math.max(0, (status.nowMs - status.startedMs) / 1000);
  const one = (value: number): Metric["samples"] => [[{}, value]];
  const each = (label: string, values: Readonly<Record<string, number>>): Metric["samples"] =>
    Object.entries(values).map(([key, value]) => [{ [label]: key }, value]);
  const networks = (count: (network: TrackerStatus["networks"][number]) => number): Metric["samples"] =>
    status.networks.map((network) => [{ network: network.chainId }, count(network)]);
  const metrics: readonly Metric[] = [
    gauge("uptime_seconds", "Since the tracker started.", one(uptimeSeconds)),
    gauge("connections", "Peers connected now.", one(status.connections)),
    gauge("records", "Presence records kept, all networks together.", one(status.records)),
    gauge(
      "network_peers",
      "Presence records of a network.",
      networks(({ peers }) => peers),
    ),
    gauge(
      "network_listed_peers",
      "Of those, peers that let strangers see them.",
      networks(({ listed }) => listed),
    ),
    counter("answers_total", "Answers to requests, by type.", each("type", status.answered)),
    counter("refused_callers_total", "Callers not let in, by reason.", each("reason", status.refused)),
    counter("stun_answers_total", "STUN requests answered.", one(status.stunAnswered)),
    counter("stun_refused_total", "Datagrams that were no request, or too many.", one(status.stunRefused)),
    gauge("memory_bytes", "Resident memory of the process.", one(status.memoryBytes)),
    ...relayMetrics(status),
    ...(status.ledger === null
      ? []
      : [gauge("ledger_height", "Height of the best chain kept here.", one(status.ledger.height))]),
  ];
  return metrics.map(render).join("");
}

function relayMetrics({ relay }: TrackerStatus): readonly Metric[] {
  if (relay === null) return [];
  return [
    gauge("relay_places", "Peers that hold a place at the relay.", [[{}, relay.places]]),
    gauge("relay_places_max", "Places there are.", [[{}, relay.placesMax]]),
    gauge("relay_connections", "Relayed connections that stand.", [[{}, relay.connections]]),
    counter("relay_refused_total", "Relayed connections refused or broken off.", [[{}, relay.refused]]),
    counter("relay_bytes_total", "Bytes carried for others.", [[{}, relay.carriedBytes]]),
    gauge("relay_period_bytes", "Bytes carried in the quota period that runs.", [[{}, relay.usedBytes]]),
  ];
}

function gauge(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name, type: "counter", help, samples };
}

function render({ name, type, help, samples }: Metric): string {
  const full = `waybill_tracker_${name}`;
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    return `${full}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
  });
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
