import { describe, expect, it } from 'vitest';
import { openLinkToken, toLinkToken, toLinkUrl } from '../src/agents/console-link.ts';
import { deriveKey, seal } from '../src/keys.ts';

const deployment = Buffer.alloc(32, 7);
const key = deriveKey(deployment, 'console');
const NOW = 1_800_000_000_000;

describe('the token of a link to the console', () => {
  it('stands for its approver for two minutes', () => {
    const token = toLinkToken(key, 'ada', NOW);
    expect(openLinkToken(key, token, NOW)).toMatchObject({ name: 'ada', until: NOW + 120_000 });
    expect(openLinkToken(key, token, NOW + 119_999)).toMatchObject({ name: 'ada' });
    expect(openLinkToken(key, token, NOW + 120_000)).toBeUndefined();
  });

  it('has an ID of its own each time', () => {
    const ids = [1, 2].map(() => openLinkToken(key, toLinkToken(key, 'ada', NOW), NOW)?.id);
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toHaveLength(22);
  });

  it.each([
    ['of another deployment', () => toLinkToken(deriveKey(Buffer.alloc(32, 8), 'console'), 'ada', NOW)],
    ['of a key for another purpose', () => toLinkToken(deriveKey(deployment, 'sessions'), 'ada', NOW)],
    ['sealed for another use', () => seal(key, 'session', JSON.stringify({ name: 'ada', id: 'x', until: NOW + 1 }))],
    [
      'with another last character',
      () => toLinkToken(key, 'ada', NOW).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    ],
    ['that is empty', () => ''],
    ['that is not base64url', () => 'a token!'],
  ])('does not stand for anything where it is one %s', (_, token) => {
    expect(openLinkToken(key, token(), NOW)).toBeUndefined();
  });

  it('names nothing but itself in the address', () => {
    expect(toLinkUrl('https://console.example.com', 'abc_-')).toBe('https://console.example.com/link?token=abc_-');
  });
});
