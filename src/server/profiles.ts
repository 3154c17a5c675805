import { SotaError } from '#contract/errors/sota-error.ts';
import { closest } from '#kit/closest.ts';
import type { Effect, Role } from '#tools/define-tool.ts';

/** What a selection goes by. */
export interface Selectable {
  readonly name: string;
  readonly effect: Effect;
  readonly roles: readonly Role[];
}

/** Which tools a server offers. Everything here only narrows; `readOnly` is an upper bound over all of it. */
export interface ToolSelection {
  readonly profile?: string | undefined;
  /** Only these, by name. */
  readonly tools?: readonly string[] | undefined;
  readonly excludeTools?: readonly string[] | undefined;
  readonly readOnly?: boolean | undefined;
}

export const profiles = {
  full: { summary: 'every tool', has: () => true },
  worker: { summary: 'find jobs, bid, deliver, get paid', has: (tool: Selectable) => tool.roles.includes('worker') },
  requester: {
    summary: 'post jobs, choose bids, judge deliveries',
    has: (tool: Selectable) => tool.roles.includes('requester'),
  },
  observe: { summary: 'look, change nothing', has: (tool: Selectable) => tool.effect === 'read' },
} as const;

export type ProfileName = keyof typeof profiles;

/**
 * The tools of a selection, in registry order.
 * @throws SotaError invalid_option, for a name that does not exist: a typo in a safety setting must not widen it
 * @example selectTools({ profile: 'worker', readOnly: true }, tools)
 */
export function selectTools<T extends Selectable>(selection: ToolSelection, registry: readonly T[]): readonly T[] {
  const { profile = 'full', tools: only, excludeTools = [], readOnly = false } = selection;
  if (!isProfile(profile)) throw unknownValue('--profile', profile, Object.keys(profiles));
  const names = registry.map(({ name }) => name);
  for (const name of only ?? []) if (!names.includes(name)) throw unknownValue('--tools', name, names);
  for (const name of excludeTools) if (!names.includes(name)) throw unknownValue('--exclude-tools', name, names);
  const inProfile = registry.filter((tool) => profiles[profile].has(tool));
  for (const name of only ?? []) {
    if (!inProfile.some((tool) => tool.name === name)) throw outsideProfile(name, profile);
  }
  const active = inProfile.filter(
    (tool) =>
      (only === undefined || only.includes(tool.name)) &&
      !excludeTools.includes(tool.name) &&
      (!readOnly || tool.effect === 'read'),
  );
  if (active.length === 0) throw nothingLeft();
  return active;
}

function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(profiles, name);
}

function unknownValue(option: string, given: string, known: readonly string[]): SotaError {
  const guess = closest(given, known);
  return new SotaError({
    code: 'invalid_option',
    message: `${option} does not know ${JSON.stringify(given)}.`,
    fix: guess ? `Did you mean ${guess}?` : `It knows: ${known.join(', ')}.`,
    ...(guess && { didYouMean: guess }),
  });
}

function outsideProfile(tool: string, profile: string): SotaError {
  return new SotaError({
    code: 'invalid_option',
    message: `--tools names ${tool}, which the profile ${profile} does not have.`,
    fix: `Leave out --profile ${profile}, or take ${tool} out of --tools.`,
  });
}

function nothingLeft(): SotaError {
  return new SotaError({
    code: 'invalid_option',
    message: 'These options leave no tool at all.',
    fix: 'Take something out of --exclude-tools, or leave out --read-only.',
  });
}
