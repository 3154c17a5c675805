import { Refusal } from '../rules/refuse.ts';

/** Lets the rules say no. They do so before they write anything. */
export async function orRefused<T>(act: Promise<T>): Promise<T | undefined> {
  try {
    return await act;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
