/**
 * Asking the human through the host (elicitation), in either protocol era. The model sees neither question nor answer:
 * the host shows a dialogue and sends the call again with what was answered and with our sealed note about the question.
 *
 *   call ──needs approval, host can ask, not asked yet──▶ input_required(question, sealed note)
 *   call + note + accept   ──▶ approved, then runs
 *   call + note + decline  ──▶ refused
 *   call + note + cancel, or a note that has expired ──▶ answered with the request id: the terminal is next
 *
 * What comes back is treated as forged until proven otherwise. The note is sealed with a key of this process, lives
 * 120 s, names the tool, its exact arguments, the agent and the question, and works once.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  createRequestStateCodec,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Approvals } from '#client/policy/approvals.ts';
import type { SotaError } from '#contract/errors/sota-error.ts';
import { teachPolicy } from '#contract/errors/teach-policy.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { sha256Hex } from '#kit/hash.ts';
import { DIALOGUE_SECONDS } from './dialogue.ts';

/** What of a call concerns the host's dialogue. */
export interface HostRound {
  /** The host can show a form. */
  readonly canAsk: boolean;
  /** Our note, as it came back. */
  readonly state?: string | undefined;
  readonly responses?: Readonly<Record<string, unknown>> | undefined;
}

export interface ConsentCall {
  readonly name: string;
  readonly arguments: unknown;
  readonly round?: HostRound | undefined;
}

/** The question as the host gets it, in place of a result. */
export type QuestionForHost = InputRequiredResult;

export interface Consent {
  /**
   * Takes in what a host brought back with a call, before its tool runs.
   * @throws SotaError when the human said no, or the answer does not belong to this call
   */
  receive(call: ConsentCall, agentId: () => string): Promise<void>;
  /** The question for the host; undefined where it cannot be asked, or was before. */
  question(call: ConsentCall, agentId: string, error: SotaError): Promise<QuestionForHost | undefined>;
}

interface Note {
  readonly approval: string;
  readonly tool: string;
  readonly args: string;
  readonly agent: string;
  readonly nonce: string;
}

const FIELD = 'approval';

export function createConsent(approvals: Approvals): Consent {
  const codec = createRequestStateCodec<Note>({ key: randomBytes(32), ttlSeconds: DIALOGUE_SECONDS });
  /** Questions this process has put to the host: nobody is asked the same twice by pop-up. */
  const asked = new Set<string>();

  return {
    async receive({ name, arguments: args, round }, agentId) {
      if (round?.state === undefined) return;
      const note = await open(round.state);
      if (note === 'expired') return;
      if (note === 'forged') throw teachPolicy.notOurQuestion(name, 'it was not sealed by this server');
      if (note.tool !== name || note.args !== digest(args)) {
        throw teachPolicy.notOurQuestion(name, 'it was given for another call');
      }
      if (note.agent !== agentId()) throw teachPolicy.notOurQuestion(name, 'it was given for another agent');
      if (!(await approvals.claimNonce(note.nonce))) throw teachPolicy.notOurQuestion(name, 'it was used before');
      const answer = inputResponse(round.responses as never, FIELD);
      if (answer.kind !== 'elicit' || answer.action === 'cancel') return;
      const yes = answer.action === 'accept' && answer.content?.approve === true;
      const decided = await approvals.decide(note.approval, yes ? 'approved' : 'rejected', 'elicitation');
      if (!yes) throw teachPolicy.declined({ id: name }, decided?.what ?? name);
    },

    async question({ name, arguments: args, round }, agentId, { details }) {
      const approval = String(details?.request_id ?? '');
      if (!round?.canAsk || asked.has(approval)) return undefined;
      asked.add(approval);
      const found = await approvals.get(approval);
      if (found?.state !== 'pending') return undefined;
      const message = [
        `Allow this agent to ${found.what}?`,
        `Asked because ${found.why}.`,
        `Agent ${found.agentId || '(not registered)'} at ${found.origin}. Allowed once, for exactly this.`,
      ].join('\n');
      return inputRequired({
        inputRequests: {
          [FIELD]: inputRequired.elicit({
            message,
            requestedSchema: {
              type: 'object',
              properties: { approve: { type: 'boolean', title: 'Allow it', description: 'Allow exactly this, once' } },
              required: ['approve'],
            },
          }),
        },
        requestState: await codec.mint({
          approval,
          tool: name,
          args: digest(args),
          agent: agentId,
          nonce: randomUUID(),
        }),
      });
    },
  };

  async function open(state: string): Promise<Note | 'expired' | 'forged'> {
    try {
      // The codec binds to nothing of the context: what the note is bound to is in the note.
      return await codec.verify(state, undefined as unknown as ServerContext);
    } catch (error) {
      return error instanceof Error && error.message === 'expired' ? 'expired' : 'forged';
    }
  }
}

function digest(args: unknown): string {
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify(args ?? {}).toWellFormed())));
}
