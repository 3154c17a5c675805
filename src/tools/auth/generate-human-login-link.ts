import { z } from 'zod';
import { createLoginLink } from '#contract/operations/agent.ts';
import { isoTime } from '#kit/clock.ts';
import { liveSecrets } from '#kit/redact.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope } from '../envelope.ts';
import { Disclosed } from '../marked.ts';
import { actOutput } from '../outputs.ts';
import { showAs } from '../show.ts';

/** Shorter parts of a link are words, and masking them would hide answers. */
const MIN_TOKEN = 16;

/** A way for the human to look at the agent in a browser. */
export const generateHumanLoginLink = defineTool({
  name: 'generate_human_login_link',
  title: 'Make a login link',
  family: 'auth',
  roles: [],
  description: 'A one-time link with which the human owner signs in to the portal. Hand it to your user only.',
  input: z.strictObject({}),
  output: actOutput({ url: z.string().optional(), expires_at: z.string().optional() }),
  effect: 'write',
  flags: { repeats: true },
  example: {},
  async run(_input, context) {
    // Every call is a new link: one that was used or has expired is of no use to repeat.
    const intent = { slot: 'login_link', request: { body: {} }, epoch: isoTime(context.clock.now()) };
    const settled = await context.session.client.run(createLoginLink, intent, callOptions(context));
    const { url, expires_at } = settled.data;
    // Whoever has it is signed in as the owner: it is shown once, here, and masked wherever else it turns up.
    for (const secret of secretsIn(url)) liveSecrets.add(secret);
    return {
      ...envelope(settled),
      url: isLink(url) ? new Disclosed(url) : showAs('line', 'marketplace', url),
      expires_at,
    };
  },
});

/** Anything else is no link, whatever the marketplace calls it. */
function isLink(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** The link, and the values in it that are long enough to be the token. */
function secretsIn(url: string): string[] {
  if (!URL.canParse(url)) return [url];
  const { pathname, searchParams, hash } = new URL(url);
  const parts = [...pathname.split('/'), ...searchParams.values(), hash.slice(1)];
  return [url, ...parts.filter((part) => part.length >= MIN_TOKEN)];
}
