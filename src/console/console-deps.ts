import type { ApproverRules } from '../agents/approvers.ts';
import type { IssuerFetch } from '../agents/issuer-fetch.ts';
import type { OnceStore } from '../agents/once.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { ApprovalStore } from '../call/confirm/approvals.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Tls } from '../serve/http/listener.ts';
import type { AgentsConfig } from '../settings/agents-config.ts';
import type { AgentsPageSource } from './agents-source.ts';

export type ConsoleDeps = {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** Under which people open the console: its origin is the only one whose forms count, its host the only one answered. */
  readonly url: string;
  readonly tls?: Tls | undefined;
  /** The key of sessions, links and form tokens, derived from the deployment key. */
  readonly key: Uint8Array;
  readonly approvals: ApprovalStore;
  readonly once: OnceStore;
  /** By the configuration that holds now. */
  readonly rules: () => ApproverRules;
  readonly config: () => AgentsConfig;
  readonly agents: AgentsPageSource;
  readonly record: Pick<AuditRecord, 'append' | 'head'>;
  /** The path of the record, where it is a file. */
  readonly recordFile: string | undefined;
  /** The text of the client secret of an issuer, where it has one. Throws StartError if it cannot be read. */
  readonly clientSecretOf: (issuer: string) => string | undefined;
  /** Sends the server's own requests to issuers: over no redirect, with limits on size and time. */
  readonly fetch: IssuerFetch;
  readonly log: Log;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly today: () => number;
};
