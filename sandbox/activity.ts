// What has happened in the sandbox's companies of late. Ages count from the opening of the sandbox, so that what is
// pending is still pending, and what was an hour ago was an hour ago. Names that become part of IDs are as in world.ts.

const hours = (count: number): number => count * 60;
const days = (count: number): number => hours(24 * count);

/** Memberships beside the active ones: people who left, and one who has not accepted yet. */
export const otherMemberships = [
  { user: 'JANA', company: 'DAMSN', role: 'member', status: 'inactive', age: days(80) },
  { user: 'TESS', company: 'CEDAR', role: 'admin', status: 'inactive', age: days(45) },
  { user: 'FEMKE', company: 'CEDAR', role: 'member', status: 'pending', age: days(1) },
] as const;

type Invited = {
  readonly id: string;
  readonly email: string;
  readonly company?: string;
  readonly role?: string;
  readonly by?: string;
  /** Minutes since it was sent; it ends seven days later. */
  readonly age: number;
  readonly ended?: { readonly state: 'accepted' | 'revoked'; readonly age: number; readonly user?: string };
};

export const invitations: readonly Invited[] = [
  { id: 'GRACE', email: 'grace@acme.example.com', company: 'ACME', role: 'member', by: 'ADA', age: days(2) },
  { id: 'FEMKE', email: 'femke@example.org', company: 'CEDAR', role: 'member', by: 'JANA', age: days(1) },
  { id: 'WANDA', email: 'wanda@example.com', age: hours(5) },
  { id: 'HENRY', email: 'henry@damsonbay.example.net', company: 'DAMSN', role: 'org-dispatcher', age: days(21) },
  {
    id: 'MAYA',
    email: 'maya@damsonbay.example.net',
    company: 'DAMSN',
    role: 'billing',
    by: 'CARA',
    age: days(120),
    ended: { state: 'accepted', age: days(119), user: 'MAYA' },
  },
  {
    id: 'PARTNER',
    email: 'partner@example.net',
    company: 'ACME',
    role: 'admin',
    by: 'BEN',
    age: days(9),
    ended: { state: 'revoked', age: days(8) },
  },
];

const [macos, windows, phone] = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148',
];

type OpenSession = {
  readonly id: string;
  readonly user: string;
  readonly company?: string;
  readonly method: string;
  readonly ip: string;
  readonly agent: string;
  readonly age: number;
  readonly ended?: { readonly status: 'expired' | 'revoked'; readonly age: number };
  readonly impersonator?: { readonly email: string; readonly reason: string };
};

export const sessions: readonly OpenSession[] = [
  { id: 'ADA1', user: 'ADA', company: 'ACME', method: 'password', ip: '192.0.2.10', agent: macos, age: hours(2) },
  { id: 'ADA2', user: 'ADA', company: 'ACME', method: 'magic_code', ip: '198.51.100.7', agent: phone, age: days(3) },
  { id: 'CARA', user: 'CARA', company: 'DAMSN', method: 'oauth', ip: '192.0.2.24', agent: windows, age: hours(7) },
  { id: 'EMMA', user: 'EMMA', company: 'BFERN', method: 'sso', ip: '203.0.113.5', agent: windows, age: hours(20) },
  {
    id: 'KENT',
    user: 'KENT',
    company: 'CEDAR',
    method: 'password',
    ip: '203.0.113.77',
    agent: macos,
    age: days(38),
    ended: { status: 'expired', age: days(8) },
  },
  {
    id: 'MAYA',
    user: 'MAYA',
    company: 'DAMSN',
    method: 'impersonation',
    ip: '192.0.2.200',
    agent: macos,
    age: hours(26),
    ended: { status: 'revoked', age: hours(25) },
    impersonator: { email: 'support@example.com', reason: 'Ticket 4711: the invoice page stays empty' },
  },
];

export const identities = [
  { id: 'CARA', user: 'CARA', provider: 'GoogleOAuth' },
  { id: 'MAYA', user: 'MAYA', provider: 'MicrosoftOAuth' },
] as const;

type Key = {
  readonly id: string;
  readonly name: string;
  readonly company: string;
  /** The user that it is of; absent where it is the organization's own. */
  readonly user?: string;
  readonly permissions: readonly string[];
  readonly age: number;
  readonly usedAge?: number;
  /** Minutes from now at which it ends. */
  readonly endsIn?: number;
};

