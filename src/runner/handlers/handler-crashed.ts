/** The process of a handler ended without an answer. Counts as a crash of the job: the second one ends the attempt. */
export class HandlerCrashed extends Error {
  override readonly name = 'HandlerCrashed';
}
