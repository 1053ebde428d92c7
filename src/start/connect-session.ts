import type { Writable } from 'node:stream';
import type { RequestId } from '@modelcontextprotocol/server';
import type { IsListed } from '../access/listed.ts';
import type { Agent } from '../access/overview.ts';
import { createBudgets } from '../agents/budgets.ts';
import type { AuditRecord } from '../audit/record.ts';
import { createOutsideWaits } from '../call/outside-waits.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Listing } from '../catalog/listing.ts';
import { systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import { openCall } from '../mcp/call-tools.ts';
import { toFeatures } from '../mcp/client-features.ts';
import { type Offer, withTools } from '../mcp/offer.ts';
import { createServer, toDirectTool, toRefusal } from '../mcp/server.ts';
import { formWith, withViews } from '../mcp/view/offer.ts';
import { toDirectCalls } from '../serve/direct/stdio-calls.ts';
import { openSession } from '../serve/stdio/open-session.ts';
import type { Session } from '../serve/stdio/serve-stdio.ts';
import type { Config } from '../settings/config.ts';
import type { Tracer } from '../tracing/tracer.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import type { Transport } from '../workos/transport.ts';
import { compose } from './compose.ts';
import { openPending } from './kept-declines.ts';
import { createOwnTools } from './own-tools.ts';

export type SessionDeps = {
  readonly config: Config;
  readonly agent: Agent;
  /** The tools that the fast path has listed. */
  readonly listed: Offer<Listing>;
  readonly isListed: IsListed | undefined;
  readonly environment: KeyedEnvironment;
  readonly transport: Transport;
  readonly record: AuditRecord;
  readonly log: Log;
  readonly version: string;
  readonly isDirect: boolean;
  readonly tracer: Tracer | undefined;
  readonly stdout: Writable;
  /** The initialize that the fast path has answered. */
  readonly initializeId: RequestId | undefined;
};

/** Opens what loads after the fast path: the tools with their declarations, the code that calls them, and the SDK. */
export function connectSession(catalog: Catalog, deps: SessionDeps): Session {
  const {
    config,
    agent,
    listed,
    isListed,
    environment,
    transport,
    record,
    log,
    version,
    isDirect,
    tracer,
    stdout,
    initializeId,
  } = deps;
  const { call, journal } = compose({
    catalog,
    environment,
    send: transport.send,
    settings: config,
    record,
    pending: openPending(catalog, config.auditLog, systemClock, Date.now()),
    budgets: createBudgets(systemClock.now),
    log,
    version,
    tracer,
  });
  const { statusTool } = config;
  const offer = withViews(withTools(listed, catalog, createOwnTools(catalog)(agent, { statusTool, isListed })));
  const own = { waitOutside: createOutsideWaits()(agent.name) };
  const session = openSession({
    factory: () => createServer(offer, call, version, own),
    direct: isDirect
      ? toDirectCalls((params, client) => toDirectTool(offer, params, call, { ...toFeatures(client), ...own }))
      : undefined,
    stdout,
    initializeId,
    isOffered: (name, args) => openCall(formWith(offer, name), name, args).tool !== undefined,
    onRefused: (name, sent) => {
      const { tool, rule, args, via } = toRefusal(offer, name, sent);
      void journal.refuse(tool, args, rule, { agent: agent.name, via });
    },
    // The message may quote a client's input.
    onerror: (error) => log.warn({ error: error.name }, 'protocol error'),
  });
  transport.prepare?.();
  return session;
}
