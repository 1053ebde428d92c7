import { takesToken, toConfirm } from '../access/confirmation.ts';
import { toIsListed } from '../access/listed.ts';
import { compileGrants } from '../access/policy.ts';
import { configDigest } from '../audit/record.ts';
import type { Listing } from '../catalog/listing.ts';
import type { Listings } from '../catalog/prebuilt-listings.ts';
import { StartError } from '../errors.ts';
import { createLog } from '../log.ts';
import { toFeatures } from '../mcp/client-features.ts';
import { createOffer, type Offer, toInitializeResult } from '../mcp/offer.ts';
import { toPromptList } from '../mcp/prompts/listed.ts';
import { answerOpening } from '../serve/direct/stdio-opening.ts';
import { type AnswerOpening, type Session, serveOverStdio } from '../serve/stdio/serve-stdio.ts';
import type { Config } from '../settings/config.ts';
import { holdLines, openStderr } from '../stderr.ts';
import { limitsOf, toLimitSettings } from '../workos/limits/slots.ts';
import { requireOwnConfirm, toAgent } from './agent.ts';
import type { SessionDeps } from './connect-session.ts';
import type { Host } from './host.ts';
import { beginRecord, openRecord, requireRecord } from './open-record.ts';
import { openTracing } from './open-tracing.ts';

/** The protocol revisions that begin with initialize. The build inserts them, so that a start does not load the SDK. */
declare const REVISIONS: readonly string[];

/** For a person who has started the server in a terminal. The log and the record follow with the first input. */
const BY_HAND =
  'workos-mcp is an MCP server: a client starts it and talks to it over stdin. To try it yourself, run workos-mcp demo, workos-mcp check or workos-mcp --help. Ctrl-C ends it.';

/** Loads the part that starts after the fast path, because it takes long to load. */
export type LazySession = () => Promise<{ readonly connect: (deps: SessionDeps) => Session }>;

/**
 * Serves the one agent of the flat settings until its client leaves or the process is asked to stop. Errors in the
 * settings are reported before anything is served.
 */
export async function startStdio(config: Config, catalog: Listings, behind: LazySession, host: Host, version: string) {
  const policyOf = compileGrants(catalog, config.grants); // an error in the grants is reported before one in the key
  requireOwnConfirm(config);
  const { environment, transport } = await host.connect(config);
  const { grants, ...rest } = toAgent(config, environment.label);
  const policy = policyOf(grants.productionGuard);
  const agent = { ...rest, grants, policy };
  requireRecord(config, catalog, environment.label, policy);
  toLimitSettings(config.limits, limitsOf(catalog)); // for the errors that it throws
  const open = openStderr(host.writeToStderr, () => new Date());
  const held = host.isTyped ? holdLines(open) : undefined;
  const stderr = held ?? open;
  const log = createLog(config.logLevel, stderr);
  const record = await openRecord(config, { log, stderr }, host.user);
  const tracer = await openTracing(host.variable, log, version);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) host.onSignal(signal, () => stop.abort(signal));

  const confirm = toConfirm(config.confirm, environment.label);
  const isListed = toIsListed(catalog, policy, {
    mode: config.list,
    tokens: catalog.tokens,
    budget: host.listBudget,
    statusTool: config.statusTool,
    confirmToken: takesToken(confirm),
  });
  const offer = createOffer({
    agent: agent.name,
    catalog,
    policy,
    environment: environment.label,
    confirm,
    dryRun: config.dryRun,
    statusTool: config.statusTool ? catalog.statusTool : undefined,
    waitTool: catalog.waitTool,
    finding: isListed && { isListed, find: catalog.findTool, calls: catalog.callTools },
  });

  const on = catalog.tools.filter((tool) => offer.tools.has(tool.name));
  const endRecord = await beginRecord(
    record,
    { log, stderr },
    {
      version,
      environment: environment.label,
      agent: agent.name,
      config: configDigest({ ...config, apiKey: undefined }),
      tools: on.length,
      confirm: config.dryRun ? `${confirm}, dry run` : confirm,
      transport: 'stdio',
    },
  );
  log.info(
    {
      version,
      environment: environment.label,
      baseUrl: environment.baseUrl,
      proxy: transport.proxy,
      tools: on.length,
    },
    'serving stdio',
  );
  const clientless = environment.clientId === undefined ? on.filter((tool) => tool.needsClientId) : [];
  if (clientless.length > 0) {
    log.warn({ tools: clientless.map((tool) => tool.name) }, 'these tools need WORKOS_CLIENT_ID, which is not set');
  }

  if (held !== undefined) open.write(BY_HAND);
  let reason = 'it failed';
  try {
    await serveOverStdio({
      answerOpening: host.isDirect ? toAnswerOpening(offer, version) : undefined,
      connect: async (initializeId) => {
        const { connect } = await behind().catch(missingPart);
        return connect({
          config,
          agent,
          listed: offer,
          isListed,
          environment,
          transport,
          record,
          log,
          version,
          isDirect: host.isDirect,
          tracer,
          initializeId,
          stdout: host.stdout,
        });
      },
      stdin: host.stdin,
      stdout: host.stdout,
      onInput: held?.release,
      stop: stop.signal,
    });
    reason = stop.signal.aborted ? String(stop.signal.reason) : 'the client left';
  } finally {
    await transport.close();
    await tracer?.close();
    await endRecord(reason);
    log.info({}, 'stopped');
    await log.written();
  }
}

function toAnswerOpening({ list, prompts, ...offer }: Offer<Listing>, version: string): AnswerOpening {
  const lists = { 'tools/list': list, ...(prompts.size > 0 && { 'prompts/list': toPromptList(prompts) }) };
  const isAnsweredOtherwise = (capabilities: unknown) => toFeatures(capabilities).canShow;
  const opening = {
    revisions: REVISIONS,
    initializeResult: toInitializeResult({ ...offer, prompts }, version),
    lists,
    isAnsweredOtherwise,
  };
  return (stdin, stdout, handOn) => answerOpening(stdin, stdout, handOn, opening);
}

function missingPart(error: unknown): never {
  const { code, name } = Object(error);
  throw new StartError(`A part of the program cannot be loaded (${code ?? name}). Install it again.`);
}
