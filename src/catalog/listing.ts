import type { Tool } from './tool.ts';

/** What a listing keeps of a tool as it is. */
export const KEPT = [
  'name',
  'title',
  'description',
  'annotations',
  'form',
  'area',
  'access',
  'method',
  'allLimits',
  'confirmable',
  'needsCredentials',
  'handlesCredentials',
  'needsClientId',
] as const satisfies readonly (keyof Tool)[];

/** A tool as far as grants decide on it and clients list it. */
export type Listing = Pick<Tool, (typeof KEPT)[number] | 'jsonSchema' | 'outputJsonSchema'> & {
  readonly restricted?: Listing;
  readonly confirmed?: Listing;
};
