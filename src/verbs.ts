/** The forms in which the record says what a call does. */
export type VerbForms = {
  readonly do: string;
  readonly done: string;
  /** The verb acts on an existing object that an argument names. */
  readonly on?: true;
  /** The verb acts on several objects: the tool's name has their plural. */
  readonly many?: true;
};

/** The verbs with which a tool's name may begin. A tool with any other verb does not compile. */
export const VERBS = {
  accept: { do: 'accept', done: 'accepted', on: true },
  add: { do: 'add', done: 'added' },
  // Of the server's own tool with which the view passes on what a person answered.
  answer: { do: 'answer', done: 'answered' },
  approve: { do: 'approve', done: 'approved', on: true },
  assign: { do: 'assign', done: 'assigned' },
  authenticate: { do: 'sign in', done: 'signed in' },
  // Of the server's own tools: those that find and call others.
  call: { do: 'use', done: 'used' },
  challenge: { do: 'challenge', done: 'challenged', on: true },
  check: { do: 'check', done: 'checked', on: true },
  confirm: { do: 'confirm', done: 'confirmed', on: true },
  create: { do: 'create', done: 'created' },
  deactivate: { do: 'deactivate', done: 'deactivated', on: true },
  decrypt: { do: 'decrypt', done: 'decrypted', on: true },
  delete: { do: 'delete', done: 'deleted', on: true },
  deny: { do: 'deny', done: 'denied', on: true },
  disable: { do: 'disable', done: 'disabled', on: true },
  enable: { do: 'enable', done: 'enabled', on: true },
  enroll: { do: 'enroll', done: 'enrolled' },
  expire: { do: 'expire', done: 'expired', on: true },
  find: { do: 'look for', done: 'looked for', many: true },
  get: { do: 'read', done: 'read', on: true },
  import: { do: 'import', done: 'imported' },
  invite: { do: 'invite', done: 'invited', on: true },
  list: { do: 'list', done: 'listed', many: true },
  mint: { do: 'mint', done: 'minted' },
  reactivate: { do: 'reactivate', done: 'reactivated', on: true },
  rekey: { do: 'rekey', done: 'rekeyed', on: true },
  remove: { do: 'remove', done: 'removed', on: true },
  replace: { do: 'replace', done: 'replaced', on: true },
  resend: { do: 'resend', done: 'resent', on: true },
  revoke: { do: 'revoke', done: 'revoked', on: true },
  send: { do: 'send', done: 'sent' },
  set: { do: 'set', done: 'set', on: true },
  update: { do: 'update', done: 'updated', on: true },
  upsert: { do: 'create or update', done: 'created or updated', on: true },
  // As with `verify`: the verdict is in WorkOS's answer, which is content.
  validate: { do: 'check', done: 'checked', on: true },
  verify: { do: 'check', done: 'checked', on: true },
  wait: { do: 'wait for', done: 'waited for', many: true },
} as const satisfies Readonly<Record<string, VerbForms>>;

export type Verb = keyof typeof VERBS;
