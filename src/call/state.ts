import type { Arguments } from '../catalog/declaration.ts';
import type { ApiRequest } from '../workos/layer.ts';
import { type FieldSelection, WHOLE } from './answer/fields.ts';
import type { ItemFilter } from './answer/where.ts';
import { type Confidential, NOTHING } from './confidential.ts';
import type { ConfirmationOutcome } from './confirm/outcome.ts';
import type { Occasion } from './confirm/preview.ts';
import { createTraffic, type Traffic } from './exchange.ts';
import type { Verdict } from './verdict.ts';

/** The results of the steps so far. The error result of a failed call uses them, too. */
export type CallState = {
  readonly traffic: Traffic;
  confidential: Confidential;
  /** The parsed arguments. Later steps see only these. */
  args: Arguments;
  /** Notes for the client about how its arguments were normalized. */
  notes: readonly string[];
  /** The verdict that allows the call. */
  verdict: Verdict | undefined;
  /** The fields that the answer shows. */
  selection: FieldSelection;
  /** The filter on the items of a list, if there is one. */
  filter: ItemFilter | undefined;
  request: ApiRequest | undefined;
  /** Why a person is asked about this call, where not all calls of the tool wait for a confirmation. */
  occasion: Occasion | undefined;
  /** Whether what was read first demands the credentials grant. */
  takesCredentials: boolean;
  confirmed: Extract<ConfirmationOutcome, { open: true }> | undefined;
  /** The last answer of WorkOS, without confidential values. */
  answer: Record<string, unknown> | undefined;
};

/** @param isTraced whether the attempts of its requests are kept */
export const beginState = (isTraced = false): CallState => ({
  traffic: createTraffic(isTraced ? [] : undefined),
  confidential: NOTHING,
  args: {},
  notes: [],
  verdict: undefined,
  selection: WHOLE,
  filter: undefined,
  request: undefined,
  occasion: undefined,
  takesCredentials: false,
  confirmed: undefined,
  answer: undefined,
});
