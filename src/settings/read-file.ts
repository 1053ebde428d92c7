/** What reads a configuration file: most who are served over stdio have none. */
export { parseAgents } from './agents-config.ts';
export { parseConfigFile } from './config-file.ts';
