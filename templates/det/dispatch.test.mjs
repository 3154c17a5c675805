import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handlers } from './dispatch.mjs';

const ctx = { progress() {}, log() {}, skeleton: () => ({}) };

test('records are read out of CSV, with commas inside quotes', () => {
  const parameters = {
    format: 'csv',
    text: 'No.,Customer,Paid\n1041,"Okafor, Ada",yes\n1042,"Lindqvist, Per",no',
    fields: [
      { name: 'number', label: 'No.', type: 'number' },
      { name: 'customer', label: 'Customer', type: 'string' },
      { name: 'paid', label: 'Paid', type: 'boolean' },
    ],
  };
  assert.deepEqual(handlers['data-extraction']({ parameters }, ctx), {
    records: [
      { number: 1041, customer: 'Okafor, Ada', paid: true },
      { number: 1042, customer: 'Lindqvist, Per', paid: false },
    ],
  });
});

test('an echo gives the parameters back', () => {
  const job = { description: 'Return the parameters, plus "processed": true.', parameters: { city: 'Oslo' } };
  assert.deepEqual(handlers._default(job, ctx), { city: 'Oslo', processed: true });
});
