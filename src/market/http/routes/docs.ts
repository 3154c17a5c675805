import type { Operation } from '#contract/define-operation.ts';
import {
  onboardMarkdown,
  openapi,
  redocPage,
  skillChangelog,
  skillIndex,
  skillPage,
  swaggerPage,
} from '#contract/operations/discovery.ts';
import { refuse } from '../../rules/refuse.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';
import { openApiDocument } from '../openapi.ts';
import { onboardText } from '../pages/onboard.ts';
import { columnsPage, listPage } from '../pages/reference-page.ts';

/**
 * Reads a page of the skill by its path below the package root, for example `skill/flows/sandbox.md`. Injected by whoever
 * assembles the program: the skill is bundled a floor above this one, where the same text is served over MCP, and a
 * marketplace does its work without it.
 */
export type SkillPages = (path: string) => Promise<string | undefined>;

/** The documentation of a marketplace, made from the very operations it serves. */
export function docsRoutes(served: readonly Operation[], skillPages: SkillPages | undefined): readonly AnyRoute[] {
  const document = (origin: string) => openApiDocument([...served, ...docsOperations], origin);
  const skill = async (path: string): Promise<string> =>
    (await skillPages?.(path)) ?? refuse('not_found', `This marketplace has no page /${path}`);

  return [
    defineRoute({ operation: openapi, apply: async (_tx, { origin }) => document(origin) }),
    defineRoute({ operation: swaggerPage, apply: async (_tx, { origin }) => listPage(document(origin)) }),
    defineRoute({ operation: redocPage, apply: async (_tx, { origin }) => columnsPage(document(origin)) }),
    defineRoute({ operation: onboardMarkdown, apply: (tx, { origin }) => onboardText(tx, origin) }),
    defineRoute({ operation: skillIndex, apply: () => skill('SKILL.md') }),
    defineRoute({ operation: skillChangelog, apply: () => skill('skill/CHANGELOG.md') }),
    defineRoute({
      operation: skillPage,
      apply: (_tx, { params }) => skill(`skill/${params.section}/${params.page}`),
    }),
  ];
}

const docsOperations: readonly Operation[] = [
  openapi,
  swaggerPage,
  redocPage,
  onboardMarkdown,
  skillIndex,
  skillChangelog,
  skillPage,
];
