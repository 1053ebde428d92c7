import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { HTTP_LIMITS } from '../src/serve/http/serve-http.ts';
import { MAIN } from './support/built.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, 'deploy', path), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'wmcp-kubernetes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const objects = parseAllDocuments(read('kubernetes/server.yaml')).map((document) => document.toJS());
// The compiler holds them against these types below.
const [deployment, budget, service] = objects as [Deployment, PodDisruptionBudget, Service];
const kustomization = parse(read('kubernetes/kustomization.yaml'));
const pod = deployment.spec?.template.spec;
const [server] = pod?.containers ?? [];

const SECRETS: Readonly<Record<string, string>> = {
  'workos-staging': 'sk_test_of_no_account_1',
  'workos-production': 'sk_live_of_no_account_1',
  'deployment-key': randomBytes(32).toString('base64'),
  'redis-url': 'rediss://:password@redis.example.com:6379',
};

beforeAll(() => {
  mkdirSync(join(folder, 'secrets'));
  for (const name of ['kustomization.yaml', 'server.yaml'])
    copyFileSync(join(root, 'deploy/kubernetes', name), join(folder, name));
  copyFileSync(join(root, 'deploy/workos-mcp.yaml'), join(folder, 'workos-mcp.yaml'));
  for (const [name, text] of Object.entries(SECRETS))
    writeFileSync(join(folder, 'secrets', name), `${text}\n`, { mode: 0o600 });
});

const types = ['apps/v1', 'core/v1', 'policy/v1'].map((path) => join(root, 'node_modules/kubernetes-types', path));

/** What the compiler says of objects that are held against the official types, unknown members included. */
function faultsOf(all: readonly { readonly kind: string }[]): string {
  const imports = ['Deployment', 'Service', 'PodDisruptionBudget'].map(
    (name, index) => `import type { ${name} } from '${types[[0, 1, 2][index] ?? 0]}.js';`,
  );
  const values = all.map((object, index) => `export const o${index}: ${object.kind} = ${JSON.stringify(object)};`);
  const file = join(folder, 'objects.ts');
  writeFileSync(file, [...imports, ...values].join('\n'));
  const args = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--types', '', file];
  return spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args], { encoding: 'utf8' })
    .stdout;
}

describe('the objects of deploy/kubernetes', () => {
  it('have the form that Kubernetes says', () => {
    expect(faultsOf(objects)).toBe('');
    expect(faultsOf([{ ...budget, kind: 'PodDisruptionBudget', spec: { minAvailabel: 1 } } as never])).toContain(
      'minAvailabel',
    );
  });

  it('are two replicas, of which one is always there', () => {
    expect(deployment.spec?.replicas).toBe(2);
    expect(server?.args?.join(' ')).toContain('--replicas 2');
    expect(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable).toBe(0);
    expect(budget.spec?.minAvailable).toBe(1);
  });

  it('name each other', () => {
    const labels = deployment.spec?.template.metadata?.labels;
    expect(labels).toBeDefined();
    expect([deployment.spec?.selector.matchLabels, budget.spec?.selector?.matchLabels, service.spec?.selector]).toEqual(
      [labels, labels, labels],
    );
    const ports = server?.ports?.map(({ name }) => name);
    const probes = [server?.startupProbe, server?.readinessProbe, server?.livenessProbe];
    expect([service.spec?.ports?.[0]?.targetPort, ...probes.map((probe) => probe?.httpGet?.port)]).toEqual(
      Array(4).fill(ports?.[0]),
    );
    expect(server?.volumeMounts?.map(({ name }) => name)).toEqual(pod?.volumes?.map(({ name }) => name));
    expect(kustomization.images[0].name).toBe(server?.image);
  });

  it('run the image of this version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const text = read('kubernetes/kustomization.yaml').replace(/(?<=^ +newTag: ).*$/m, version);
    await expect(text).toMatchFileSnapshot(join(root, 'deploy/kubernetes/kustomization.yaml'));
  });

  it('ask under a Host that the server knows whether it is alive', () => {
    for (const probe of [server?.startupProbe, server?.readinessProbe, server?.livenessProbe]) {
      expect(probe?.httpGet).toMatchObject({ path: '/healthz', httpHeaders: [{ name: 'Host', value: 'localhost' }] });
    }
  });

  it('leave requests the time that the server gives them', () => {
    const sleep = server?.lifecycle?.preStop?.sleep?.seconds ?? 0;
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(sleep + HTTP_LIMITS.drainMs / 1_000);
  });

  it('hold the container to what the restricted standard of Kubernetes asks, and more', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(server?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(server?.resources?.limits).toHaveProperty('memory');
  });

  it('start a server that check accepts, with the files of the ConfigMap and the Secret', () => {
    const mounts: Readonly<Record<string, string>> = {
      '/etc/workos-mcp': folder,
      '/run/secrets': join(folder, 'secrets'),
    };
    expect(server?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(Object.keys(mounts));
    expect(kustomization.secretGenerator[0].files).toEqual(Object.keys(SECRETS).map((name) => `secrets/${name}`));
    expect(kustomization.configMapGenerator[0].files).toEqual(['workos-mcp.yaml']);
    const toLocal = (text = '') =>
      Object.entries(mounts).reduce((path, [inside, outside]) => path.replaceAll(inside, outside), text);
    const settings = join(folder, 'workos-mcp.yaml');
    writeFileSync(settings, toLocal(read('workos-mcp.yaml')));
    const env = Object.fromEntries(server?.env?.map(({ name, value }) => [name, toLocal(value)]) ?? []);
    const args = ['check', ...(server?.args?.map(toLocal) ?? [])];
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      env: { ...env, WORKOS_MCP_HOST: '0.0.0.0' },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^support-bot +production /m);
    expect(stdout).not.toContain('warning');
  });

  const hasKubectl = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' }).status === 0;
  it.skipIf(!hasKubectl)('are put together by kubectl, under names that change with the configuration', () => {
    const build = () => {
      const { stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
      expect(stderr).toBe('');
      return parseAllDocuments(stdout).map((document) => document.toJS());
    };
    const nameOf = (all: readonly ReturnType<typeof parse>[], kind: string) =>
      all.find((one) => one.kind === kind).metadata.name;
    const before = build();
    const volumes = before.find(({ kind }) => kind === 'Deployment').spec.template.spec.volumes;
    expect([volumes[0].configMap.name, volumes[1].secret.secretName]).toEqual([
      nameOf(before, 'ConfigMap'),
      nameOf(before, 'Secret'),
    ]);
    writeFileSync(join(folder, 'workos-mcp.yaml'), `${read('workos-mcp.yaml')}# changed\n`);
    expect(nameOf(build(), 'ConfigMap')).not.toBe(nameOf(before, 'ConfigMap'));
  });
});
