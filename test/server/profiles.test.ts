import { describe, expect, it } from 'vitest';
import { selectTools } from '#server/profiles.ts';
import { tools } from '#tools/registry.ts';

const selected = (selection: Parameters<typeof selectTools>[0]) =>
  selectTools(selection, tools).map(({ name }) => name);

describe('profiles', () => {
  it('are these', () => {
    expect(
      Object.fromEntries(['worker', 'requester', 'observe'].map((profile) => [profile, selected({ profile })])),
    ).toMatchSnapshot();
    expect(selected({})).toHaveLength(tools.length);
  });

  it('are narrowed by names, and read-only is a bound over everything', () => {
    expect(selected({ tools: ['bid', 'get_job'] })).toEqual(['get_job', 'bid']);
    expect(selected({ tools: ['bid', 'get_job'], readOnly: true })).toEqual(['get_job']);
    expect(selected({ excludeTools: ['withdraw'] })).not.toContain('withdraw');
    const kept = new Set(selected({ readOnly: true }));
    expect(tools.filter(({ name, effect }) => kept.has(name) && effect !== 'read')).toEqual([]);
  });

  it.each([
    [{ profile: 'wrker' }, /--profile does not know "wrker"/, /Did you mean worker/],
    [{ tools: ['list_job'] }, /--tools does not know "list_job"/, /Did you mean list_jobs/],
    [{ excludeTools: ['withdrawal'] }, /--exclude-tools does not know/, /Did you mean withdraw/],
    [{ profile: 'worker', tools: ['create_job'] }, /which the profile worker does not have/, /Leave out/],
    [{ tools: ['bid'], readOnly: true }, /leave no tool at all/, /./],
  ])('refuse %o with advice', (selection, message, fix) => {
    expect(() => selected(selection)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), fix: expect.stringMatching(fix) }),
    );
  });
});
