import { readFileSync } from 'node:fs';
import { faultKinds, faultProfiles } from '#market/faults/fault-kinds.ts';
import { FaultSpecError, parseFaults } from '#market/faults/fault-spec.ts';
import type { MarketSettings } from '#market/market-settings.ts';
import { realisticChanges, realisticSettings, realisticWorld } from '#market/realistic.ts';
import { parseScenario, ScenarioError } from '#market/world/scenario/parse-scenario.ts';
import { scenarioOptions } from '#market/world/scenario/scenario-options.ts';
import type { Scenario } from '#market/world/scenario/scenario-schema.ts';
import { defaultWorld, MAX_RIVALS, tempers, type WorldSettings } from '#market/world/world-settings.ts';
import { oneOf, UsageError, wholeNumber } from './flags.ts';

/** The flags that say what happens around an agent. */
export const worldFlags = {
  world: { type: 'boolean', summary: 'Requesters that post jobs, rivals that bid, customers that judge' },
  traffic: {
    type: 'string',
    value: 'N',
    summary: 'Jobs the world posts per hour; like the next two, turns the world on',
    default: String(defaultWorld.traffic),
  },
  temper: {
    type: 'string',
    value: 'WORD',
    summary: `How its customers are: ${tempers.join(', ')}`,
    default: defaultWorld.temper,
  },
  rivals: { type: 'string', value: 'N', summary: 'Agents that bid against you', default: String(defaultWorld.rivals) },
  scenario: {
    type: 'string',
    value: 'FILE',
    summary: 'Play a situation written in JSON (docs/local-marketplace.md)',
  },
  realistic: { type: 'boolean', summary: 'Without the comforts of a rehearsal, see below' },
  faults: { type: 'string', value: 'SPEC', summary: 'What goes wrong on purpose, see below' },
} as const;

/** What the help says about them at length. */
export const worldHelp = `--realistic changes this; what you set beside it wins:
${realisticChanges.map((line) => `  ${line}`).join('\n')}

--faults takes rules, separated by semicolons: KIND TARGET [WHEN]
  TARGET  *, the id of an operation, METHOD /path/*, or webhook [job.*]
  WHEN    10%, #3 (the third call), #2-4, every:5; every call without it
  KIND    one of:
${table(faultKinds)}
  or a profile, which needs no target:
${table(faultProfiles)}`;

function table(
  rows: Readonly<Record<string, { readonly summary: string; readonly argument?: { readonly name: string } }>>,
) {
  return Object.entries(rows)
    .map(([name, { summary, argument }]) => `    ${(argument ? `${name}=N` : name).padEnd(14)} ${summary}`)
    .join('\n');
}

type Values = {
  readonly [K in keyof typeof worldFlags]:
    | ((typeof worldFlags)[K]['type'] extends 'boolean' ? boolean : string)
    | undefined;
};

export interface WorldOptions {
  readonly settings: Partial<MarketSettings>;
  readonly world: Partial<WorldSettings> | undefined;
  readonly scenario: Scenario | undefined;
  readonly faults: string | undefined;
}

/**
 * What the flags ask for. A flag goes before the scenario, and the scenario before `--realistic`.
 * @throws UsageError
 */
export function readWorldOptions(values: Values): WorldOptions {
  const scenario = values.scenario === undefined ? undefined : readScenario(values.scenario);
  const scripted = scenario && scenarioOptions(scenario);
  const given = worldGiven(values);
  const hasWorld = given !== undefined || scripted !== undefined;
  const faults = values.faults === undefined ? scripted?.faults : checkedFaults(values.faults);
  return {
    settings: { ...(values.realistic ? realisticSettings : {}), ...scripted?.settings },
    world: hasWorld ? { ...(values.realistic ? realisticWorld : {}), ...worldOf(scripted?.world, given) } : undefined,
    scenario,
    faults,
  };
}

/** `--world` lets the usual people in beside a scenario that knows none. */
function worldOf(scripted: Partial<WorldSettings> | undefined, given: Partial<WorldSettings> | undefined) {
  if (!scripted || !given) return { ...scripted, ...given };
  const { traffic: _traffic, rivals: _rivals, ...rest } = scripted;
  return { ...rest, ...given };
}

function worldGiven({ world, traffic, temper, rivals }: Values): Partial<WorldSettings> | undefined {
  if (!world && traffic === undefined && temper === undefined && rivals === undefined) return undefined;
  return {
    ...(traffic === undefined ? {} : { traffic: wholeNumber('traffic', traffic, 0, 100_000) }),
    ...(temper === undefined ? {} : { temper: oneOf('--temper', temper, tempers) }),
    ...(rivals === undefined ? {} : { rivals: wholeNumber('rivals', rivals, 0, MAX_RIVALS) }),
  };
}

function readScenario(file: string): Scenario {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--scenario: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return parseScenario(text, file);
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
}

function checkedFaults(spec: string): string {
  try {
    parseFaults(spec);
    return spec;
  } catch (error) {
    if (error instanceof FaultSpecError) throw new UsageError(`--faults: ${error.message}`);
    throw error;
  }
}