export const apiKeys: readonly Key[] = [
  { id: 'ACME1', name: 'Production', company: 'ACME', permissions: ['invoices:read'], age: days(290), usedAge: 4 },
  {
    id: 'ACME2',
    name: 'Data warehouse',
    company: 'ACME',
    permissions: ['invoices:read', 'reports:read'],
    age: days(200),
    usedAge: days(190),
  },
  {
    id: 'ACME3',
    name: 'Migration',
    company: 'ACME',
    permissions: ['invoices:write'],
    age: days(150),
    usedAge: days(121),
    endsIn: -days(120),
  },
  { id: 'BFERN', name: 'Nightly export', company: 'BFERN', permissions: [], age: days(20), endsIn: days(10) },
  { id: 'BEN', name: 'Laptop', company: 'ACME', user: 'BEN', permissions: [], age: days(90), usedAge: days(1) },
  {
    id: 'CARA',
    name: 'Spreadsheet',
    company: 'DAMSN',
    user: 'CARA',
    permissions: ['invoices:read'],
    age: days(12),
    usedAge: hours(9),
  },
];

export const itContacts = [
  { id: 'ACME', company: 'ACME', email: 'it@acme.example.com' },
  { id: 'BFERN', company: 'BFERN', email: 'it@bluefern.test' },
  { id: 'CEDAR', company: 'CEDAR', email: 'systems@cedarwick.test' },
] as const;

/** Resources of an organization, apart from itself. */
export const resources = [
  { id: 'HARBR', company: 'ACME', type: 'project', external_id: 'project-harbor', name: 'Harbor' },
  { id: 'MEADW', company: 'ACME', type: 'project', external_id: 'project-meadow', name: 'Meadow' },
] as const;

type SignInEvent = {
  readonly id: string;
  readonly user: string;
  readonly type: string;
  readonly status: 'started' | 'succeeded' | 'failed' | 'timed_out';
  readonly ip: string;
  readonly agent: string;
  readonly age: number;
  /** The company whose connection was used. */
  readonly sso?: string;
  readonly error?: { readonly code: string; readonly message: string };
};

const office = { ip: '203.0.113.5', agent: windows };
const laptop = { ip: '192.0.2.10', agent: macos };

export const signIns: readonly SignInEvent[] = [
  { id: 'PEMMA', user: 'EMMA', type: 'sso', status: 'succeeded', ...office, age: hours(20), sso: 'BFERN' },
  { id: 'PADA1', user: 'ADA', type: 'password', status: 'succeeded', ...laptop, age: hours(2) },
  {
    id: 'MDEV',
    user: 'DEV',
    type: 'mfa',
    status: 'failed',
    ...laptop,
    age: hours(6),
    error: { code: 'invalid_one_time_code', message: 'The one-time code is invalid.' },
  },
  {
    id: 'PBEN1',
    user: 'BEN',
    type: 'password',
    status: 'failed',
    ...laptop,
    age: 64,
    error: { code: 'invalid_credentials', message: 'Invalid credentials.' },
  },
  {
    id: 'PBEN2',
    user: 'BEN',
    type: 'password',
    status: 'failed',
    ...laptop,
    age: 63,
    error: { code: 'invalid_credentials', message: 'Invalid credentials.' },
  },
  { id: 'SGWEN', user: 'GWEN', type: 'sso', status: 'started', ...office, age: 58, sso: 'BFERN' },
  {
    id: 'FGWEN',
    user: 'GWEN',
    type: 'sso',
    status: 'failed',
    ...office,
    age: 57,
    sso: 'BFERN',
    error: {
      code: 'saml_response_signature_invalid',
      message: 'The signature of the SAML response does not match the certificate of the connection.',
    },
  },
  { id: 'SHANS', user: 'HANS', type: 'sso', status: 'started', ...office, age: 40, sso: 'BFERN' },
  {
    id: 'THANS',
    user: 'HANS',
    type: 'sso',
    status: 'timed_out',
    ...office,
    age: 30,
    sso: 'BFERN',
    error: { code: 'sso_timed_out', message: 'The identity provider did not answer within ten minutes.' },
  },
];

/** Changes of connections, by the company. */
export const connectionChanges = [
  { id: 'ACBFERN', company: 'BFERN', event: 'connection.activated', age: days(26) },
  { id: 'DECEDAR', company: 'CEDAR', event: 'connection.deactivated', age: days(5) },
] as const;
