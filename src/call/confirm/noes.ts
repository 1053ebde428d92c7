/** What approvers' noes to one caller add up to, since the last lift. */
export type Noes = {
  /** When it was last lifted, in milliseconds since 1970; 0 if never. */
  readonly lifted: number;
  /** The time of each no, ascending. No two are equal. */
  readonly at: readonly number[];
  readonly isHeld: boolean;
};

/** Noes within NOES_MS after which an agent's waiting calls are held. */
export const MAX_NOES = 3;
export const NOES_MS = 60 * 60_000;

export const NO_NOES: Noes = { lifted: 0, at: [], isHeld: false };

/** Counts a no. @param today milliseconds since 1970 */
export function withNo({ lifted, at, isHeld }: Noes, today: number): Noes {
  const recent = at.filter((time) => time > today - NOES_MS);
  const times = [...recent, Math.max(today, (recent.at(-1) ?? 0) + 1)];
  return { lifted, at: times, isHeld: isHeld || times.length >= MAX_NOES };
}

/** Later than the lift before, so that it also ends what a replica with a faster clock held. */
export const withLift = ({ lifted, at }: Noes, today: number): Noes => ({
  lifted: Math.max(today, lifted + 1, at.at(-1) ?? 0),
  at: [],
  isHeld: false,
});

/** What two views of the same caller amount to: a later lift ends what came before it, and a hold stays until then. */
export function merge(one: Noes, other: Noes): Noes {
  if (one.lifted !== other.lifted) return one.lifted > other.lifted ? one : other;
  const at = [...new Set([...one.at, ...other.at])].sort((a, b) => a - b);
  return { lifted: one.lifted, at, isHeld: one.isHeld || other.isHeld };
}

/** Whether it has no effect any more, and nothing that is `ms` old or older can have one. */
export const isSpent = ({ lifted, at, isHeld }: Noes, today: number, ms = NOES_MS): boolean =>
  !isHeld && lifted <= today - ms && (at.at(-1) ?? 0) <= today - NOES_MS;
