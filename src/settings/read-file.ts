/** What reads a settings file: most clients start a server over stdio without one. */
export { toAgents } from './agents-config.ts';
export { readSettingsFile, toGiven } from './settings-file.ts';
