import type { TestProject } from 'vitest/node';
import { openDatabase } from '#market/storage/database.ts';
import { startPostgres, TEMPLATE, whyNoPostgres } from './postgres.ts';

/** One server for all tests that run on PostgreSQL, started when there are any. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = whyNoPostgres();
  if (missing !== undefined) {
    project.provide('postgres', { missing });
    return undefined;
  }
  const server = await startPostgres();
  const { close } = await openDatabase({ databaseUrl: await server.createDatabase(TEMPLATE) });
  await close();
  project.provide('postgres', { url: server.url('postgres') });
  return () => server.stop();
}
