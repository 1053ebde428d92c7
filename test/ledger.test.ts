import { describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { placeOf } from '../src/catalog/tool.ts';
import { declarations } from '../tools/index.ts';
import { ASKED } from './support/catalog.ts';

const { tools } = createCatalog(declarations);

const DESCRIBES = 'says what somebody is called, which no sign-in looks at';
const ABOUT_THE_REQUEST = 'is noted beside the sign-in, and vouches for nobody';
const METADATA = 'is the app’s own; JWT templates can make claims of it, which README warns about';

/**
 * Arguments of writes that are no credentials, each with the reason why an agent may set them with a write grant alone:
 * none of them makes the agent somebody else or vouches for who somebody is.
 */
const PLAIN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  update_user: {
    first_name: DESCRIBES,
    last_name: DESCRIBES,
    name: DESCRIBES,
    locale: 'chooses a language',
    metadata: METADATA,
  },
  update_organization: { name: DESCRIBES, metadata: METADATA },
  create_user: {
    email: 'is of a new user, unverified: whoever has the mailbox signs in, and nobody else’s account changes hands',
    first_name: DESCRIBES,
    last_name: DESCRIBES,
    name: DESCRIBES,
    external_id: 'is unique, so that it cannot be taken from a user who has it; changing one takes the grant',
    metadata: METADATA,
    ip_address: ABOUT_THE_REQUEST,
    user_agent: ABOUT_THE_REQUEST,
    signals_id: ABOUT_THE_REQUEST,
  },
  create_magic_auth: {
    email: 'gets the code, which is withheld from the agent',
    ip_address: ABOUT_THE_REQUEST,
    user_agent: ABOUT_THE_REQUEST,
    signals_id: ABOUT_THE_REQUEST,
    radar_auth_attempt_id: ABOUT_THE_REQUEST,
  },
  enroll_auth_factor: {
    totp_issuer: 'labels the factor in an authenticator app',
    totp_user: 'labels the factor in an authenticator app',
  },
  create_organization: {
    name: DESCRIBES,
    external_id: 'is unique, so that it cannot be taken from an organization that has it; changing one takes the grant',
    metadata: METADATA,
  },
  create_organization_domain: {
    organization_id: 'names the organization',
    domain: 'is pending until its DNS proves it',
  },
  create_audit_log_event: {
    organization_id: 'names the organization',
    event: 'names an actor whom WorkOS does not verify, which the description says',
    idempotency_key: 'is made up by whoever calls',
  },
  create_audit_log_export: {
    organization_id: 'names the organization',
    range_start: 'selects events',
    range_end: 'selects events',
    actions: 'selects events',
    actor_names: 'selects events',
    actor_ids: 'selects events',
    targets: 'selects events',
  },
};

/** The arguments that a write grant alone sets. A tool that exists with credentials only has none. */
const plainOf = (tool: (typeof tools)[number]): string[] => {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return Object.keys(tool.input).filter(
    (name) => placeOf(tool, name) !== 'path' && !secrets.includes(name) && !identity.includes(name),
  );
};

const writes = tools.filter((tool) => tool.access === 'write' && !tool.needsCredentials);

describe('every argument of a write is a credential, or stands here with the reason why it is none', () => {
  it.each(writes)('$name', (tool) => {
    expect(Object.keys(PLAIN[tool.name] ?? {}).sort()).toEqual(plainOf(tool).sort());
  });

  it('and no entry is about a tool that is gone, or takes credentials as a whole', () => {
    const known = writes.filter((tool) => plainOf(tool).length > 0).map((tool) => tool.name);
    expect(Object.keys(PLAIN).sort()).toEqual(known.sort());
  });

  it('and deletes take nothing but the ID', () => {
    const deletes = tools.filter((tool) => tool.access === 'delete');
    for (const tool of deletes) {
      const places = Object.keys(tool.input).map((name) => placeOf(tool, name));
      expect(new Set(places), tool.name).toEqual(new Set(['path']));
    }
    expect(deletes.length).toBeGreaterThan(3);
  });
});

describe('what a person is asked about', () => {
  it('is at least each of these', () => {
    const asked = tools.filter((tool) => tool.preview !== undefined).map((tool) => tool.name);
    expect(asked).toEqual(expect.arrayContaining([...ASKED]));
  });

  it.each(tools)('$name declares a preview exactly where it has to', (tool) => {
    const decides = tool.method === 'PUT' && tool.credentials !== undefined;
    expect(tool.preview !== undefined).toBe(tool.access === 'delete' || decides);
    expect(tool.confirmable).toBe(tool.access === 'delete' || decides);
    if (tool.restricted !== undefined) expect(tool.restricted.confirmable).toBe(false);
  });

  it.each(
    tools.filter((tool) => tool.preview !== undefined),
  )('$name is shown with reads that take the ID where it is given', ({ path, preview }) => {
    const find = (name: string) => tools.find((tool) => tool.name === name) ?? expect.fail(`there is no ${name}`);
    const reader = find(preview?.object ?? '');
    expect(reader).toMatchObject({ method: 'GET', access: 'read', path, needsCredentials: false });
    expect(Object(reader.output?.shape)).toHaveProperty(preview?.named ?? '');
    for (const [name, argument] of Object.entries(preview?.dependents ?? {})) {
      expect(find(name)).toMatchObject({ method: 'GET', access: 'read', paginated: true });
      expect(find(name).input).toHaveProperty(argument);
      expect(find(name).input).toHaveProperty('limit');
    }
  });
});
