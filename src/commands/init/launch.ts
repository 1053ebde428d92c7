/** This program as it runs now. */
export type Program = {
  /** The absolute path of Node. */
  readonly node: string;
  /** The absolute path of `dist/main.js`. */
  readonly main: string;
  readonly version: string;
};

/**
 * Whether npm has this package under the name in package.json. While it does not, no configuration may name it: the name
 * is free, and a client would run the code of anyone who takes it. server.json, the README and the workflow that
 * publishes follow this constant.
 */
export const IS_PUBLISHED: boolean = false;

/** Where npm puts a package, in a project as well as globally. */
const INSTALLED = /[\\/]node_modules[\\/]workos-mcp[\\/]dist[\\/]main\.js$/;

/**
 * The words that start this program on this computer: from npm, the same version by `npx`; else this copy under this Node,
 * both by absolute path. Clients start servers in folders of their own and often without the PATH of a shell, and not
 * every client expands `~` or `$HOME`.
 */
export function toLaunch({ node, main, version }: Program, isPublished = IS_PUBLISHED): readonly string[] {
  return isPublished && INSTALLED.test(main) ? ['npx', '-y', `workos-mcp@${version}`] : [node, main];
}
