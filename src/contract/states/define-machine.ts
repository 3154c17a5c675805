import type { Evidence } from '../define-operation.ts';

/** Who can trigger a transition. */
export type Actor = 'agent' | 'owner' | 'requester' | 'admin' | 'judge' | 'server';

export interface Transition<State extends string> {
  /** What happens, in one word; unique together with the state it starts from. */
  readonly on: string;
  readonly from: readonly State[];
  readonly to: State;
  readonly by: Actor;
  readonly note: string;
  readonly evidence: Evidence;
}

export interface Machine<State extends string, Event extends string = string> {
  readonly name: string;
  readonly states: Readonly<Record<State, string>>;
  readonly initial: State;
  readonly transitions: readonly (Transition<State> & { readonly on: Event })[];
}

/** Types a state machine without changing it: states with their meaning, and every legal move. */
export function defineMachine<const State extends string, const Event extends string>(
  machine: Machine<State, Event>,
): Machine<State, Event> {
  return machine;
}

/**
 * The state an event leads to, or undefined where the move is not legal.
 * @example nextState(jobMachine, 'assigned', 'accept') // 'executing'
 */
export function nextState<State extends string, Event extends string>(
  machine: Machine<State, Event>,
  from: State,
  event: Event,
): State | undefined {
  return machine.transitions.find((move) => move.on === event && move.from.includes(from))?.to;
}

/** The events that are legal in a state, in the order of the table. */
export function legalEvents<State extends string, Event extends string>(
  machine: Machine<State, Event>,
  from: State,
): Event[] {
  return machine.transitions.filter((move) => move.from.includes(from)).map((move) => move.on);
}
