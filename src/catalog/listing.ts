import type { Tool } from './tool.ts';

/** The members that a listing has unchanged from its tool. */
export const KEPT = [
  'name',
  'title',
  'description',
  'annotations',
  'form',
  'area',
  'access',
  'method',
  'changes',
  'allLimits',
  'confirmable',
  'needsCredentials',
  'handlesCredentials',
  'needsClientId',
  'guarded',
  'usesCredentials',
  'looksFirst',
  'listed',
  'needsOneOf',
] as const satisfies readonly (keyof Tool)[];

/** The part of a tool that grants decide on and clients list. */
export type Listing = Pick<Tool, (typeof KEPT)[number] | 'jsonSchema'> & {
  readonly restricted?: Listing;
  readonly confirmed?: Listing;
};
