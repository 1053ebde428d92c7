// Runs before anything else is loaded, to say that this Node is too old. So it is plain JavaScript that old Nodes can
// parse, and imports nothing. Scripts need it before anything is built.

/**
 * What to tell the operator where this Node is older than the range allows; `undefined` where it is not.
 * @param {string} version of Node, as in process.versions.node
 * @param {string} range the engines of package.json: `>=` and a version
 */
export function whyTooOld(version, range) {
  const wanted = range.replace('>=', '').split('.').map(Number);
  const actual = version.split('.').map(Number);
  const index = wanted.findIndex((part, position) => part !== actual[position]);
  if (index === -1 || Number(actual[index]) > Number(wanted[index])) return undefined;
  return `workos-mcp needs Node ${range.replace('>=', '')} or later, and this is Node ${version}: install a newer one from https://nodejs.org.`;
}
