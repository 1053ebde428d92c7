import type { Agent, Overview } from '../access/overview.ts';
import type { Catalog } from '../catalog/catalog.ts';

/** An agent or template of the settings file, as the page of agents shows it. */
export type ListedAgent = {
  readonly name: string;
  readonly kind: 'agent' | 'template';
  /** With its grants, confirmation mode and environment. A template has the grants of its ceiling. */
  readonly access: Agent;
  /** What that comes to, by area. */
  readonly overview: Overview;
  /** The environment by its name in the file. */
  readonly environment: string;
  readonly requestsPerMinute: number;
  readonly deletesPerHour: number;
  /** Milliseconds since 1970. */
  readonly expires: number | undefined;
  readonly tokens: readonly { readonly id: string; readonly expires?: number | undefined }[];
};

export type LastCall = { readonly at: number; readonly tool: string; readonly outcome: string };

/** Units of each budget that an agent has used: of the last minute, and of the last hour. */
export type UsedBudgets = { readonly requests: number; readonly deletes: number };

/** What the page of agents shows, by the configuration that holds now. */
export type AgentsPageSource = {
  readonly catalog: Catalog;
  readonly list: () => readonly ListedAgent[];
  /** `undefined` where that cannot be told. */
  readonly usedOf: (agent: ListedAgent) => Promise<UsedBudgets | undefined>;
  /** The last call of an agent, since this process began. */
  readonly lastCallOf: (agent: string) => LastCall | undefined;
};
