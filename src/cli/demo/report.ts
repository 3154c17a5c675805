/** How a journey is told: a step list for people, one JSON document for machines. */
export interface StepResult {
  readonly title: string;
  /** Who acted. */
  readonly actor: Actor;
  /** Short facts under the step, each verified before it is printed. */
  readonly facts: readonly string[];
  readonly milliseconds: number;
}

export type Actor = 'market' | 'worker' | 'requester';

export interface Reporter {
  begin(title: string, actor: Actor): void;
  done(step: StepResult): void;
  failed(step: Omit<StepResult, 'facts'>, problem: string): void;
  end(summary: Summary): void;
}

export interface Summary {
  readonly ok: boolean;
  readonly steps: readonly StepResult[];
  readonly milliseconds: number;
  /** Where the money went, in exact USDC. */
  readonly money: readonly { readonly label: string; readonly usdc: string }[];
  readonly problem?: string;
}

/** The subset of a terminal stream the reporter needs. */
interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const COLOURS: Readonly<Record<Actor | 'dim' | 'bold' | 'good' | 'bad', string>> = {
  market: '\x1b[35m',
  worker: '\x1b[36m',
  requester: '\x1b[33m',
  dim: '\x1b[2m',
  bold: '\x1b[1m',
  good: '\x1b[32m',
  bad: '\x1b[31m',
};

/** A step list in colour on a terminal, plain elsewhere or where NO_COLOR is set. */
export function textReporter(sink: Sink, { colour = sink.isTTY === true && !process.env.NO_COLOR } = {}): Reporter {
  const paint = (style: keyof typeof COLOURS, text: string) => (colour ? `${COLOURS[style]}${text}\x1b[0m` : text);
  const line = (text: string) => sink.write(`${text}\n`);
  let count = 0;
  return {
    begin(title, actor) {
      // Only a terminal can take the line back when the step is done.
      if (colour) sink.write(`   ${paint('dim', '…')} ${paint(actor, actor.padEnd(9))} ${title}`);
    },
    done({ title, actor, facts, milliseconds }) {
      count += 1;
      if (colour) sink.write('\r\x1b[2K');
      const number = String(count).padStart(2);
      line(
        `${number} ${paint('good', '✓')} ${paint(actor, actor.padEnd(9))} ${title} ${paint('dim', `${milliseconds} ms`)}`,
      );
      for (const fact of facts) line(`               ${paint('dim', fact)}`);
    },
    failed({ title, actor, milliseconds }, problem) {
      if (colour) sink.write('\r\x1b[2K');
      line(`   ${paint('bad', '✗')} ${paint(actor, actor.padEnd(9))} ${title} ${paint('dim', `${milliseconds} ms`)}`);
      line(`               ${paint('bad', problem)}`);
    },
    end({ ok, steps, milliseconds, money }) {
      if (money.length) {
        line('');
        line(paint('bold', 'Money'));
        const width = Math.max(...money.map(({ label }) => label.length));
        for (const { label, usdc } of money) line(`   ${label.padEnd(width)}  ${usdc.padStart(12)} USDC`);
      }
      line('');
      const seconds = (milliseconds / 1000).toFixed(1);
      line(
        ok
          ? paint('good', `All ${steps.length} steps verified in ${seconds} s.`)
          : paint('bad', `Stopped after ${steps.length} steps, ${seconds} s.`),
      );
    },
  };
}

/** Everything at the end, as one line of JSON. */
export function jsonReporter(sink: Sink): Reporter {
  return {
    begin() {},
    done() {},
    failed() {},
    end: (summary) => void sink.write(`${JSON.stringify(summary)}\n`),
  };
}
