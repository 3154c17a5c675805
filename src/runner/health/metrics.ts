/** Numbers of a runner in the text format of Prometheus. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Runner } from '../runner-types.ts';

export interface Metrics {
  render(): string;
  close(): void;
}

const SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900];

export function collectMetrics(runner: Runner): Metrics {
  const counts = new Map<string, number>();
  const handlerSeconds: number[] = new Array(SECONDS.length + 1).fill(0);
  let handlerSum = 0;
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  const add = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  const off = runner.on((event) => {
    switch (event.type) {
      case 'polled':
        return add('sota_runner_polls_total{result="ok"}');
      case 'poll_failed':
        return add('sota_runner_polls_total{result="failed"}');
      case 'bid':
        return add('sota_runner_bids_total');
      case 'verdict':
        return add('sota_runner_verdicts_total');
      case 'settled':
        return add(`sota_runner_settled_total{kind="${event.job.kind}",outcome="${event.outcome}"}`);
      case 'handler_failed':
        return add('sota_runner_handler_failures_total');
      case 'stored': {
        const seconds = event.ms / 1000;
        handlerSum += seconds;
        const bucket = SECONDS.findIndex((limit) => seconds <= limit);
        const index = bucket < 0 ? SECONDS.length : bucket;
        handlerSeconds[index] = (handlerSeconds[index] ?? 0) + 1;
        return undefined;
      }
      default:
        return undefined;
    }
  });

  return {
    render() {
      const status = runner.status();
      const lastBeat = status.heartbeat.lastSuccessAt ? Date.parse(status.heartbeat.lastSuccessAt) / 1000 : 0;
      let cumulative = 0;
      const buckets = handlerSeconds.map((count, index) => {
        cumulative += count;
        return `sota_runner_handler_seconds_bucket{le="${SECONDS[index] ?? '+Inf'}"} ${cumulative}`;
      });
      return `${[
        '# TYPE sota_runner_running gauge',
        `sota_runner_running ${status.running.length}`,
        '# TYPE sota_runner_outbox gauge',
        `sota_runner_outbox ${status.outbox.length}`,
        '# TYPE sota_runner_parked gauge',
        `sota_runner_parked ${status.parked.length}`,
        '# TYPE sota_runner_last_heartbeat_timestamp_seconds gauge',
        `sota_runner_last_heartbeat_timestamp_seconds ${lastBeat}`,
        '# TYPE sota_runner_event_loop_lag_seconds gauge',
        `sota_runner_event_loop_lag_seconds ${Number.isNaN(lag.mean) ? 0 : lag.mean / 1e9}`,
        '# TYPE sota_runner_handler_seconds histogram',
        ...buckets,
        `sota_runner_handler_seconds_sum ${handlerSum}`,
        `sota_runner_handler_seconds_count ${cumulative}`,
        ...counters(counts),
      ].join('\n')}\n`;
    },
    close() {
      off();
      lag.disable();
    },
  };
}

/** Sorted, so that the series of one name stand together under their type. */
function counters(counts: ReadonlyMap<string, number>): string[] {
  const lines: string[] = [];
  let last = '';
  for (const [series, count] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
    const name = series.replace(/\{.*/, '');
    if (name !== last) lines.push(`# TYPE ${name} counter`);
    last = name;
    lines.push(`${series} ${count}`);
  }
  return lines;
}
