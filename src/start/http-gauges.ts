import type { Gauge } from '../serve/http/metrics.ts';

/** What the gauges read. Times are in milliseconds since 1970. */
export type GaugeSources = {
  readonly version: string;
  /** The digest of the settings that hold. */
  readonly settings: () => string;
  readonly load: () => { readonly inFlight: number; readonly waiting: number };
  readonly outsideWaits: () => number;
  /** `undefined` where there is no Redis. */
  readonly isRedisUp: (() => boolean) | undefined;
  readonly isRecordFailing: () => boolean;
  readonly reload: () => { readonly succeeded: boolean; readonly succeededAt: number };
  /** The issuers of the file, and whether the last fetch of their keys succeeded, if there was one. */
  readonly issuers: () => readonly { readonly name: string; readonly isUp: boolean | undefined }[];
  readonly certificateExpires: () => number | undefined;
};

/** The state of a server over HTTP, as metrics. */
export const toGauges = (from: GaugeSources): readonly Gauge[] => [
  {
    name: 'build_info',
    help: 'The version of the server; always 1.',
    labelNames: ['version'],
    read: () => [{ labels: { version: from.version }, value: 1 }],
  },
  {
    name: 'settings_info',
    help: 'The digest of the settings that hold, which check prints too; always 1.',
    labelNames: ['settings'],
    read: () => [{ labels: { settings: from.settings() }, value: 1 }],
  },
  {
    name: 'http_in_flight',
    help: 'HTTP requests that are being served.',
    read: () => [{ value: from.load().inFlight }],
  },
  {
    name: 'http_waiting',
    help: 'HTTP requests that wait in line.',
    read: () => [{ value: from.load().waiting }],
  },
  {
    name: 'outside_waits',
    help: 'Calls that wait for something outside, such as a person.',
    read: () => [{ value: from.outsideWaits() }],
  },
  {
    name: 'redis_up',
    help: 'Whether Redis can be reached. Absent without a Redis.',
    read: () => (from.isRedisUp === undefined ? [] : [{ value: Number(from.isRedisUp()) }]),
  },
  {
    name: 'record_stuck',
    help: 'Whether the last entry of the record could not be written.',
    read: () => [{ value: Number(from.isRecordFailing()) }],
  },
  {
    name: 'issuer_up',
    help: "Whether the last fetch of an issuer's keys succeeded. Absent before the first.",
    labelNames: ['issuer'],
    read: () =>
      from
        .issuers()
        .flatMap(({ name, isUp }) => (isUp === undefined ? [] : [{ labels: { issuer: name }, value: Number(isUp) }])),
  },
  {
    name: 'reload_succeeded',
    help: 'Whether the last reload of the configuration succeeded. 1 before the first.',
    read: () => [{ value: Number(from.reload().succeeded) }],
  },
  {
    name: 'reload_success_timestamp_seconds',
    help: 'When the last successful reload, or else the start, was.',
    read: () => [{ value: from.reload().succeededAt / 1_000 }],
  },
  {
    name: 'certificate_expiry_timestamp_seconds',
    help: 'When the TLS certificate expires. Absent without TLS.',
    read: () => {
      const expires = from.certificateExpires();
      return expires === undefined ? [] : [{ value: expires / 1_000 }];
    },
  },
];
