import type { ConsoleDeps } from '../console-deps.ts';
import type { ConsoleRoute } from '../routes.ts';
import { toAgentsRoutes } from './agents.ts';
import { toCallsRoutes } from './calls.ts';
import { toWaitingRoutes } from './waiting.ts';

/** The pages behind the sign-in. */
export const createRoutes = (deps: ConsoleDeps): readonly ConsoleRoute[] => [
  ...toWaitingRoutes(deps),
  ...toAgentsRoutes(deps),
  ...toCallsRoutes(deps),
];
