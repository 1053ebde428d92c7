import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY_URL = /^git\+(https:\/\/github\.com\/([\w-]+)\/[\w.-]+)\.git$/;

/** The addresses that follow from `repository` in package.json, which alone is written by hand. */
export function readAddresses() {
  const path = join(import.meta.dirname, '..', '..', 'package.json');
  const { repository, mcpName } = JSON.parse(readFileSync(path, 'utf8'));
  const [, url, owner] = REPOSITORY_URL.exec(repository?.url) ?? [];
  if (url === undefined)
    throw new Error('package.json: repository.url has to be git+https://github.com/OWNER/NAME.git');
  return {
    url,
    homepage: `${url}#readme`,
    issues: `${url}/issues`,
    documentation: `${url}/blob/HEAD/docs/README.md`,
    // The MCP Registry lets the owner of a repository publish under this name, in the case that GitHub has it.
    mcpName: `${mcpName}`.replace(/^[^/]+/, `io.github.${owner}`),
  };
}
