/**
 * Money calls at a marketplace that is not ours: before anything is written down or sent, the body is compared with what
 * that marketplace's own OpenAPI document says it takes. A field that means something else there must not be found out
 * by paying.
 */
import type { Operation } from '#contract/define-operation.ts';
import { teachOffers } from '#contract/errors/teach-offers.ts';
import { setPayoutWallet } from '#contract/operations/payouts.ts';
import { createKillableValidator } from '#kit/json-schema/killable-validator.ts';
import type { WireRequest } from './http.ts';
import type { Offer } from './offered-operations.ts';

export interface BodyCheck {
  /**
   * Does nothing for what moves no money.
   * @throws SotaError `request_does_not_fit`, `request_not_checked`
   */
  require(request: WireRequest, offer: Offer, origin: string): Promise<void>;
  close(): Promise<void>;
}

const MAX_SCHEMA_BYTES = 256 * 1024;

/** A schema is a stranger's: it is evaluated in a thread that can be killed, and which starts with the first check. */
export function createBodyCheck(): BodyCheck {
  const validator = createKillableValidator({ maxSchemaBytes: MAX_SCHEMA_BYTES });
  return {
    async require({ operation, body }, offer, origin) {
      if (!decidesOverMoney(operation) || body === undefined) return;
      const unchecked = (reason: string) => teachOffers.bodyNotChecked(origin, operation, reason);
      let schema: unknown;
      try {
        schema = offer.bodySchema();
      } catch {
        throw unchecked('its schema refers to something outside the document');
      }
      if (schema === undefined) {
        // Under our own path the document confirms the operation. Under another one nothing says what it takes.
        if (offer.route === undefined) return;
        throw unchecked('it says nothing about the body');
      }
      const outcome = await validator.validate(schema, JSON.parse(body));
      if (outcome.ok === 'unchecked') throw unchecked(outcome.reason.replaceAll('_', ' '));
      if (outcome.ok) return;
      const { path, validator: rule, validator_value: value } = outcome.violation;
      throw teachOffers.bodyDoesNotFit(origin, operation, { at: path.join('.'), rule: ruleText(rule, value) });
    },
    close: () => validator.close(),
  };
}

/** A wallet is where all later money goes. */
function decidesOverMoney({ id, money, method }: Operation): boolean {
  return method !== 'GET' && (money === true || id === setPayoutWallet.id);
}

const PLAIN = /^[\w$-]{1,60}$/;

/** The rule in words that cannot be a stranger's sentence. */
function ruleText(rule: string, value: unknown): string {
  const names = Array.isArray(value) ? value : [value];
  const plain = names.every(
    (name) => ['string', 'number', 'boolean'].includes(typeof name) && PLAIN.test(String(name)),
  );
  return PLAIN.test(rule) ? `${rule}${plain ? ` ${names.join(', ')}` : ''}` : 'a rule';
}
