// The sandbox's companies and people: invented, on domains that are reserved for examples.
// These IDs become part of WorkOS IDs, in which I, L, O and U do not occur.

type Company = {
  readonly id: string;
  readonly name: string;
  readonly external_id?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly domains: readonly { readonly domain: string; readonly state: 'verified' | 'pending' }[];
};

export const companies: readonly Company[] = [
  {
    id: 'ACME',
    name: 'Acme',
    external_id: 'crm-1001',
    metadata: { plan: 'enterprise', region: 'eu' },
    domains: [
      { domain: 'acme.example.com', state: 'verified' },
      { domain: 'acme-labs.example.org', state: 'pending' },
    ],
  },
  {
    id: 'BFERN',
    name: 'Bluefern Health',
    external_id: 'crm-1002',
    metadata: { plan: 'business' },
    domains: [{ domain: 'bluefern.test', state: 'verified' }],
  },
  { id: 'CEDAR', name: 'Cedarwick Press', domains: [{ domain: 'cedarwick.test', state: 'pending' }] },
  { id: 'DAMSN', name: 'Damsonbay Freight', domains: [{ domain: 'damsonbay.example.net', state: 'verified' }] },
];

type User = {
  readonly first: string;
  readonly last: string;
  readonly domain: string;
  readonly verified?: boolean;
  readonly external_id?: string;
  readonly memberOf: Readonly<Record<string, string>>;
};

const acme = 'acme.example.com';
const bluefern = 'bluefern.test';
const cedarwick = 'cedarwick.test';
const damsonbay = 'damsonbay.example.net';

// Each of the first four shows what can follow a password: nothing, email verification, choice of an organization, MFA.
// Bluefern's people must use its SSO connection.
export const users: readonly User[] = [
  { first: 'Ada', last: 'Hart', domain: acme, external_id: 'hr-1', memberOf: { ACME: 'admin' } },
  { first: 'Ben', last: 'Reyes', domain: acme, verified: false, memberOf: { ACME: 'member' } },
  { first: 'Cara', last: 'Webb', domain: acme, memberOf: { ACME: 'billing', DAMSN: 'admin' } },
  { first: 'Dev', last: 'Ramani', domain: acme, memberOf: { ACME: 'org-auditor' } },
  { first: 'Emma', last: 'Grant', domain: bluefern, memberOf: { BFERN: 'admin' } },
  { first: 'Gwen', last: 'Adams', domain: bluefern, memberOf: { BFERN: 'member' } },
  { first: 'Hans', last: 'Meyer', domain: bluefern, memberOf: { BFERN: 'member' } },
  { first: 'Jana', last: 'Petrak', domain: cedarwick, memberOf: { CEDAR: 'admin' } },
  { first: 'Kent', last: 'Barber', domain: cedarwick, memberOf: { CEDAR: 'member' } },
  { first: 'Maya', last: 'Sen', domain: damsonbay, memberOf: { DAMSN: 'billing' } },
  { first: 'Tess', last: 'Arden', domain: damsonbay, memberOf: { DAMSN: 'member' } },
  { first: 'Femke', last: 'Bakker', domain: 'example.org', verified: false, memberOf: {} },
];

export const permissions = [
  { id: 'MEMBERS', slug: 'members:manage', name: 'Manage members', description: 'Invite and remove members.' },
  { id: 'NVREAD', slug: 'invoices:read', name: 'Read invoices', description: null },
  { id: 'NVWRTE', slug: 'invoices:write', name: 'Write invoices', description: null },
  { id: 'REPRTS', slug: 'reports:read', name: 'Read reports', description: 'See every report.' },
] as const;

type Role = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  readonly company?: string;
  readonly permissions: readonly (typeof permissions)[number]['slug'][];
};

