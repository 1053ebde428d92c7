import { approverWarnings } from '../agents/check-approvers.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { warnings } from '../settings/warnings.ts';
import type { Loaded } from './host.ts';
import { httpWarnings } from './http-secrets.ts';
import { type Connections, type Labels, labelsOf, toApproverSetting } from './http-settings.ts';

/**
 * What a start over HTTP warns of, a sentence each.
 * @param now milliseconds since 1970
 */
export const startWarnings = (loaded: Loaded, connections: Connections, catalog: Catalog, now: number) => [
  ...httpWarnings(loaded.config.http),
  ...agentWarnings(loaded, labelsOf(connections), catalog, now),
];

/**
 * What the file allows, but seldom means.
 * @param now milliseconds since 1970
 */
export function agentWarnings({ config, agents }: Loaded, labels: Labels, catalog: Catalog, now: number) {
  const setting = toApproverSetting(config, (name) => labels.get(name) ?? 'production');
  return [...warnings(agents, now), ...approverWarnings(catalog, agents, setting)];
}
