// What the cases of several areas share: arguments that WorkOS would accept, and reasons.

export const ORGANIZATION = 'org_01EHZNVPK3SFK441A1RGBFSHRT';
export const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';
export const PAGE = { limit: 100, before: 'x_01', after: 'x_02', order: 'asc' };
export const PAIRS = { tier: 'gold', team: 'platform' };
export const END_USER = { ip_address: '203.0.113.7', user_agent: 'Mozilla/5.0' };
export const RADAR = { signals_id: 'signals_1', radar_auth_attempt_id: 'radar_1' };
export const VERIFIER = 'a'.repeat(43);

/** Why an argument of a write is no credential. */
export const PLAIN = {
  describes: 'says what somebody is called, which no sign-in looks at',
  aboutTheRequest: 'is noted beside the sign-in, and vouches for nobody',
  metadata: 'is the app’s own; JWT templates can make claims of it, which README warns about',
  organization: 'names the organization',
} as const;

/** Why an argument of the official file is left out. */
export const deprecated = (other: string) => `deprecated: ${other} takes its place.`;

export const PAIR_OF_NULL = "The guide on metadata removes one pair by a key's null; the file types values as strings.";

/** Why a route stands on the ledger of both official files. */
export const NEWEST_ROUTE =
  'Newer than both files: the shapes are those of WorkOS’s Node SDK 11.0.0 and of its emulator.';