export const roles: readonly Role[] = [
  {
    id: 'ADMN',
    slug: 'admin',
    name: 'Admin',
    description: 'Can do everything.',
    permissions: ['members:manage', 'invoices:read', 'invoices:write', 'reports:read'],
  },
  { id: 'MEMBER', slug: 'member', name: 'Member', description: null, permissions: ['reports:read'] },
  {
    id: 'BRNG',
    slug: 'billing',
    name: 'Billing',
    description: 'Looks after invoices.',
    permissions: ['invoices:read', 'invoices:write'],
  },
  {
    id: 'ACMEADT',
    slug: 'org-auditor',
    name: 'Auditor',
    description: 'Reads, and changes nothing.',
    company: 'ACME',
    permissions: ['invoices:read', 'reports:read'],
  },
  {
    id: 'DAMSNDSP',
    slug: 'org-dispatcher',
    name: 'Dispatcher',
    description: null,
    company: 'DAMSN',
    permissions: ['reports:read'],
  },
];

export const connections = [
  {
    id: 'BFERN',
    company: 'BFERN',
    name: 'Bluefern Okta',
    connection_type: 'OktaSAML',
    state: 'active',
    domains: ['bluefern.test'],
    profiles: [
      { id: 'EMMA', first: 'Emma', last: 'Grant', email: 'emma@bluefern.test', groups: ['Clinicians', 'Leads'] },
      { id: 'GWEN', first: 'Gwen', last: 'Adams', email: 'gwen@bluefern.test', groups: ['Clinicians'] },
    ],
  },
  {
    id: 'CEDAR',
    company: 'CEDAR',
    name: 'Cedarwick Entra ID',
    connection_type: 'AzureSAML',
    state: 'inactive',
    domains: ['cedarwick.test'],
    profiles: [],
  },
  {
    id: 'DAMSN',
    company: 'DAMSN',
    name: 'Damsonbay OpenID Connect',
    connection_type: 'GenericOIDC',
    state: 'validating',
    domains: [],
    profiles: [],
  },
] as const;

type Person = readonly [id: string, first: string, last: string, job: string, state: 'active' | 'inactive'];

type Directory = {
  readonly id: string;
  readonly company: string;
  readonly name: string;
  readonly type: string;
  readonly domain: string;
  readonly people: readonly Person[];
  readonly groups: readonly { readonly id: string; readonly name: string; readonly members: readonly string[] }[];
};

export const directories: readonly Directory[] = [
  {
    id: 'ACME',
    company: 'ACME',
    name: 'Acme Okta',
    type: 'okta scim v2.0',
    domain: 'acme.example.com',
    people: [
      ['ADA', 'Ada', 'Hart', 'Head of Engineering', 'active'],
      ['BEN', 'Ben', 'Reyes', 'Engineer', 'active'],
      ['CARA', 'Cara', 'Webb', 'Accountant', 'active'],
      ['DEV', 'Dev', 'Ramani', 'Auditor', 'active'],
      ['FRED', 'Fred', 'Baker', 'Engineer', 'active'],
      ['GEMMA', 'Gemma', 'Stark', 'Engineer', 'active'],
      ['HENK', 'Henk', 'Vries', 'Recruiter', 'active'],
      ['JEAN', 'Jean', 'Marsh', 'Accountant', 'active'],
      ['KARA', 'Kara', 'Beck', 'Engineer', 'inactive'],
    ],
    groups: [
      { id: 'ENG', name: 'Engineering', members: ['ADA', 'BEN', 'FRED', 'GEMMA', 'KARA'] },
      { id: 'FNNCE', name: 'Finance', members: ['CARA', 'DEV', 'JEAN'] },
      { id: 'EADS', name: 'Leads', members: ['ADA', 'CARA'] },
    ],
  },
  {
    id: 'BFERN',
    company: 'BFERN',
    name: 'Bluefern Entra ID',
    type: 'azure scim v2.0',
    domain: 'bluefern.test',
    people: [
      ['EMMA', 'Emma', 'Grant', 'Physician', 'active'],
      ['GWEN', 'Gwen', 'Adams', 'Nurse', 'active'],
      ['HANS', 'Hans', 'Meyer', 'Nurse', 'active'],
      ['NEENA', 'Neena', 'Rao', 'Physician', 'active'],
      ['PETER', 'Peter', 'Mandt', 'Receptionist', 'inactive'],
    ],
    groups: [
      { id: 'CNCNS', name: 'Clinicians', members: ['EMMA', 'GWEN', 'HANS', 'NEENA'] },
      { id: 'EADS', name: 'Leads', members: ['EMMA'] },
    ],
  },
];
